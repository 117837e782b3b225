/** One server a data folder: a lock that the kernel gives back when its holder dies. */
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3-multiple-ciphers';
import { Fault } from '../fault/fault.ts';
import { errorCode, isFull, writeFault } from './disk.ts';

const LOCK = 'lock.db';
const HOLDER = 'lock.json';

/** Who holds a data folder, as `lock.json` beside the lock says it. */
export type Holder = { readonly pid: number; readonly host: string; readonly started_at: string };

export type FolderLock = { readonly holder: Holder; readonly release: () => void };

/** Of two that try at the same moment neither gets the lock, unless one outwaits the other. */
const RACE_MS = 100;

/** Held here too, so that no garbage collection closes a lock that somebody still counts on. */
const held = new Set<Database.Database>();

/**
 * Locks an existing data folder for this process; throws `data.locked` where another holds it.
 * SQLite's exclusive transaction is a POSIX record lock, which ends with its process, even by
 * kill -9; `lock.json` only says whose it is.
 */
export function lockFolder(folder: string, now: Date = new Date()): FolderLock {
  const path = join(folder, LOCK);
  makePrivate(folder, path);
  const lock = new Database(path, { timeout: RACE_MS });
  try {
    // OFF is refused by this build; a journal on the disk could not be made where that is full.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (isBusy(error)) throw locked(folder);
    throw new Fault('data.unwritable', `The lock of the data folder ${folder} does not work.`, {
      hint: 'Check the rights of the folder, and that it is on a local disk.',
      cause: error,
    });
  }
  held.add(lock);
  const holder = { pid: process.pid, host: hostname(), started_at: now.toISOString() };
  writeHolder(folder, holder);
  return { holder, release: () => release(folder, lock) };
}

/** Who holds the folder, as far as is known. */
export function readHolder(folder: string): Holder | undefined {
  try {
    const { pid, host, started_at } = JSON.parse(readFileSync(join(folder, HOLDER), 'utf8'));
    if (typeof pid !== 'number' || typeof host !== 'string') return undefined;
    return typeof started_at === 'string' ? { pid, host, started_at } : undefined;
  } catch {
    return undefined;
  }
}

/** Tells people alone: the lock holds without it, as where the disk is full. */
function writeHolder(folder: string, holder: Holder): void {
  try {
    writeFileSync(join(folder, HOLDER), `${JSON.stringify(holder)}\n`, { mode: 0o600 });
  } catch {
    removeHolder(folder);
  }
}

/** A note that stays names a process that is gone: the next holder writes over it. */
function removeHolder(folder: string): void {
  try {
    rmSync(join(folder, HOLDER), { force: true });
  } catch {
    // The lock must go on, or be given back, all the same.
  }
}

function release(folder: string, lock: Database.Database): void {
  if (!held.delete(lock)) return;
  removeHolder(folder);
  lock.close();
}

/** Made before SQLite does, for its mode; never opened again: closing it would free the lock. */
function makePrivate(folder: string, path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return;
    if (isFull(error)) throw writeFault(error, `the lock of the data folder ${folder}`);
    throw new Fault('data.unwritable', `The data folder is not writable: ${errorCode(error)}.`, {
      hint: 'Check that the folder exists and belongs to the user that runs Claw.',
      cause: error,
    });
  }
}

function isBusy(error: unknown): boolean {
  return /SQLITE_BUSY|database is locked/.test(`${errorCode(error)} ${error}`);
}

function locked(folder: string): Fault {
  const holder = readHolder(folder);
  const who =
    holder === undefined
      ? 'another process'
      : `process ${holder.pid} on ${holder.host} since ${holder.started_at}`;
  return new Fault('data.locked', `The data folder ${folder} is in use by ${who}.`, {
    hint: 'Stop that server, or give this one a data folder of its own.',
  });
}
