/** Lists, makes and revokes tokens; each change is recorded, or not made. */
import { z } from 'zod';
import { check } from '../../event/check.ts';
import { Fault } from '../../fault/fault.ts';
import {
  ANY_TENANT,
  type Credential,
  type NewCredential,
  newCredentialSchema,
} from '../../trail/credential.ts';
import type { Note } from '../../trail/trail.ts';
import { newTokenSchema, revokedSchema, tokensSchema } from '../answer.ts';
import type { RawCall } from '../call.ts';
import { isOperator } from '../guard.ts';
import { jsonBody } from '../json-body.ts';
import * as parameter from '../parameter.ts';
import { noteReading } from '../reading.ts';
import { type Call, NOTHING, route } from '../route.ts';

/** Bytes of a request for a token. */
const BODY_BYTES = 64 * 1024;
const JSON_ONLY = ['application/json'];

const list = route({
  method: 'GET',
  path: '/v1/tokens',
  access: 'admin',
  summary:
    'The tokens of the tenant, or of all tenants for an operator; never the tokens themselves.',
  faults: [],
  query: z.strictObject(parameter.tenant),
  params: NOTHING,
  answer: { types: JSON_ONLY, schema: tokensSchema },
  handle: async (call) => {
    const { face, query } = call;
    const mine = face.credentials.list().filter((credential) => mayManage(call, credential));
    const tokens = mine.filter((credential) => !query.tenant || credential.tenant === query.tenant);
    noteReading(call, { tool: 'token.list', arguments: query, result: { tokens: tokens.length } });
    return { kind: 'json', body: { tokens } };
  },
});

const create = route({
  method: 'POST',
  path: '/v1/tokens',
  access: 'admin',
  summary: 'Makes a token, which this answer alone shows.',
  faults: ['batch.invalid', 'request.unsupported'],
  body: { types: JSON_ONLY, schema: newCredentialSchema },
  query: z.strictObject(parameter.tenant),
  params: NOTHING,
  answer: { types: JSON_ONLY, schema: newTokenSchema },
  handle: async (call) => {
    const { face } = call;
    const asked = check(newCredentialSchema, await jsonBody(call, BODY_BYTES));
    const tenant = asked.tenant ?? call.tenant;
    if (!mayManage(call, { tenant })) throw foreign();
    const { token, credential } = await face.credentials.create({ ...asked, tenant });
    try {
      await face.trail.note(noteOf(call, 'token.create', credential));
    } catch (error) {
      await face.credentials.revoke(credential.id);
      throw error;
    }
    return { kind: 'json', body: { token, ...credential } };
  },
});

const revoke = route({
  method: 'DELETE',
  path: '/v1/tokens/:id',
  access: 'admin',
  summary: 'Revokes a token: it stops working at once.',
  faults: ['token.not_found', 'token.last_admin'],
  query: z.strictObject(parameter.tenant),
  params: parameter.eventId,
  answer: { types: JSON_ONLY, schema: revokedSchema },
  handle: async (call) => {
    const { credentials, trail } = call.face;
    const credential = credentials.list().find(({ id }) => id === call.params.id);
    if (!credential || !mayManage(call, credential)) {
      throw new Fault('token.not_found', 'There is no token with this id.', { field: 'id' });
    }
    const revoked = await credentials.revoke(credential.id);
    await trail.note(noteOf(call, 'token.revoke', credential));
    return { kind: 'json', body: { revoked } };
  },
});

function mayManage({ who }: RawCall, { tenant }: Pick<Credential, 'tenant'>): boolean {
  return who !== undefined && (isOperator(who) || who.tenant === tenant);
}

function foreign(): Fault {
  return new Fault('request.forbidden', "The tenant is not this token's.", { field: 'tenant' });
}

function noteOf(
  call: Call<unknown, unknown>,
  tool: string,
  made: Pick<Credential, 'id'> & NewCredential,
): Note {
  const { id, name, role, tenant = call.tenant } = made;
  return {
    type: 'admin',
    tenant: tenant === ANY_TENANT ? call.face.defaultTenant : tenant,
    user: call.who?.name ?? 'unknown',
    tool,
    arguments: { id, name, role, tenant },
  };
}

export const tokenRoutes = [list, create, revoke];
