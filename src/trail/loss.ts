/** Losses that nobody can lay to a session: each session of that time may be short of records. */
import { isObject } from '../event/name.ts';
import { OWN_SESSION } from './own.ts';
import type { Row, Trail } from './trail.ts';

export type LossQuestion = {
  readonly tenant: string;
  /** The session's first and last event, Unix milliseconds. */
  readonly first_ms: number;
  readonly last_ms: number;
  readonly runtimes: readonly string[];
  readonly signal?: AbortSignal | undefined;
};

/** Where producers put a gap that they can lay to no session; a plugin's is `<runtime>:plugin`. */
const SESSIONLESS = [
  ...['clawctl hook', 'claw-sdk', 'claude-agent-sdk', 'claw-model-proxy', OWN_SESSION],
];
/** What is lost may have happened a while before it was given up. */
const SLACK_MS = 60_000;
/** A gap tells of a time that may be as long as this before and after its own. */
const REACH_MS = 86_400_000;
/** Gaps that are looked at: with more, no session of that time is beyond doubt. */
const GAPS = 500;

/** Whether records were lost while the session went on that may have been of it. */
export async function isLossy(
  { search }: Pick<Trail, 'search'>,
  { tenant, first_ms, last_ms, runtimes, signal }: LossQuestion,
): Promise<boolean> {
  const places = [...SESSIONLESS, ...runtimes.map((runtime) => `${runtime}:plugin`)];
  const query = `type:gap session_id:(${places.map(quoted).join(' OR ')})`;
  const from = new Date(Math.max(0, first_ms - REACH_MS)).toISOString();
  const to = new Date(Math.min(last_ms + REACH_MS, LAST_MS)).toISOString();
  let left = GAPS;
  let cursor: string | undefined;
  do {
    const page = await search({
      ...{ tenant, query, from, to, limit: left },
      ...(cursor === undefined ? {} : { cursor }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (page.events.some((gap) => concerns(gap, { first_ms, last_ms, runtimes }))) return true;
    left -= page.events.length;
    cursor = page.cursor;
  } while (cursor !== undefined && left > 0);
  return cursor !== undefined;
}

/** 9999-12-31T23:59:59.999Z: the last moment that RFC 3339 can write. */
const LAST_MS = 253_402_300_799_999;

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}

type Span = Pick<LossQuestion, 'first_ms' | 'last_ms' | 'runtimes'>;

/** What coverage itself recorded is no loss; what another runtime lost is none of this one's. */
function concerns({ time, agent, attributes }: Row, { first_ms, last_ms, runtimes }: Span) {
  if (attributes?.['coverage'] !== undefined) return false;
  const runtime = agent?.runtime;
  if (runtime !== undefined && runtimes.length > 0 && !runtimes.includes(runtime)) return false;
  const times = [Date.parse(time), ...momentsIn(attributes)];
  const [from, to] = [Math.min(...times), Math.max(...times)];
  return from <= last_ms + SLACK_MS && to >= first_ms - SLACK_MS;
}

/** As plugins (`from_ms`, `to_ms`), SDKs (`from`, `to`) and hooks (`last_at`) tell them. */
function momentsIn(attributes: unknown): number[] {
  if (!isObject(attributes)) return [];
  return ['from_ms', 'to_ms', 'from', 'to', 'last_at'].flatMap((key) => {
    const value = attributes[key];
    const at = typeof value === 'string' ? Date.parse(value) : value;
    return typeof at === 'number' && Number.isFinite(at) ? [at] : [];
  });
}
