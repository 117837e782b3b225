/** One index file as the writer keeps it: its rows, its state, and which calls it may hold. */
import { type Bloom, bloomBytes, type CallHash, openBloom } from './bloom.ts';
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
  /** One transaction: all of it, and the state that follows from it, or nothing. */
  readonly commit: (batch: Batch) => void;
  readonly close: () => void;
};

export type Batch = {
  readonly changes?: Changes;
  /** Calls whose first fact came with this batch. */
  readonly calls?: readonly CallHash[];
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
  const write = (batch: Batch): void => {
    const { changes } = batch;
    const cut = changes === undefined ? 0 : inserter.write(changes);
    calls.add(batch.calls ?? [], batch.end === undefined ? 'recent' : 'all');
    const next = stateAfter(state, batch, cut);
    put.run(JSON.stringify(next));
    db.exec('COMMIT');
    state = next;
  };
  return {
    base,
    find: (tenant, call) => guarded(base, () => inserter.find(tenant, call)),
    endedAt: (tenant, session) => guarded(base, () => inserter.endedAt(tenant, session)),
    state: () => state,
    mayHold: calls.has,
    openFacts: () => guarded(base, () => open.all().map(factWithBytes)),
    commit: (batch) =>
      guarded(base, () => {
        // What follows in another file must not outlive what came before in this one.
        const alone = batch.cursor === undefined || batch.end !== undefined;
        db.pragma(`synchronous = ${alone ? 'FULL' : 'NORMAL'}`);
        db.exec('BEGIN IMMEDIATE');
        try {
          write(batch);
        } finally {
          if (db.inTransaction) db.exec('ROLLBACK');
        }
        if (batch.end !== undefined) resizeCache(db, 'small');
        if (alone) checkpoint(db);
      }),
    close: () => guarded(base, () => void db.close()),
  };
}

/** `cut` of the rows that were taken out had more text than is indexed. */
function stateAfter(state: FileState, batch: Batch, cut: number): FileState {
  const { rows = [], open = [], remove = [] } = batch.changes ?? {};
  let { min_ms, max_ms } = state;
  const times = [
    ...rows.map((row) => row.time_ms),
    ...open.map(({ event }) => Date.parse(event.time)),
  ];
  for (const time of times) {
    min_ms = Math.min(min_ms, time);
    max_ms = Math.max(max_ms, time);
  }
  return {
    ...state,
    min_ms,
    max_ms,
    rows: state.rows + rows.length - remove.length,
    cut_rows: state.cut_rows - cut + rows.filter((row) => row.doc.cut).length,
    cursor: batch.end ?? batch.cursor ?? state.cursor,
    ...(batch.end === undefined ? {} : { end: batch.end }),
  };
}

function factWithBytes(stored: StoredFact) {
  return { ...factOf(stored), bytes: stored.event };
}

/** The filter as it was last written out, and the calls since. */
function callFilter(db: Db): {
  has: Bloom['has'];
  add: (calls: readonly CallHash[], keep: Keep) => void;
} {
  const bloom = openBloom(metaOf(db, 'bloom') as Buffer);
  const save = db.prepare("UPDATE meta SET value = ? WHERE name = 'bloom'");
  const clear = db.prepare('DELETE FROM recent');
  const note = db.prepare('INSERT INTO recent VALUES (?, ?)');
  const noted = db.prepare<[number, number]>('SELECT a, b FROM recent').raw().all();
  let recent = noted.length;
  for (const call of noted) bloom.add(call);
  return {
    has: bloom.has,
    add: (calls, keep) => {
      for (const call of calls) bloom.add(call);
      recent += calls.length;
      if (keep === 'recent' && recent < RECENT) {
        for (const [a, b] of calls) note.run(a, b);
        return;
      }
      save.run(bloom.bits);
      clear.run();
      recent = 0;
    },
  };
}

/** Whether to write the whole filter out. */
type Keep = 'recent' | 'all';

function checkpoint(db: Db): void {
  db.pragma('wal_checkpoint(PASSIVE)');
}

/** Rows that one file may hold at most. */
export const FILE_ROWS = TIES;
