/** Work of a journal alone: lanes that append, files that follow each other, releases, restarts. */
import { openFileJournal } from '../../src/journal/file.ts';
import type { Journal, JournalRecord } from '../../src/journal/journal.ts';
import type { SealedEvent } from '../../src/seal/seal.ts';
import { sealed } from '../journal/sealed.ts';
import { readAll } from '../journal/suite.ts';
import type { SimulatedDisk } from './simulated_disk.ts';
import type { Problem, Work } from './work.ts';

const DIR = '/srv/journal';
const FILE_BYTES = 4000;
const SESSIONS = 3;
const ROUNDS = 8;
const TENANTS = ['a', 'b', 'c'];

type Kept = { readonly event: SealedEvent; readonly index: number };
type State = {
  sent: number;
  readonly kept: Kept[];
  /** What the archive would hold: durable elsewhere before the journal is told. */
  base: Record<string, number>;
  recovery_ms: number;
};

export function newJournalWork(): Work {
  const state: State = { sent: 0, kept: [], base: {}, recovery_ms: 0 };
  return {
    home: '/srv',
    run: async (disk) => {
      for (let n = 0; n < SESSIONS; n++) await session(state, disk);
    },
    check: (disk) => check(state, disk),
    acknowledged: () => state.kept.length,
    recovery_ms: () => state.recovery_ms,
    clear: () => {},
  };
}

async function session(state: State, disk: SimulatedDisk): Promise<void> {
  const journal = await openJournal(state, disk).catch(() => undefined);
  if (journal === undefined) return;
  for (let round = 0; round < ROUNDS; round++) {
    await Promise.allSettled(TENANTS.map((tenant) => append(state, journal, tenant)));
    if (round % 3 === 2) await releaseHalf(state, journal).catch(() => {});
  }
  await journal.close().catch(() => {});
}

function openJournal(state: State, disk: SimulatedDisk): Promise<Journal> {
  const base = { sizes: { ...state.base } };
  return openFileJournal({ dir: DIR, base, file_bytes: FILE_BYTES, disk });
}

/** One to three events, from none to a few sectors large. */
async function append(state: State, journal: Journal, tenant: string): Promise<void> {
  const first = state.sent;
  const count = 1 + (first % 3);
  state.sent += count;
  const events = Array.from({ length: count }, (_, i) =>
    sealed(first + i, tenant, ((first + i) * 271) % 1500),
  );
  const places = await journal.append(events);
  for (const [i, { index }] of places.entries()) {
    state.kept.push({ event: events[i] as SealedEvent, index });
  }
}

async function releaseHalf(state: State, journal: Journal): Promise<void> {
  const half = Math.floor((journal.first() + journal.head()) / 2);
  const sizes = { ...state.base };
  for (const { tenant, index, seq } of await readAll(journal)) {
    if (seq < half) sizes[tenant] = Math.max(sizes[tenant] ?? 0, index + 1);
  }
  state.base = sizes;
  await journal.release(half);
}

async function check(state: State, disk: SimulatedDisk): Promise<readonly Problem[]> {
  const began = performance.now();
  const journal = await openJournal(state, disk).catch((error: unknown) => error as Error);
  state.recovery_ms = Math.max(state.recovery_ms, performance.now() - began);
  if (journal instanceof Error) return [{ kind: 'broken', what: `start: ${journal.message}` }];
  try {
    const problems = compare(state, await readAll(journal));
    for (const tenant of TENANTS) await append(state, journal, tenant);
    await journal.close();
    return problems;
  } catch (error) {
    return [{ kind: 'broken', what: `after a start: ${error}` }];
  }
}

function compare({ kept, base }: State, records: readonly JournalRecord[]): Problem[] {
  const problems: Problem[] = [];
  const held = new Map<string, JournalRecord>();
  const next = new Map<string, number>();
  for (const [i, record] of records.entries()) {
    const { id, seq, tenant, index } = record;
    if (held.has(id)) problems.push({ kind: 'doubled', what: `${id} at seq ${seq}` });
    held.set(id, record);
    const gap = seq !== (records[0]?.seq ?? 0) + i || index !== (next.get(tenant) ?? index);
    if (gap) problems.push({ kind: 'broken', what: `a gap before seq ${seq}` });
    next.set(tenant, index + 1);
  }
  for (const { event, index } of kept) {
    if (index < (base[event.tenant] ?? 0)) continue;
    const found = held.get(event.id);
    const same = found?.index === index && Buffer.from(event.envelope).equals(found.envelope);
    if (!same) problems.push({ kind: 'lost', what: `${event.tenant} ${index} ${event.id}` });
  }
  return problems;
}
