/** Brings together, for each fact of a batch, every fact of its row: those kept, those written. */
import type { Event } from '../../event/event.ts';
import { Fault } from '../../fault/fault.ts';
import type { EngineOptions, EngineRecord } from '../engine.ts';
import { CALL_FACTS, callKey, keyOf, rootOf } from '../fold.ts';
import { callHash } from './bloom.ts';
import type { Group, OpenCalls } from './calls.ts';
import type { OpenFact } from './insert.ts';
import type { Volume } from './volume.ts';

export type Sources = {
  readonly calls: OpenCalls;
  /** Oldest first; new rows go into the last. */
  readonly volumes: readonly Volume[];
  readonly fetch: EngineOptions['fetch'];
  readonly now_ms: number;
};

/** Groups that the facts change. Facts that a row already has are passed over. */
export async function gather(facts: readonly OpenFact[], sources: Sources): Promise<Group[]> {
  const groups = [...Map.groupBy(facts, keyOf)].flatMap(([key, fresh]) =>
    groupsOf(key, fresh, sources),
  );
  const late = groups.filter((group) => group.stored !== undefined);
  return late.length === 0 ? groups : withStored(groups, sources.fetch);
}

export function factOfRecord({ tenant, index, seq, event }: EngineRecord): OpenFact {
  try {
    const text = Buffer.from(event.buffer, event.byteOffset, event.byteLength).toString();
    return { tenant, index, seq, bytes: event, event: JSON.parse(text) as Event };
  } catch (cause) {
    throw new Fault('internal.bug', `Record ${seq} is no JSON: it cannot be indexed.`, { cause });
  }
}

/** The group of the facts' key and, where that is full, groups of one fact each. */
function groupsOf(key: string, fresh: readonly OpenFact[], sources: Sources): Group[] {
  const { calls, volumes, now_ms } = sources;
  const first = fresh[0];
  const home = volumes.at(-1);
  if (first === undefined || home === undefined) return [];
  const begun = { key, home, facts: [], kept: [], seen_ms: now_ms };
  const open = calls.get(key);
  const isCall = open === undefined && callKey(first.event) !== undefined;
  const written = isCall ? rowOfCall(key, first, volumes) : undefined;
  const group: Group = open ?? { ...begun, ...written };
  const known = written?.stored.facts ?? group.facts;
  const added = missing(fresh, known);
  const room = Math.max(0, CALL_FACTS - known.length);
  const joined = added.slice(0, room);
  const alone = added.slice(room).map((fact): Group => {
    return { ...begun, key: String(fact.seq), facts: [fact] };
  });
  if (joined.length === 0) return alone;
  return [{ ...group, facts: [...group.facts, ...joined] }, ...alone];
}

function missing<T extends { seq: number }>(
  facts: readonly T[],
  known: readonly { seq: number }[],
): T[] {
  return facts.filter(({ seq }) => !known.some((fact) => fact.seq === seq));
}

function rowOfCall(key: string, { tenant, event }: OpenFact, volumes: readonly Volume[]) {
  const hash = callHash(key);
  const call = { root: rootOf(event), call_id: event.call_id ?? '' };
  for (const home of volumes.toReversed()) {
    const stored = home.mayHold(hash) ? home.find(tenant, call) : undefined;
    if (stored !== undefined) return { home, stored };
  }
  return undefined;
}

/** Facts of rows that are written are not kept: they are read again. */
async function withStored(
  groups: readonly Group[],
  fetch: EngineOptions['fetch'],
): Promise<Group[]> {
  const known = new Map<string, OpenFact>();
  const late = groups.filter((group) => group.stored !== undefined);
  for (const [tenant, ofTenant] of Map.groupBy(late, (group) => group.facts[0]?.tenant ?? '')) {
    const indices = ofTenant.flatMap(
      (group) => group.stored?.facts.map(({ index }) => index) ?? [],
    );
    for (const record of await fetch(tenant, indices)) {
      const fact = factOfRecord(record);
      known.set(`${tenant} ${fact.index}`, fact);
    }
  }
  return groups.map((group) => {
    const tenant = group.facts[0]?.tenant ?? '';
    const stored = group.stored?.facts ?? [];
    const facts = stored.flatMap(({ index }) => known.get(`${tenant} ${index}`) ?? []);
    return { ...group, facts: [...facts, ...group.facts] };
  });
}
