/** Says which witness saw what of a session, and what no witness can have seen. */
import { endsSession } from '../engine/fold.ts';
import type { Event } from '../event/event.ts';
import { isLifecycle } from '../event/lifecycle.ts';
import {
  type Half,
  halfOf,
  isBothSided,
  isRecorded,
  missedBy,
  type Sides,
  shows,
  sidesOf,
} from './side.ts';
import { type SightedFact, type Sighting, sightingOf } from './sighting.ts';

/** What coverage needs of a row: the event and who reported each of its facts. */
export type CoveredRow = Pick<Event, 'type' | 'session_id' | 'time'> &
  Partial<Event> & {
    readonly facts: readonly SightedFact[];
    readonly erased?: true;
  };

/** `complete` is said only where nothing is missing and somebody could have told. */
export type Verdict = 'complete' | 'incomplete' | 'unknown';

/** What one kind of source reported of a session. */
export type WitnessCount = {
  /** `hook`, `otel`, `model_proxy`, … */
  readonly kind: string;
  readonly prompts: number;
  readonly outputs: number;
  /** Tool calls that it announced, and those of which it told what came. */
  readonly asked: number;
  readonly answered: number;
  readonly approvals: number;
  /** Requests to a model and to other APIs. */
  readonly api_calls: number;
  readonly other: number;
};

/**
 * `not_recorded`: the model asked for the call, the runtime never recorded it; `no_result`: asked,
 * and nothing came; `no_request`: a result of what nobody saw asked; `gap`: a producer told of a
 * loss; `silent`: the agent stopped in the middle of its work.
 */
export type ShortfallKind = 'not_recorded' | 'no_result' | 'no_request' | 'gap' | 'silent';

export type Shortfall = {
  readonly kind: ShortfallKind;
  readonly time: string;
  readonly session_id: string;
  readonly call_id?: string;
  readonly tool?: string;
  /** A sentence, where a producer gave one. */
  readonly detail?: string;
  readonly witnesses: readonly string[];
};

/** What an active witness did not show of a call, though others did. */
export type Unseen = {
  readonly by: string;
  readonly what: Half;
  readonly call_id?: string;
  readonly tool?: string;
  readonly time: string;
  readonly seen_by: readonly string[];
};

/**
 * Why nothing certain can be said: `one_witness`, of some call nobody beside the runtime saw that
 * the model asked for it, or nobody beside the model what was done; `open`, the session goes on;
 * `behind`, the index has not read everything; `erased`; `partial`, the session is longer than
 * what is read; `lost`, a producer lost records meanwhile and cannot say whose they were.
 */
export type Doubt = 'one_witness' | 'open' | 'behind' | 'erased' | 'partial' | 'lost';

export type SessionCoverage = {
  readonly session_id: string;
  readonly runtimes: readonly string[];
  readonly verdict: Verdict;
  readonly doubts: readonly Doubt[];
  readonly witnesses: readonly WitnessCount[];
  readonly calls: number;
  /** Calls that every witness saw that shows such calls. */
  readonly seen_by_all: number;
  readonly shortfalls: readonly Shortfall[];
  readonly unseen: readonly Unseen[];
  /** How many more shortfalls and unseen calls there are than are listed. */
  readonly more: number;
};

export type CoverageContext = {
  readonly session_id: string;
  readonly ended: boolean;
  /** Unix milliseconds. */
  readonly now_ms: number;
  /** A session that stops in the middle for longer is silent, in milliseconds. */
  readonly silent_ms: number;
  /** The index had read everything that was recorded. */
  readonly complete: boolean;
  /** Rows were left unread. */
  readonly partial: boolean;
  /** Records were lost meanwhile that may have been of this session. */
  readonly lost: boolean;
};

export type CoverageFold = {
  readonly add: (row: CoveredRow) => void;
  readonly runtimes: () => readonly string[];
  readonly report: (context: CoverageContext) => SessionCoverage;
};

/** Shortfalls and unseen calls that are listed; the rest is counted. */
const LISTED = 200;

type Tally = { -readonly [K in keyof WitnessCount]: WitnessCount[K] };

