/** One index file as the writer keeps it: its rows, its state, and which calls it may hold. */
import { bloomBytes, type CallHash, openBloom } from './bloom.ts';
import {
  createFile,
  type Database,
  type Db,
  emptyState,
  type FileState,
  guarded,
  metaOf,
  openFile,
  type Place,
  resizeCache,
  stateOf,
} from './file.ts';
import { type Changes, type Inserter, openInserter } from './insert.ts';
import { factOf, type StoredFact } from './overlay.ts';
import { TIES } from './schema.ts';

export type Volume = Pick<Inserter, 'find' | 'endedAt'> & {
  readonly base: number;
  readonly state: () => FileState;
  /** Says for sure where a call has no facts in this file. */
  readonly mayHold: (call: CallHash) => boolean;
  /** Facts of calls that are still open, oldest first, with their bytes. */
  readonly openFacts: () => readonly ReturnType<typeof factWithBytes>[];
  /** Writes within a transaction that `commit` ends; after a failure the file is opened anew. */
  readonly write: (batch: Batch) => void;
  /** All that was written since the last, and the state that follows from it, or nothing. */
  readonly commit: (end: End) => void;
  /**
   * Between transactions: a full file is closed until it is needed, for there are ever more of
   * them; its state and its filter stay in memory.
   */
  readonly rest: () => void;
  readonly close: () => void;
};

export type Batch = {
  readonly changes: Changes;
  /** Calls whose first fact came with this batch. */
  readonly calls: readonly CallHash[];
};

export type End = {
  readonly cursor?: number;
  /** Closes the file: base of the one that follows. */
  readonly end?: number;
};

/** New calls after which the filter is written out again. */
const RECENT = 32_768;

export function createVolume(
  place: Place,
  at: { base: number; first: number; facts: number },
): Volume {
  const bits = Buffer.alloc(bloomBytes(at.facts));
  const db = createFile(place, emptyState(at.base, at.first), bits);
  return guarded(at.base, () => volume(place, at.base, db));
}

export function openVolume(place: Place, base: number): Volume {
  const db = openFile(place, base, 'write');
  return guarded(base, () => volume(place, base, db));
}

function volume(place: Place, base: number, db: Db): Volume {
  let held: Held | undefined = hold(db, base);
  let state = stateOf(db);
  if (state.end === undefined) resizeCache(db, 'large');
  const calls = callFilter(db);
  const guard = <T>(work: (file: Held) => T): T =>
    guarded(base, () => {
      held ??= hold(openFile(place, base, 'write'), base);
      return work(held);
    });
  return {
    base,
    find: (tenant, call) => guard(({ inserter }) => inserter.find(tenant, call)),
    endedAt: (tenant, session) => guard(({ inserter }) => inserter.endedAt(tenant, session)),
    state: () => state,
    mayHold: calls.has,
    openFacts: () => guard(({ db }) => db.prepare<StoredFact>(OPEN).all().map(factWithBytes)),
    write: (batch) =>
      guard((file) => {
        begin(file.db);
        const cut = file.inserter.write(batch.changes);
        calls.add(batch.calls);
        state = stateAfter(state, batch.changes, cut);
      }),
    commit: (end) =>
      guard((file) => {
        begin(file.db);
        file.inserter.save();
        calls.save(file, end.end === undefined ? 'recent' : 'all');
        state = { ...state, ...end, cursor: end.end ?? end.cursor ?? state.cursor };
        file.putState.run(JSON.stringify(state));
        file.db.exec('COMMIT');
        // Nothing more comes to this file soon: its log need not stay.
        if (end.cursor === undefined || end.end !== undefined) checkpoint(file.db);
      }),
    rest: () => {
      if (state.end === undefined) return;
      guarded(base, () => held?.db.close());
      held = undefined;
    },
    close: () => guarded(base, () => held?.db.close()),
  };
}

const OPEN = 'SELECT seq, idx, event FROM open ORDER BY seq';

/** An opened file and what writes to it. */
type Held = {
  readonly db: Db;
  readonly inserter: Inserter;
  readonly putState: Database.Statement;
  readonly filter: FilterStatements;
};

function hold(db: Db, base: number): Held {
  return {
    db,
    inserter: openInserter(db, base),
    putState: db.prepare("UPDATE meta SET value = ? WHERE name = 'state'"),
    filter: {
      put: db.prepare("UPDATE meta SET value = ? WHERE name = 'bloom'"),
      clear: db.prepare('DELETE FROM recent'),
      note: db.prepare('INSERT INTO recent VALUES (?)'),
    },
  };
}

function begin(db: Db): void {
  if (!db.inTransaction) db.exec('BEGIN IMMEDIATE');
}

/** `cut` is by how much the number of rows with more text than is indexed grew. */
function stateAfter(state: FileState, { rows, open, remove }: Changes, cut: number): FileState {
  let { min_ms, max_ms } = state;
  const reach = (time: number): void => {
    min_ms = Math.min(min_ms, time);
    max_ms = Math.max(max_ms, time);
  };
  for (const row of rows) reach(row.time_ms);
  for (const { event } of open) reach(Date.parse(event.time));
  const count = state.rows + rows.length - remove.length;
  return { ...state, min_ms, max_ms, rows: count, cut_rows: state.cut_rows + cut };
}

function factWithBytes(stored: StoredFact) {
  return { ...factOf(stored), bytes: stored.event };
}

/** The filter as it was last written out, and the calls since. */
function callFilter(db: Db) {
  const bloom = openBloom(metaOf(db, 'bloom') as Buffer);
  const noted = db.prepare<Buffer>('SELECT calls FROM recent').pluck().all();
  let kept = 0;
  for (const calls of noted.map(callsIn)) {
    kept += calls.length;
    for (const call of calls) bloom.add(call);
  }
  let fresh: CallHash[] = [];
  return {
    has: bloom.has,
    add: (calls: readonly CallHash[]): void => {
      for (const call of calls) {
        bloom.add(call);
        fresh.push(call);
      }
    },
    save: ({ filter }: Held, keep: Keep): void => {
      kept += fresh.length;
      if (keep === 'all' || kept >= RECENT) {
        filter.put.run(bloom.bits);
        filter.clear.run();
        kept = 0;
      } else if (fresh.length > 0) filter.note.run(bytesOf(fresh));
      fresh = [];
    },
  };
}

type FilterStatements = {
  readonly put: Database.Statement;
  readonly clear: Database.Statement;
  readonly note: Database.Statement;
};

/** Whether to write the whole filter out. */
type Keep = 'recent' | 'all';

function bytesOf(calls: readonly CallHash[]): Buffer {
  const numbers = Int32Array.from(calls.flat());
  return Buffer.from(numbers.buffer);
}

function callsIn(bytes: Buffer): CallHash[] {
  const numbers = new Int32Array(new Uint8Array(bytes).buffer);
  return Array.from({ length: numbers.length / 2 }, (_, i) => {
    return [numbers[2 * i] ?? 0, numbers[2 * i + 1] ?? 0] as const;
  });
}

function checkpoint(db: Db): void {
  db.pragma('wal_checkpoint(PASSIVE)');
}

/** Rows that one file may hold at most. */
export const FILE_ROWS = TIES;
