/** Decides who may call what: tokens, roles, tenants, and names of the server itself. */

import type { IncomingMessage } from 'node:http';
import { Fault } from '../fault/fault.ts';
import { ANY_TENANT, type Credential } from '../trail/credential.ts';
import type { Access, RawCall } from './call.ts';
import type { Face } from './face.ts';
import { isLoopback } from './loopback.ts';
import type { Refusal } from './notebook.ts';

type Asked = { readonly access: Access; readonly path: string };

/** Who calls. Throws `request.unauthorised` and `request.forbidden`; both are recorded. */
export function admit(face: Face, route: Asked, request: IncomingMessage): Credential | undefined {
  if (isOpen(face, route.access)) return undefined;
  const refuse = refuser(face, route.path, request);
  const token = /^Bearer +([\x21-\x7e]{1,200})$/i.exec(request.headers.authorization ?? '')?.[1];
  const who = token === undefined ? undefined : face.credentials.authenticate(token);
  if (!who) {
    refuse(token === undefined ? 'no_token' : 'unknown_token');
    const message = token === undefined ? 'A token is required.' : 'The token is not known.';
    throw new Fault('request.unauthorised', message, {
      field: 'authorization',
      hint: 'Send the header Authorization: Bearer claw_…; clawctl token create makes one.',
    });
  }
  demand({ face, who, request }, route);
  return who;
}

type Caller = Pick<RawCall, 'face' | 'who' | 'request'>;

/** Throws `request.forbidden`, which is recorded, where the caller's role may not do it. */
export function demand({ face, who, request }: Caller, { access, path }: Asked): void {
  if (!who || may(who, access)) return;
  refuser(face, path, request)('role', who);
  throw new Fault(
    'request.forbidden',
    `This needs ${roleFor(access)}; the token is a ${who.role}'s.`,
    {
      field: 'role',
    },
  );
}

/** Records a refusal of this request. */
export function refuser(face: Face, route: string, request: IncomingMessage) {
  return (reason: Refusal['reason'], who?: Credential) => {
    const tenant = who && who.tenant !== ANY_TENANT ? { tenant: who.tenant } : {};
    const address = request.socket.remoteAddress ?? 'unknown';
    face.notebook.refused({ reason, route, address, ...(who && { user: who.name }), ...tenant });
  };
}

function isOpen(face: Face, access: Access): boolean {
  if (access === 'ledger') return face.ledgerPublic;
  return access === 'open' || (access === 'operator' && face.loopback);
}

/** Whether a credential's role may do it. */
export function may(who: Credential, access: Access): boolean {
  if (access === 'operator') return isOperator(who);
  if (who.role === 'admin' || access === 'member') return true;
  const needed = access === 'ledger' ? 'viewer' : access;
  return who.role === needed || (who.role === 'approver' && needed === 'viewer');
}

function roleFor(access: Access): string {
  if (access === 'operator') return 'an admin of every tenant';
  return access === 'admin'
    ? 'the role admin'
    : `the role ${access === 'recorder' || access === 'approver' ? access : 'viewer'}`;
}

export function isOperator(who: Credential): boolean {
  return who.role === 'admin' && who.tenant === ANY_TENANT;
}

/** The tenant that a call is about. Throws `request.forbidden` for another than the token's. */
export function tenantFor({ face, who, refuse }: RawCall, named: string | undefined): string {
  if (!who || who.tenant === ANY_TENANT) return named ?? face.defaultTenant;
  if (named === undefined || named === who.tenant) return who.tenant;
  refuse('tenant');
  throw new Fault('request.forbidden', "The tenant is not this token's.", {
    field: 'tenant',
    hint: 'Leave tenant out, or use a token of that tenant.',
  });
}

/**
 * Against DNS rebinding: a browser that was lured to call loopback by another name is refused.
 * Throws `request.invalid` without a Host header, `request.forbidden` for a foreign one.
 */
export function checkHost(header: string | undefined, allowed: readonly string[]): void {
  const name = header === undefined ? '' : hostname(header);
  if (name === '') {
    throw new Fault('request.invalid', 'The Host header is missing.', { field: 'host' });
  }
  if (isLoopback(name) || name.endsWith('.localhost') || allowed.includes(name)) return;
  throw new Fault('request.forbidden', 'The Host header does not name this server.', {
    field: 'host',
    hint: 'Call it as localhost, or allow the name in its configuration.',
  });
}

function hostname(header: string): string {
  return (/^(\[[0-9a-f:.]+\]|[^:]*)(?::\d+)?$/i.exec(header)?.[1] ?? '').toLowerCase();
}
