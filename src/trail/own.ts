/** The sessions in which Claw speaks of itself: openings, heartbeats, readings of the trail. */
import type { Draft } from '../event/event.ts';
import { Fault } from '../fault/fault.ts';

/** What the recorder says of itself, on its way to the front door. */
export type Own = Draft & { readonly tenant_id: string };

/** Openings, heartbeats and closings of a trail. */
export const OWN_SESSION = 'claw';

/** The session of what one reader read and one administrator changed. */
export function readerSession(name: string): string {
  return `${OWN_SESSION}:${name}`;
}

/** What Claw says of itself is left out of people's lists: no producer may hide among it. */
export function refuseOwnSession(session_id: string): void {
  if (!isOwnSession(session_id)) return;
  throw new Fault('event.reserved', 'session_id: the sessions claw and claw:… are Claw’s own.', {
    field: 'session_id',
    hint: 'Choose another session_id.',
  });
}

/** Whether a session is one of them: producers may not write there. */
export function isOwnSession(session_id: string): boolean {
  return session_id === OWN_SESSION || session_id.startsWith(`${OWN_SESSION}:`);
}
