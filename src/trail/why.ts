/** Gathers what an explanation is made from: the rows around an event, and the policies of then. */
import { Fault } from '../fault/fault.ts';
import { compile } from '../policy/cedar.ts';
import type { LeftOut, PolicyText, Scene, WhyRow } from '../search/why/scene.ts';
import { explainEvent } from '../search/why.ts';
import { isZone, wallClock } from '../search/zone.ts';
import type { PolicyVersion } from './govern/govern.ts';
import { isOwnSession } from './own.ts';
import { PAGE_MOST } from './request.ts';
import type { ReadTo, Row, SearchResult, Trail, WhyRequest, WhyResult } from './trail.ts';

export type WhyOptions = Pick<Trail, 'search' | 'count' | 'event'> & {
  readonly govern: Pick<Trail['govern'], 'policies' | 'policyVersion'>;
};

/** Rows that are read before and after the event, nearest first, and pages of 2 MiB of each. */
const BEFORE = 10_000;
const AFTER = 2000;
const PAGES = 24;
/** Prompts that are read where the session is longer than that. */
const PROMPTS = 500;
/** Parents of sub-agents that are read. */
const PARENTS = 4;
/** Rows whose values were moved out and are read whole. */
const WHOLE = 16;
/** Steps of a task that are read where they are of another session. */
const TASK_ROWS = 50;
/** Versions of policies of one explanation. */
const VERSIONS = 8;

export function openWhy(options: WhyOptions): Pick<Trail, 'why'> {
  return { why: (request) => why(options, request) };
}

async function why(options: WhyOptions, request: WhyRequest): Promise<WhyResult> {
  const { tenant, id, language = 'en', zone = 'UTC' } = request;
  if (!isZone(zone)) {
    throw new Fault('request.invalid', 'zone is not one that is known.', { field: 'zone' });
  }
  const event = await options.event(tenant, id);
  const read = await readAround(options, request, event);
  const rows = await restored(options, tenant, { ...read, event });
  const policies = await policiesOf(options, tenant, [event, ...rows]);
  const { left_out, read_to } = read;
  const scene: Scene = { event, rows, policies, left_out, complete: read_to.complete };
  const clock = clockOf(zone, event.time);
  const said = explainEvent(scene, { language, for: request.for ?? 'responder', clock });
  return { ...said, zone, read_to };
}

type Around = {
  readonly rows: readonly Row[];
  readonly left_out: LeftOut;
  readonly read_to: ReadTo;
};

/** Of its session, of its sub-agents, and of the sessions that started it. */
async function readAround(options: WhyOptions, request: WhyRequest, event: Row): Promise<Around> {
  const rows = new Map<number, Row>([[event.index, event]]);
  let left: LeftOut = { before: 0, after: 0 };
  let session: string | undefined = event.session_id;
  let read_to: ReadTo | undefined;
  for (let level = 0; level <= PARENTS && session !== undefined; level++) {
    const read = await readSession(options, request, { session, event });
    for (const row of read.rows) if (!rows.has(row.index)) rows.set(row.index, row);
    left = sum(left, read.left_out);
    read_to = read.read_to;
    session = parentOf(session, [event, ...read.rows]);
  }
  const task = await taskRows(options, request, event);
  for (const row of task.events) if (!rows.has(row.index)) rows.set(row.index, row);
  const ordered = [...rows.values()].sort(byPlace);
  return { rows: ordered, left_out: left, read_to: read_to ?? task.read_to };
}

function sum(a: LeftOut, b: LeftOut): LeftOut {
  const prompts = a.prompts || b.prompts ? { prompts: true as const } : {};
  return { before: a.before + b.before, after: a.after + b.after, ...prompts };
}

function parentOf(session_id: string, rows: readonly Row[]): string | undefined {
  const own = rows.filter((row) => row.session_id === session_id);
  return own.find((row) => row.parent_session_id !== undefined)?.parent_session_id;
}

type Session = { readonly session: string; readonly event: Row };

async function readSession(
  options: WhyOptions,
  request: WhyRequest,
  { session, event }: Session,
): Promise<Around> {
  const query = `(session_id:${quoted(session)} OR parent_session_id:${quoted(session)})`;
  const border = new Date(Date.parse(event.time) + 1).toISOString();
  // What Claw says of itself has no chain, and never ends.
  const own = isOwnSession(session);
  const back = { query, to: border, order: 'newest', most: own ? 1 : BEFORE } as const;
  const forth = { query, from: border, order: 'oldest', most: own ? 1 : AFTER } as const;
  const earlier = await readPages(options, request, back);
  const later = await readPages(options, request, forth);
  const asked = earlier.left > 0 && !own ? await readPrompts(options, request, back) : NO_PROMPTS;
  const rows = [...earlier.rows, ...later.rows, ...asked.rows];
  const known = new Set(earlier.rows.map(({ index }) => index));
  const more = asked.rows.filter(({ index }) => !known.has(index)).length;
  const before = Math.max(0, earlier.left - more);
  const left = own ? { before: 0, after: 0 } : { before, after: later.left };
  const left_out = asked.more ? { ...left, prompts: true as const } : left;
  return { rows, left_out, read_to: later.read_to };
}

