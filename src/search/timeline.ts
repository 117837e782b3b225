/** Orders rows into a timeline: turns, their steps, and sub-agents below what started them. */
import type { Event } from '../event/event.ts';

/** What a timeline needs to know of a row; a call is one row, at its start, in its last state. */
export type TimelineRow = Pick<Event, 'time' | 'type' | 'session_id'> &
  Partial<Event> & {
    /** Index of its first fact in the tenant's tree. */
    readonly index: number;
  };

type Step<R> = {
  readonly row: R;
  /** Steps of the sub-agents that it is known to have started, in order. */
  readonly children: readonly Step<R>[];
};

/** One prompt and everything done to answer it; without an id, what stands outside of turns. */
export type Turn<R> = { readonly turn_id?: string; readonly steps: readonly Step<R>[] };

/** A step of the timeline read from top to bottom; `depth` counts sub-agents. */
export type Line<R> = { readonly row: R; readonly depth: number };

/** Levels of sub-agents that are nested; deeper ones stand at this level. */
export const NESTING = 16;

/**
 * The rows by time, then index, in turns. A sub-agent's session stands below the call that
 * started it: the delegating call of the parent session whose result or resources name the
 * agent or the session, else the only one under way when it began. Where neither is known, its
 * rows stand among the parent's by time.
 */
export function timeline<R extends TimelineRow>(rows: readonly R[]): readonly Turn<R>[] {
  const ordered = rows.toSorted(byTime);
  const sessions = Map.groupBy(ordered, (row) => row.session_id);
  const below = new Map<R, R[]>();
  const top: R[] = [];
  for (const [session_id, own] of sessions) {
    const starter = starterOf(own, sessions.get(parentOf(own) ?? session_id) ?? []);
    if (starter === undefined) for (const row of own) top.push(row);
    else below.set(starter, [...(below.get(starter) ?? []), ...own]);
  }
  const placed = new Set<R>();
  const steps = stepsOf(top, { below, placed, depth: 0 });
  // Sessions that name each other as parent hang below none: they stand on top.
  const lost = ordered.filter((row) => !placed.has(row));
  const rest = lost.map((row) => ({ row, children: [] }));
  return turnsOf([...steps, ...rest].sort((a, b) => byTime(a.row, b.row)));
}

/** The timeline as lines, a sub-agent's directly below the call that started it. */
export function lines<R>(turns: readonly Turn<R>[]): readonly Line<R>[] {
  return turns.flatMap((turn) => linesOf(turn.steps, 0));
}

function linesOf<R>(steps: readonly Step<R>[], depth: number): Line<R>[] {
  return steps.flatMap((step) => [{ row: step.row, depth }, ...linesOf(step.children, depth + 1)]);
}

type Nest<R> = {
  readonly below: ReadonlyMap<R, readonly R[]>;
  readonly placed: Set<R>;
  readonly depth: number;
};

function stepsOf<R extends TimelineRow>(rows: readonly R[], nest: Nest<R>): Step<R>[] {
  const { below, placed, depth } = nest;
  return rows.toSorted(byTime).flatMap((row): Step<R>[] => {
    if (placed.has(row)) return [];
    placed.add(row);
    const own = below.get(row) ?? [];
    if (own.length === 0) return [{ row, children: [] }];
    if (depth >= NESTING) return [{ row, children: [] }, ...flat(own, nest)];
    return [{ row, children: stepsOf(own, { below, placed, depth: depth + 1 }) }];
  });
}

/** What hangs deeper than may be nested, without recursion, in the order in which it began. */
function flat<R extends TimelineRow>(rows: readonly R[], { below, placed }: Nest<R>): Step<R>[] {
  const steps: Step<R>[] = [];
  const waiting = rows.toReversed();
  for (let row = waiting.pop(); row !== undefined; row = waiting.pop()) {
    if (placed.has(row)) continue;
    placed.add(row);
    steps.push({ row, children: [] });
    for (const one of (below.get(row) ?? []).toReversed()) waiting.push(one);
  }
  return steps;
}

function turnsOf<R extends TimelineRow>(steps: readonly Step<R>[]): Turn<R>[] {
  const turns: { turn_id?: string; steps: Step<R>[] }[] = [];
  for (const step of steps) {
    const { type, turn_id } = step.row;
    const last = turns.at(-1);
    const opens =
      last === undefined || (turn_id === undefined ? OUTSIDE.has(type) : turn_id !== last.turn_id);
    if (opens) turns.push({ ...(turn_id === undefined ? {} : { turn_id }), steps: [step] });
    else last.steps.push(step);
  }
  return turns;
}

/** Without a turn's id, a prompt begins a turn and a session's start or end stands alone. */
const OUTSIDE: ReadonlySet<Event['type']> = new Set(['prompt', 'session']);

function parentOf(own: readonly TimelineRow[]): string | undefined {
  return own.find((row) => row.parent_session_id !== undefined)?.parent_session_id;
}

/** The call that started a sub-agent, by its rows and its parent's, where it is known. */
export function starterOf<R extends TimelineRow>(
  own: readonly R[],
  parent: readonly R[],
): R | undefined {
  const first = own[0];
  if (first === undefined || parent === own) return undefined;
  const calls = parent.filter((row) => row.action === 'delegate' && row.call_id !== undefined);
  const names = new Set([first.session_id, ...own.flatMap((row) => row.agent?.id ?? [])]);
  const named = calls.find((call) => agentsOf(call).some((name) => names.has(name)));
  if (named !== undefined) return named;
  const open = calls.filter((call) => agentsOf(call).length === 0 && isUnderWay(call, first));
  return open.length === 1 ? open[0] : undefined;
}

/** What a delegating call says that it started: agents' ids or their sessions'. */
function agentsOf({ result, resources }: TimelineRow): string[] {
  const told = typeof result === 'object' && result !== null ? result : {};
  const inResult = Object.entries(told).filter(([key]) => NAMING.has(key.toLowerCase()));
  const inResources = (resources ?? []).filter(({ kind }) => kind === 'session');
  return [
    ...inResult.flatMap(([, value]) => (typeof value === 'string' ? [value] : [])),
    ...inResources.map(({ id }) => id),
  ];
}

const NAMING = new Set(['agentid', 'agent_id', 'sessionid', 'session_id']);

function isUnderWay(call: TimelineRow, { time }: TimelineRow): boolean {
  if (call.time > time) return false;
  if (call.duration_ms === undefined) return call.status === 'pending';
  return Date.parse(call.time) + call.duration_ms >= Date.parse(time);
}

function byTime(a: TimelineRow, b: TimelineRow): number {
  if (a.time !== b.time) return a.time < b.time ? -1 : 1;
  return a.index - b.index;
}