type Seen = {
  readonly tallies: Map<string, Tally>;
  readonly runtimes: Set<string>;
  readonly calls: Sighting[];
  readonly gaps: Shortfall[];
  gapCount: number;
  erased: boolean;
  last: CoveredRow | undefined;
  /** Unix milliseconds of the last fact of any act. */
  last_ms: number;
  /** When each session last said that it ended, and when anybody was last asked something. */
  readonly ends: Map<string, string>;
  asked: string;
};

/** The coverage of a session as a fold over its rows, oldest first. */
export function openCoverage(): CoverageFold {
  const seen: Seen = {
    ...{ tallies: new Map(), runtimes: new Set(), calls: [], gaps: [] },
    ...{ gapCount: 0, erased: false, last: undefined, last_ms: 0, ends: new Map(), asked: '' },
  };
  return {
    add: (row) => add(seen, row),
    runtimes: () => [...seen.runtimes].sort(),
    report: (context) => report(seen, context),
  };
}

function add(seen: Seen, row: CoveredRow): void {
  if (row.erased) seen.erased = true;
  const { runtime } = row.agent ?? {};
  if (runtime !== undefined) seen.runtimes.add(runtime);
  if (row.type === 'gap') addGap(seen, row);
  else if (row.type !== 'admin' && row.type !== 'access') addAct(seen, row);
}

function addAct(seen: Seen, row: CoveredRow): void {
  seen.last = row;
  for (const { time = row.time } of row.facts) {
    seen.last_ms = Math.max(seen.last_ms, Date.parse(time));
  }
  if (endsSession(row)) seen.ends.set(row.session_id, row.time);
  const sighting = isCalled(row) ? sightingOf(row) : undefined;
  if (sighting) seen.calls.push(sighting);
  if (sighting || row.type === 'prompt') seen.asked = row.time;
  for (const kind of new Set(row.facts.map(kindOf))) {
    const tally = seen.tallies.get(kind) ?? emptyTally(kind);
    seen.tallies.set(kind, tally);
    if (sighting && row.type === 'tool_call') {
      if (sighting.asked.has(kind)) tally.asked++;
      if (sighting.answered.has(kind)) tally.answered++;
    } else tally[COUNTED.get(row.type) ?? 'other']++;
  }
}

/** Who asked for approval of a call knew of the call, though nobody told anything else of it. */
function isCalled(row: CoveredRow): boolean {
  if (isLifecycle(row)) return false;
  return row.type === 'tool_call' || (row.type === 'approval' && row.call_id !== undefined);
}

const COUNTED: ReadonlyMap<string, 'prompts' | 'outputs' | 'approvals' | 'api_calls'> = new Map([
  ['prompt', 'prompts'],
  ['output', 'outputs'],
  ['approval', 'approvals'],
  ['api_call', 'api_calls'],
]);

function kindOf({ source }: Pick<Event, 'source'>): string {
  return source?.kind ?? 'api';
}

function emptyTally(kind: string): Tally {
  const counts = { prompts: 0, outputs: 0, asked: 0, answered: 0 };
  return { kind, ...counts, approvals: 0, api_calls: 0, other: 0 };
}

/** What coverage itself recorded is no loss of its own. */
function addGap(seen: Seen, row: CoveredRow): void {
  if (row.attributes?.['coverage'] !== undefined) return;
  seen.gapCount++;
  if (seen.gaps.length >= LISTED) return;
  const { time, session_id, detail } = row;
  const witnesses = [...new Set(row.facts.map(kindOf))];
  const told = detail === undefined ? {} : { detail };
  seen.gaps.push({ kind: 'gap', time, session_id, ...told, witnesses });
}

