/** Opens index files: encrypted and authenticated page by page, each under a key of its own. */
import { hkdfSync } from 'node:crypto';
import { closeSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3-multiple-ciphers';
import { Fault } from '../../fault/fault.ts';
import { readFault } from '../../store/disk.ts';
import { DDL, SCHEMA } from './schema.ts';

export type { Database };
export type Db = Database.Database;

/** Statements by their text, kept: preparing one costs more than most answers. */
export type Prepare = <T>(sql: string) => Database.Statement<T>;

/** Where the files are and what opens them. */
export type Place = { readonly dir: string; readonly key: Uint8Array };

/** What a file is to readers and to the order of files. */
export type FileInfo = {
  /** The first `seq` whose rows it may hold; also its name. */
  readonly base: number;
  /** Times of its oldest and newest row, Unix milliseconds. */
  readonly min_ms: number;
  readonly max_ms: number;
};

/** Kept in each file with its rows, in the same transaction. */
export type FileState = FileInfo & {
  /** Base of the engine's oldest file, so that a missing one is noticed. */
  readonly first: number;
  /** The `seq` to read next, when this file was last written as the newest. */
  readonly cursor: number;
  /** Base of the file that follows, once it is full. */
  readonly end?: number;
  readonly rows: number;
  readonly cut_rows: number;
};

const NAME = /^(\d{16})\.db$/;
const BUSY_MS = 10_000;
const NEVER_MS = Number.MAX_SAFE_INTEGER;

/** Bases of the files in the folder, in order. */
export function basesIn(dir: string): number[] {
  return namesIn(dir)
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    throw readFault(error, `the index folder ${dir}`);
  }
}

export function fileName(base: number): string {
  return `${String(base).padStart(16, '0')}.db`;
}

/** What a file without rows says of itself. */
export function emptyState(base: number, first: number): FileState {
  return { base, first, cursor: base, rows: 0, cut_rows: 0, min_ms: NEVER_MS, max_ms: -1 };
}

/** A new file with empty tables, mode 0600: whole after a crash, or `isUnborn`. */
export function createFile(place: Place, state: FileState, bloom: Buffer): Db {
  return guarded(state.base, () => {
    closeSync(openSync(join(place.dir, fileName(state.base)), 'wx', 0o600));
    const db = connect(place, state.base, {});
    db.pragma('journal_mode = WAL');
    db.exec(`BEGIN; ${DDL}`);
    const put = db.prepare('INSERT INTO meta VALUES (?, ?)');
    put.run('schema', SCHEMA);
    put.run('state', JSON.stringify(state));
    put.run('bloom', bloom);
    db.exec('COMMIT');
    return db;
  });
}

/** An existing file. Throws `engine.damaged` where it cannot be read with this key. */
export function openFile(place: Place, base: number, mode: 'read' | 'write'): Db {
  return guarded(base, () => {
    const db = connect(place, base, { fileMustExist: true, readonly: mode === 'read' });
    if (metaOf(db, 'schema') === SCHEMA) return db;
    db.close();
    const what = `Index file ${fileName(base)} is of another version of Claw, or incomplete.`;
    throw new Fault('engine.damaged', what, REINDEX);
  });
}

/** Whether the file was being created when the process stopped: nothing was ever in it. */
export function isUnborn(place: Place, base: number): boolean {
  return guarded(base, () => {
    const db = connect(place, base, { fileMustExist: true });
    const unborn = metaOf(db, 'schema') === undefined;
    db.close();
    return unborn;
  });
}

export function removeFile({ dir }: Place, base: number): void {
  for (const suffix of ['', '-wal', '-shm']) {
    rmSync(join(dir, fileName(base) + suffix), { force: true });
  }
}

export function stateOf(db: Db): FileState {
  return JSON.parse(String(metaOf(db, 'state'))) as FileState;
}

export function metaOf(db: Db, name: string): unknown {
  const tables = db.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'meta'").pluck();
  if (tables.get() === 0) return undefined;
  return db.prepare('SELECT value FROM meta WHERE name = ?').pluck().get(name);
}

/** Runs what reads or writes a file; SQLite's errors become faults that name the way out. */
export function guarded<T>(base: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw faultOf(error, base);
  }
}

export const REINDEX = { hint: 'Run clawctl reindex: it rebuilds the index from the journal.' };

function connect({ dir, key }: Place, base: number, options: Database.Options): Db {
  const db = new Database(join(dir, fileName(base)), { ...options, timeout: BUSY_MS });
  db.pragma("cipher = 'aegis'");
  db.pragma(`key = "raw:${fileKey(key, base).toString('hex')}"`);
  // A large page is sealed once where four small ones are: a third more rows a second (measured).
  db.pragma('page_size = 16384');
  db.pragma('temp_store = MEMORY');
  // Each commit syncs its own pages: at a checkpoint the pages of many commits would go to the disk
  // at once, and the journal's syncs would wait behind them (measured: 25 to 60 ms, instead of 8).
  db.pragma('synchronous = FULL');
  db.pragma('journal_size_limit = 67108864');
  db.pragma('wal_autocheckpoint = 2000');
  resizeCache(db, 'small');
  return db;
}

/** Pages that a connection keeps: many for the file that is being filled, few for each other. */
export function resizeCache(db: Db, size: keyof typeof CACHE_KIB): void {
  db.pragma(`cache_size = -${CACHE_KIB[size]}`);
  if (size === 'small') db.pragma('shrink_memory');
}

const CACHE_KIB = { small: 4096, large: 65_536 };

/** A key a file, so that no page of one file passes for a page of another. */
function fileKey(key: Uint8Array, base: number): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', `claw/index/v1/${base}`, 32));
}

function faultOf(error: unknown, base: number): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const name = fileName(base);
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) {
    const what = `Index file ${name} is damaged, or was written with another key.`;
    return new Fault('engine.damaged', what, { ...REINDEX, cause: error });
  }
  if (code === 'SQLITE_FULL' || code === 'ENOSPC') {
    return new Fault('data.full', `The disk is full: index file ${name} cannot grow.`, {
      cause: error,
    });
  }
  if (/^(SQLITE_(IOERR|CANTOPEN|READONLY|BUSY|PERM)|E[A-Z]+$)/.test(code)) {
    const what = `Index file ${name} cannot be read or written (${code}).`;
    return new Fault('data.unwritable', what, { cause: error });
  }
  return error;
}
