/** Reads sessions for their coverage: which witness saw what, and what nobody saw. */
import { isPart } from '../event/part.ts';
import { openCoverage, type SessionCoverage } from '../search/coverage.ts';
import { isLossy } from './loss.ts';
import type { ReadTo, SessionSummary, TimelineResult, Trail } from './trail.ts';

export type CoverageOptions = Pick<Trail, 'timeline' | 'sessions' | 'search'> & {
  /** A session that stops in the middle for longer is silent, in milliseconds. */
  readonly silent_ms: number;
  /** Unix milliseconds. */
  readonly now: () => number;
};

export type Coverages = Pick<Trail, 'coverage' | 'coverages'>;

/** Rows of a session that are read: of a longer one nothing certain is said. */
const ROWS = 20_000;
const PAGE = 1000;
/** Sessions of one page: each is read whole. */
const SESSIONS = 100;

export function openCoverages(options: CoverageOptions): Coverages {
  return {
    coverage: (request) => coverage(options, request),
    coverages: async ({ limit = 20, ...request }) => {
      const page = await options.sessions({ ...request, limit: Math.min(limit, SESSIONS) });
      const { cursor, read_to } = page;
      const sessions: SessionCoverage[] = [];
      // A sub-agent's calls are judged with those of the session that started it.
      for (const { session_id } of page.sessions.filter((one) => !isPart(one))) {
        request.signal?.throwIfAborted();
        const signal = request.signal === undefined ? {} : { signal: request.signal };
        const one = await coverage(options, { tenant: request.tenant, session_id, ...signal });
        const { read_to: _, ...covered } = one;
        sessions.push(covered);
      }
      return { sessions, ...(cursor === undefined ? {} : { cursor }), read_to };
    },
  };
}

type Request = Parameters<Trail['coverage']>[0];

async function coverage(options: CoverageOptions, request: Request) {
  const fold = openCoverage();
  let cursor: string | undefined;
  let rows = 0;
  let page: TimelineResult;
  do {
    const from = cursor === undefined ? {} : { cursor };
    page = await options.timeline({ ...request, ...from, limit: PAGE });
    for (const row of page.events) fold.add(row);
    rows += page.events.length;
    cursor = page.cursor;
    request.signal?.throwIfAborted();
  } while (cursor !== undefined && rows < ROWS);
  const { first_ms, last_ms } = page.session;
  const { tenant, signal } = request;
  const about = { tenant, first_ms, last_ms, runtimes: fold.runtimes(), signal };
  const lost = await isLossy(options, about);
  const context = contextOf(options, page, { partial: cursor !== undefined, lost });
  return { ...fold.report(context), read_to: page.read_to };
}

type Last = { readonly session: SessionSummary; readonly read_to: ReadTo };

type Doubts = { readonly partial: boolean; readonly lost: boolean };

function contextOf({ silent_ms, now }: CoverageOptions, last: Last, doubts: Doubts) {
  const { session_id, ended } = last.session;
  const { complete } = last.read_to;
  return { session_id, ended, now_ms: now(), silent_ms, complete, ...doubts };
}