const NO_PROMPTS: { rows: readonly Row[]; more: boolean } = { rows: [], more: false };

/** Who asked for it may have done so long before what is read. */
async function readPrompts(options: WhyOptions, request: WhyRequest, { query, ...range }: Range) {
  const prompts = { ...range, query: `${query} type:prompt`, most: PROMPTS };
  const { rows, left } = await readPages(options, request, prompts);
  return { rows, more: left > 0 };
}

type Range = {
  readonly query: string;
  readonly from?: string;
  readonly to?: string;
  readonly order: 'newest' | 'oldest';
  readonly most: number;
};

async function readPages(options: WhyOptions, request: WhyRequest, range: Range) {
  const { most, order, ...what } = range;
  const { tenant, signal } = request;
  const asked = { ...what, tenant, ...(signal ? { signal } : {}) };
  const rows: Row[] = [];
  let page: SearchResult | undefined;
  for (let pages = 0; pages < PAGES && rows.length < most; pages++) {
    signal?.throwIfAborted();
    const place = page?.cursor === undefined ? {} : { cursor: page.cursor };
    const limit = Math.min(PAGE_MOST, most - rows.length);
    page = await options.search({ ...asked, ...place, order, limit });
    rows.push(...page.events.map(withoutRaw));
    if (page.cursor === undefined) break;
  }
  const more = page?.cursor !== undefined;
  const left = more ? (await options.count(asked)).count - rows.length : 0;
  const read_to = page?.read_to ?? (await options.count(asked)).read_to;
  return { rows, left: Math.max(0, left), read_to };
}

/** The producer's own record says again what the row says, and is as large. */
function withoutRaw({ raw: _, ...row }: Row): Row {
  return row;
}

/** A task may have been declared in another session. */
async function taskRows(options: WhyOptions, request: WhyRequest, event: Row) {
  const { tenant, signal } = request;
  const { task_id } = event;
  const query = task_id === undefined ? '-*' : `type:task task_id:${quoted(task_id)}`;
  const asked = { tenant, query, order: 'oldest', limit: TASK_ROWS } as const;
  return options.search({ ...asked, ...(signal ? { signal } : {}) });
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}

function byPlace(a: Row, b: Row): number {
  if (a.time !== b.time) return a.time < b.time ? -1 : 1;
  return a.index - b.index;
}

/** The nearest rows before the event whose values were moved out, whole again. */
async function restored(
  options: WhyOptions,
  tenant: string,
  { rows, event }: Pick<Around, 'rows'> & { readonly event: Row },
): Promise<readonly Row[]> {
  const moved = rows.filter((row) => row !== event && row.overflow && row.time <= event.time);
  const whole = new Map<Row, Row>();
  for (const row of moved.slice(-WHOLE)) {
    // One that is damaged is read as far as it goes.
    const one = await options.event(tenant, row.id).catch(() => row);
    whole.set(row, withoutRaw(one));
  }
  return rows.map((row) => whole.get(row) ?? row);
}

/** The policies as they were when each decision was made. */
async function policiesOf(
  options: WhyOptions,
  tenant: string,
  rows: readonly WhyRow[],
): Promise<ReadonlyMap<string, PolicyText>> {
  const [event] = rows;
  const near = rows.filter(
    (row) => row === event || (row.type === 'decision' && row.call_id === event?.call_id),
  );
  const all = [...near, ...rows].flatMap(({ decision }) => decision?.policy_version ?? []);
  const wanted = new Set([...new Set(all)].slice(0, VERSIONS));
  const found = new Map<string, PolicyText>();
  if (wanted.size === 0) return found;
  const now = await options.govern.policies(tenant).catch(() => undefined);
  for (const version of wanted) {
    const known = now?.set.version === version ? now : await applied(options, tenant, version);
    if (known) found.set(version, textOf(known.version, known.set));
  }
  return found;
}

/** What compiles no more is not known: the text alone does not say which policy is which. */
async function applied({ govern }: WhyOptions, tenant: string, wanted: string) {
  try {
    const version = await govern.policyVersion(tenant, wanted);
    return { version, set: compile(version.files) };
  } catch {
    return undefined;
  }
}

function textOf({ author, applied_at }: PolicyVersion, { policies }: PolicyText): PolicyText {
  return { policies, author, applied_at };
}

/** `14:22:33` on the event's own day, else with the date. */
function clockOf(zone: string, about: string): (time: string) => string {
  const day = written(zone, about).slice(0, 10);
  return (time) => {
    const text = written(zone, time);
    return text.startsWith(day) ? text.slice(11) : text;
  };
}

function written(zone: string, time: string): string {
  const at_ms = Date.parse(time);
  if (Number.isNaN(at_ms)) return time.slice(0, 40);
  return new Date(wallClock(at_ms, zone)).toISOString().slice(0, 19).replace('T', ' ');
}