function report(seen: Seen, told: CoverageContext): SessionCoverage {
  const context = { ...told, ended: told.ended && !isResumed(seen, told) };
  const sides = sidesOf(seen.calls);
  const lost = seen.calls.flatMap((call) => shortfallsOf(call, sides, context));
  const silent = silence(seen, context);
  const shortfalls = [...seen.gaps, ...lost, ...silent].sort(byTime);
  const missed = seen.calls.map((call) => unseenOf(call, sides));
  const unseen = missed.flat();
  const doubts = doubtsOf(seen, sides, context);
  const short = shortfalls.length > 0 || seen.gapCount > 0;
  return {
    session_id: context.session_id,
    runtimes: [...seen.runtimes].sort(),
    verdict: short ? 'incomplete' : doubts.length > 0 ? 'unknown' : 'complete',
    doubts,
    witnesses: [...seen.tallies.values()].sort((a, b) => (a.kind < b.kind ? -1 : 1)),
    calls: seen.calls.length,
    seen_by_all: missed.filter(({ length }) => length === 0).length,
    shortfalls: shortfalls.slice(0, LISTED),
    unseen: unseen.slice(0, LISTED),
    more:
      Math.max(0, shortfalls.length - LISTED) +
      (seen.gapCount - seen.gaps.length) +
      Math.max(0, unseen.length - LISTED),
  };
}

/** Somebody was asked something after the session had said that it ended. */
function isResumed({ ends, asked }: Seen, { session_id }: CoverageContext): boolean {
  const end = ends.get(session_id);
  return end !== undefined && asked > end;
}

function shortfallsOf(call: Sighting, sides: Sides, context: CoverageContext): Shortfall[] {
  const found: ShortfallKind[] = [];
  const { by, asked, answered } = call;
  const alone = [...by].every((kind) => kind === 'model_proxy');
  if (alone && isRecorded(call, sides)) found.push('not_recorded');
  else if (asked.size > 0 && answered.size === 0 && over(call, context)) found.push('no_result');
  const announcers = [...sides.announcing].filter((kind) => shows(kind, call, sides));
  if (asked.size === 0 && announcers.length > 0) found.push('no_request');
  const { time, session_id, call_id, tool } = call;
  const named = { ...(call_id === undefined ? {} : { call_id }), ...(tool ? { tool } : {}) };
  return found.map((kind) => ({ kind, time, session_id, ...named, witnesses: [...by].sort() }));
}

/** Nothing can come any more: its session ended, or the index gave it up. */
function over({ settled }: Sighting, { ended }: CoverageContext): boolean {
  return ended || settled;
}

function unseenOf(call: Sighting, sides: Sides): Unseen[] {
  const { call_id, tool, time } = call;
  const named = { ...(call_id === undefined ? {} : { call_id }), ...(tool ? { tool } : {}) };
  return [...sides.active].sort().flatMap((kind) => {
    const what = missedBy(kind, call, sides);
    const seen_by = what === undefined ? [] : [...halfOf(call, what)].sort();
    return what === undefined || seen_by.length === 0
      ? []
      : [{ by: kind, what, ...named, time, seen_by }];
  });
}

/** The agent's last word is no word to anybody: it was asked something, or waits for a tool. */
function silence({ last, last_ms }: Seen, context: CoverageContext): Shortfall[] {
  const { ended, now_ms, silent_ms } = context;
  const middle = last?.type === 'prompt' || last?.type === 'tool_call' || last?.type === 'approval';
  if (ended || !last || !middle || now_ms - last_ms < silent_ms) return [];
  const witnesses = [...new Set(last.facts.map(kindOf))].sort();
  return [{ kind: 'silent', time: last.time, session_id: last.session_id, witnesses }];
}

function doubtsOf(seen: Seen, { active }: Sides, context: CoverageContext): Doubt[] {
  const both = isBothSided(seen.calls.length > 0 ? active : seen.tallies.keys());
  const doubts: Doubt[] = [];
  if (!both || !seen.calls.every(({ by }) => isBothSided(by))) doubts.push('one_witness');
  if (!context.ended) doubts.push('open');
  if (!context.complete) doubts.push('behind');
  if (seen.erased) doubts.push('erased');
  if (context.partial) doubts.push('partial');
  if (context.lost) doubts.push('lost');
  return doubts;
}

function byTime(a: Shortfall, b: Shortfall): number {
  return a.time < b.time ? -1 : Number(a.time > b.time);
}
