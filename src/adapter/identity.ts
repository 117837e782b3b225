/**
 * Event ids that come out the same when the same record is delivered again.
 *
 * A record may come twice: from a replayed spool, or because its hook is installed for the user
 * and for the project. The trail records an id once, so the id is made from the record itself.
 * Facts of a tool call carry the model's own id of the call, which never repeats. All others
 * (the same notification twice, the same prompt twice in one turn) may rightly repeat word for
 * word: for them the moment of capture is part of the id. The spool keeps that moment, so a
 * replay has the same id; two captures have two.
 */
import { createHash } from 'node:crypto';
import { uuidOfHash } from '../event/id.ts';

export type Identity = {
  /** Which adapter, and which version of its way to make ids: `claude-code/id/v1`. */
  readonly scheme: string;
  readonly session_id: string;
  /** What kind of record: a hook's name, a telemetry event's name. */
  readonly hook: string;
  /** The call's id, for facts of a tool call. */
  readonly key: string | undefined;
  readonly part: string | undefined;
  readonly nonce: string;
  /** JSON text of what was reported. */
  readonly text: string;
};

/** A UUIDv8 of the SHA-256 of what identifies the fact. */
export function eventId({ scheme, session_id, hook, key, part, nonce, text }: Identity): string {
  const hash = createHash('sha256').update(`claw/${scheme}\n`);
  hash.update(JSON.stringify([session_id, hook, key ?? null, part ?? null, key ? null : nonce]));
  return uuidOfHash(hash.update(text).digest());
}
