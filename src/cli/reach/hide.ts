/** Keeps what the trail writes about itself out of lists, unless it is asked for. */
import { Fault } from '../../fault/fault.ts';
import type { Client } from './client.ts';

/**
 * Reads of the trail (law 6) and heartbeats outnumber what agents do. The front door keeps these
 * sessions for Claw itself, so that no agent can hide behind them.
 */
const NOISE = {
  events: '-(type:access session_id:claw:*) -(session_id:claw tool:trail.heartbeat)',
  sessions: '-session_id:claw:* -session_id:claw',
} as const;

export type Wanted = { readonly query: string; readonly hidden: boolean };

/** The query without the noise; as it is where it names `type:`, or where all is wanted. */
export function withoutNoise(query: string, scope: 'all' | keyof typeof NOISE): Wanted {
  const outsideQuotes = query.replace(/"(?:[^"\\]|\\.)*"?/g, '""');
  const asked = scope === 'all' || /(?:^|[\s(-])type:/i.test(outsideQuotes);
  if (asked || closesTooMuch(outsideQuotes)) return { query, hidden: false };
  if (query.trim() === '') return { query: NOISE[scope], hidden: true };
  return { query: `(${query}) ${NOISE[scope]}`, hidden: true };
}

/**
 * Runs a request with the noise left out. An error in the query is asked for again with the
 * reader's own text, so that the column it names is the reader's.
 */
export async function askHidden<T>(
  client: Client,
  wanted: { readonly original: string; readonly hidden: boolean },
  request: () => Promise<T>,
): Promise<T> {
  try {
    return await request();
  } catch (error) {
    if (wanted.hidden && error instanceof Fault && error.code === 'query.invalid') {
      await client.get('/v1/count', { query: wanted.original });
    }
    throw error;
  }
}

/** `a) OR (b` would become right between brackets of ours; as it is, the server complains. */
function closesTooMuch(text: string): boolean {
  let open = 0;
  for (const char of text) {
    if (char === '(') open++;
    else if (char === ')' && --open < 0) return true;
  }
  return false;
}
