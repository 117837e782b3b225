/** Finds what is meant by a short handle: an index for an event, a beginning for a session. */
import { Fault } from '../../fault/fault.ts';
import type {
  CoverageResult,
  Opening,
  Row,
  SessionsResult,
  TimelineResult,
} from '../../trail/trail.ts';
import { refuse } from '../problem.ts';
import type { Client } from './client.ts';

/** Characters of a session's id that are enough to look for it. */
const LEAST_PREFIX = 4;
/** Sessions that are looked at when only the start of an id is given. */
const MATCHES = 20;

/** The row of an event's id, or of its index in the tenant's tree. */
export async function findEvent(client: Client, handle: string): Promise<Row> {
  return client.get<Row>(`/v1/events/${encodeURIComponent(await eventId(client, handle))}`);
}

/** The id of an event's id or index. */
export async function eventId(client: Client, handle: string): Promise<string> {
  const text = handle.replace(/^#/, '');
  if (!/^\d{1,15}$/.test(text)) return handle;
  const index = Number(text);
  const { openings } = await client.get<{ openings: readonly Opening[] }>('/v1/openings', {
    from: index,
    count: 1,
  });
  const [opening] = openings;
  if (opening === undefined) throw refuse('event.not_found', 'noIndex', { index });
  if ('problem' in opening) {
    const code = opening.problem === 'erased' ? 'event.erased' : 'ledger.damaged';
    throw refuse(code, 'erasedIndex', { index, problem: opening.problem });
  }
  return (JSON.parse(opening.event) as { id: string }).id;
}

/** A page of a session's timeline; the session may be named by the start of its id. */
export async function findTimeline(
  client: Client,
  session: string,
  page: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<TimelineResult> {
  return ofSession(client, session, (path) => client.get(`${path}/timeline`, page));
}

/** A session's coverage; the session may be named by the start of its id. */
export function findCoverage(client: Client, session: string): Promise<CoverageResult> {
  return ofSession(client, session, (path) => client.get(`${path}/coverage`, {}));
}

async function ofSession<T>(
  client: Client,
  session: string,
  ask: (path: string) => Promise<T>,
): Promise<T> {
  const path = (id: string) => `/v1/sessions/${encodeURIComponent(id)}`;
  try {
    return await ask(path(session));
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'session.not_found') throw error;
    return ask(path(await complete(client, session)));
  }
}

async function complete(client: Client, session: string): Promise<string> {
  const start = session.replace(/…$/, '');
  if (start.length < LEAST_PREFIX) throw refuse('session.not_found', 'noSession', { session });
  const quoted = start.replaceAll(/["\\]/g, '\\$&');
  const { sessions } = await client.get<SessionsResult>('/v1/sessions', {
    query: `session_id:"${quoted}"*`,
    limit: MATCHES,
  });
  const roots = sessions.filter(({ parent_session_id: parent }) => parent === undefined);
  // Sub-agents' sessions often begin as the one that started them, and are told with it.
  const [first, second] = roots.length > 0 ? roots : sessions;
  if (first === undefined) throw refuse('session.not_found', 'noSession', { session });
  if (second !== undefined) {
    const ids = sessions.map(({ session_id }) => session_id).join(', ');
    throw refuse('session.not_found', 'manySessions', { session, ids });
  }
  return first.session_id;
}
