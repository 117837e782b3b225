/** Who calls, as governance knows them, and how long their call may wait. */
import { Fault } from '../fault/fault.ts';
import type { Credential } from '../trail/credential.ts';
import type { Actor } from '../trail/govern/govern.ts';
import type { RawCall } from './call.ts';

/** The caller of a route that nobody may call without a token. */
export function actorOf({ who, tenant }: { who: Credential | undefined; tenant: string }): Actor {
  if (!who) throw new Fault('request.unauthorised', 'A token is required.', { field: 'token' });
  const { id, name, agent, user, environment } = who;
  return {
    tenant,
    credential_id: id,
    name,
    producer: {
      tenant_id: tenant,
      ...(agent && { agent }),
      ...(user && { user }),
      ...(environment === undefined ? {} : { environment }),
    },
  };
}

/** Longer than any wait that a call may ask for, in milliseconds. */
const HOLD_MS = 660_000;

/**
 * Nothing moves on a socket whose caller waits for a person: that is no reason to close it. The
 * signal ends the wait when the caller goes away, or the server: asked again, it goes on.
 */
export function hold(
  { face, request, signal }: Pick<RawCall, 'face' | 'request' | 'signal'>,
  wait_s: unknown,
): AbortSignal {
  if (typeof wait_s !== 'number' || !(wait_s > 0)) return signal;
  request.socket.setTimeout(HOLD_MS);
  return AbortSignal.any([signal, face.closing]);
}
