/** Finds the event that is to be explained: by its id or index, or by a call's id. */
import { UUID } from '../../event/event.ts';
import type { SearchResult } from '../../trail/trail.ts';
import { refuse } from '../problem.ts';
import type { Client } from './client.ts';
import { eventId } from './resolve.ts';

/** Characters of an id that are enough to look for it. */
const LEAST_PREFIX = 4;
const MATCHES = 5;

/** Throws `event.not_found` where nothing, or more than one, is meant. */
export async function findExplained(client: Client, handle: string): Promise<string> {
  const text = handle.replace(/…$/, '');
  const id = await eventId(client, text);
  if (id !== text || UUID.test(id.toLowerCase())) return id;
  const quoted = `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
  const whole = await matching(client, `call_id:${quoted}`);
  if (whole.length === 1 && whole[0] !== undefined) return whole[0];
  if (text.length < LEAST_PREFIX) throw refuse('event.not_found', 'noEvent', { event: text });
  const begun = await matching(client, `(id:${quoted}* OR call_id:${quoted}*)`);
  const [first, second] = whole.length > 0 ? whole : begun;
  if (first === undefined) throw refuse('event.not_found', 'noEvent', { event: text });
  if (second !== undefined) {
    throw refuse('event.not_found', 'manyEvents', { event: text, ids: [first, second].join(', ') });
  }
  return first;
}

/** What was done, not what was decided about it: a decision has its call's id. */
async function matching(client: Client, query: string): Promise<readonly string[]> {
  const asked = { query: `${query} -type:decision -type:approval`, limit: MATCHES };
  const acts = await client.get<SearchResult>('/v1/events', asked);
  const found =
    acts.events.length > 0
      ? acts
      : await client.get<SearchResult>('/v1/events', { query, limit: MATCHES });
  return found.events.map(({ id }) => id);
}
