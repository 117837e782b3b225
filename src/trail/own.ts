/** The sessions in which Claw speaks of itself: openings, heartbeats, readings of the trail. */

/** Openings, heartbeats and closings of a trail. */
export const OWN_SESSION = 'claw';

/** The session of what one reader read and one administrator changed. */
export function readerSession(name: string): string {
  return `${OWN_SESSION}:${name}`;
}

/** Whether a session is one of them: producers may not write there. */
export function isOwnSession(session_id: string): boolean {
  return session_id === OWN_SESSION || session_id.startsWith(`${OWN_SESSION}:`);
}
