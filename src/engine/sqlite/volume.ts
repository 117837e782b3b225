/** One index file as the writer keeps it: its rows, its state, and which calls it may hold. */
import { bloomBytes, type CallHash, openBloom } from './bloom.ts';
import {
  createFile,
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
  return guarded(at.base, () => volume(db, at.base));
}

export function openVolume(place: Place, base: number): Volume {
  const db = openFile(place, base, 'write');
  return guarded(base, () => volume(db, base));
}

function volume(db: Db, base: number): Volume {
  let state = stateOf(db);
  if (state.end === undefined) resizeCache(db, 'large');
  const inserter = openInserter(db, base);
  const calls = callFilter(db);
  const put = db.prepare("UPDATE meta SET value = ? WHERE name = 'state'");
  const open = db.prepare<StoredFact>('SELECT seq, idx, event FROM open ORDER BY seq');
  const begin = (): void => {
    if (!db.inTransaction) db.exec('BEGIN IMMEDIATE');
  };
  return {
    base,
    find: (tenant, call) => guarded(base, () => inserter.find(tenant, call)),
    endedAt: (tenant, session) => guarded(base, () => inserter.endedAt(tenant, session)),
    state: () => state,
    mayHold: calls.has,
    openFacts: () => guarded(base, () => open.all().map(factWithBytes)),
    write: (batch) =>
      guarded(base, () => {
        begin();
        const cut = inserter.write(batch.changes);
        calls.add(batch.calls);
        state = stateAfter(state, batch.changes, cut);
      }),
    commit: (end) =>
      guarded(base, () => {
        begin();
        inserter.save();
        calls.save(end.end === undefined ? 'recent' : 'all');
        state = { ...state, ...end, cursor: end.end ?? end.cursor ?? state.cursor };
        put.run(JSON.stringify(state));
        db.exec('COMMIT');
        if (end.end !== undefined) resizeCache(db, 'small');
        // Nothing more comes to this file soon: its log need not stay.
        if (end.cursor === undefined || end.end !== undefined) checkpoint(db);
      }),
    close: () => guarded(base, () => void db.close()),
  };
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
  const put = db.prepare("UPDATE meta SET value = ? WHERE name = 'bloom'");
  const clear = db.prepare('DELETE FROM recent');
  const note = db.prepare('INSERT INTO recent VALUES (?)');
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
    save: (keep: Keep): void => {
      kept += fresh.length;
      if (keep === 'all' || kept >= RECENT) {
        put.run(bloom.bits);
        clear.run();
        kept = 0;
      } else if (fresh.length > 0) note.run(bytesOf(fresh));
      fresh = [];
    },
  };
}

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
