/** A sub-agent's session as a part of the one that started it: where several witnesses meet. */
import type { Event } from './event.ts';

/** Between the whole session's id and the sub-agent's own, as in `S:agent-7`. */
export const PART_MARK = ':';

/** Whose session it is: what a draft or an event says of itself. */
export type Sited = Pick<Event, 'session_id'> & {
  readonly parent_session_id?: string | undefined;
};

/**
 * The session of the main thread. A runtime's hooks tell a sub-agent's calls apart, its telemetry
 * and its traffic with the model do not: only in the whole session do their facts meet. A session
 * is a part where it names its parent and its id begins with the parent's.
 */
export function wholeOf({ session_id, parent_session_id }: Sited): string {
  return isPart({ session_id, parent_session_id }) ? (parent_session_id ?? '') : session_id;
}

/** Whether the session is a part of the one that it names as its parent. */
export function isPart({ session_id, parent_session_id }: Sited): boolean {
  return (
    parent_session_id !== undefined && session_id.startsWith(`${parent_session_id}${PART_MARK}`)
  );
}
