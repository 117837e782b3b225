/** Decides which rows a batch makes and which calls go on waiting. */
import type { Event } from '../../event/event.ts';
import {
  type CallClock,
  callKey,
  endsSession,
  foldCall,
  isBeyond,
  isOpen,
  sessionKey,
  settled,
} from '../fold.ts';
import { type Fact, type Folded, foldedOf } from '../row.ts';
import { type CallHash, callHash } from './bloom.ts';
import { type Group, OPEN_CALLS, type OpenCalls } from './calls.ts';
import type { Changes } from './insert.ts';
import type { StoredRow } from './rows.ts';
import type { Batch, Volume } from './volume.ts';

export type Settling = {
  readonly calls: OpenCalls;
  readonly volumes: readonly Volume[];
  readonly now_ms: number;
  readonly call_timeout_ms: number;
};

/** What becomes of each group: a row, or a call that stays open. */
export type Outcome = {
  /** What to commit to each file. */
  readonly batches: ReadonlyMap<Volume, Batch>;
  readonly open: readonly Group[];
  /** Keys of calls that are open no longer. */
  readonly closed: readonly string[];
};

/** Groups that a batch changes, and calls whose time has come, as changes to their files. */
export function settle(groups: readonly Group[], settling: Settling): Outcome {
  const ends = endsOf(groups);
  const touched = new Map(groups.map((group) => [group.key, group]));
  const excess = excessCalls(settling.calls);
  for (const group of [...dueCalls(ends, settling), ...excess]) {
    if (!touched.has(group.key)) touched.set(group.key, group);
  }
  const forced = new Set(excess.map((group) => group.key));
  const { now_ms } = settling;
  const batches = new Map<Volume, BatchDraft>();
  const open: Group[] = [];
  const closed: string[] = [];
  for (const group of touched.values()) {
    const batch = batches.get(group.home) ?? emptyBatch();
    batches.set(group.home, batch);
    const { changes } = batch;
    if (group.stored !== undefined) changes.remove.push(group.stored);
    if (isNewCall(group, settling.calls)) batch.calls.push(callHash(group.key));
    const row = rowFor(group, ends, { ...settling, forced });
    if (row === undefined) {
      const held = new Set(group.kept);
      changes.open.push(...group.facts.filter((fact) => !held.has(fact.seq)));
      const kept = group.facts.map((fact) => fact.seq);
      // Looked at again after another time-out, lest calls of clocks that are ahead be each time.
      open.push({ ...opened(group), kept, seen_ms: now_ms });
    } else {
      changes.rows.push(row);
      changes.settle.push(...group.kept);
      closed.push(group.key);
    }
  }
  return { batches, open, closed };
}

type BatchDraft = { readonly changes: Changes; readonly calls: CallHash[] };

/** When sessions end by this batch, Unix milliseconds. */
type Ends = ReadonlyMap<string, number>;

function endsOf(groups: readonly Group[]): Ends {
  const ends = new Map<string, number>();
  for (const { facts } of groups) {
    for (const { event } of facts) {
      if (!endsSession(event)) continue;
      const key = sessionKey([event]);
      ends.set(key, Math.max(ends.get(key) ?? 0, Date.parse(event.time)));
    }
  }
  return ends;
}

/** Calls whose session ends, or that waited too long. */
function* dueCalls(ends: Ends, { calls, now_ms, call_timeout_ms }: Settling): Generator<Group> {
  for (const session of ends.keys()) yield* calls.ofSession(session);
  for (const group of calls.all()) {
    if (now_ms - group.seen_ms <= call_timeout_ms) return;
    yield group;
  }
}

/** The oldest open calls beyond the limit. */
function excessCalls(calls: OpenCalls): Group[] {
  const excess = calls.size() - OPEN_CALLS;
  return excess <= 0 ? [] : [...calls.all()].slice(0, excess);
}

function emptyBatch(): BatchDraft {
  return { changes: { rows: [], remove: [], open: [], settle: [] }, calls: [] };
}

function isNewCall({ key, stored, facts }: Group, calls: OpenCalls): boolean {
  return (
    stored === undefined &&
    facts[0] !== undefined &&
    callKey(facts[0].event) !== undefined &&
    calls.get(key) === undefined
  );
}

function opened({ stored: _, ...group }: Group): Group {
  return group;
}

/** The group's row, or undefined where it goes on waiting for its result. */
function rowFor(group: Group, ends: Ends, settling: Forcing): Folded | undefined {
  const { now_ms, call_timeout_ms } = settling;
  if (group.facts.some(saysHowItEnded)) return rowWithLost(group, { now_ms, call_timeout_ms });
  const folded = foldCall(group.facts.map((fact) => fact.event));
  if (!isOpen(folded)) return rowWithLost(group, { now_ms, call_timeout_ms });
  const ended_ms = endedAt(folded, ends, settling);
  if (ended_ms !== undefined && ended_ms >= Date.parse(folded.time)) {
    return rowWithLost(group, { now_ms, call_timeout_ms, ended_ms });
  }
  const waited = now_ms - group.seen_ms > call_timeout_ms;
  const late = settled(folded, { now_ms, call_timeout_ms }).status === 'unknown';
  // A trail that is read again holds old calls whose results come a little later: wait for them.
  if (waited && late) return rowWithLost(group, { now_ms, call_timeout_ms });
  const ended = { now_ms, call_timeout_ms, ended_ms: Number.POSITIVE_INFINITY };
  // Where facts were erased, how it ended may have been among them.
  const beyond = group.facts.some((fact) => isBeyond(group.key, fact));
  const over = beyond || lostFacts(group).length > 0 || settling.forced.has(group.key);
  return over ? rowWithLost(group, ended) : undefined;
}

type Forcing = Settling & { readonly forced: ReadonlySet<string> };

/** One such fact closes its call, whatever the others say: spares most calls a fold. */
function saysHowItEnded({ event: { status } }: Fact): boolean {
  return status !== undefined && status !== 'pending';
}

function endedAt(event: Event, ends: Ends, { volumes }: Settling): number | undefined {
  const began = Date.parse(event.time);
  let ended = ends.get(sessionKey([event]));
  for (const volume of volumes) {
    // Nothing in an older file can have ended what began after all its rows.
    if (volume.state().max_ms < began) continue;
    const at = volume.endedAt(event.tenant_id, event.session_id);
    if (at !== undefined) ended = Math.max(ended ?? 0, at);
  }
  return ended;
}

/** Facts of a written row that can be read no more: their content was erased. */
function lostFacts({ facts, stored }: Group): StoredRow['facts'] {
  if (stored === undefined) return [];
  const known = new Set(facts.map((fact) => fact.seq));
  return stored.facts.filter((fact) => !known.has(fact.seq));
}

/** The group's row; it keeps the places of facts that are lost. */
function rowWithLost(group: Group, clock: CallClock): Folded {
  const row = foldedOf(group.facts, clock);
  const lost = lostFacts(group).map((fact) => ({ ...fact, id: '' }));
  if (lost.length === 0) return row;
  const facts = [...lost, ...row.facts];
  return { ...row, facts, seq: Math.min(...facts.map((fact) => fact.seq)) };
}
