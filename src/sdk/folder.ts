/** The spool's folder: whose each file is, how it changes hands, how much there is. */
import { createHash, randomBytes } from 'node:crypto';
import { type Dirent, lstatSync, mkdirSync, readdirSync, renameSync, utimesSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Fault } from '../fault/fault.ts';

/**
 * `<time>-<random>.ndjson` is ready for any process. With `.<host>-<pid>-<random>` behind it, it
 * belongs to that process, which is writing or sending it. Changing hands is one rename, so that
 * only one process can win; a file never changes after it became ready.
 */
export type Held = { readonly name: string; readonly path: string };

export type Folder = {
  /** Makes it with mode 0700. Throws `data.unwritable` where others could write to it. */
  readonly prepare: () => void;
  /** A new file's name, ours from the first byte. */
  readonly fresh: () => Held;
  /** Ours: a ready file, or one whose process is gone. Undefined where another was faster. */
  readonly claim: (name: string) => Held | undefined;
  /** Ready for any process. False where somebody took it from us meanwhile. */
  readonly release: (held: Held) => boolean;
  /** Files that may be claimed now, oldest first, and the bytes of all. */
  readonly scan: () => { readonly claimable: readonly string[]; readonly used_bytes: number };
};

const READY = /^\d{13}-[0-9a-f]{8}\.ndjson$/;
const OWNED = /^(\d{13}-[0-9a-f]{8}\.ndjson)\.([0-9a-f]{8})-(\d{1,10})-([0-9a-f]{8})$/;
/** A file whose process may be another one of the same number: ours after this silence. */
const LEASE_MS = 120_000;
/** What a file takes on disk at least, so that small ones are bounded too. */
export const BLOCK_BYTES = 4096;

const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
/** The owners in this process, which are alive as long as it is. */
const alive = new Set<string>();

export function openFolder(path: string): Folder {
  const owner = `${host}-${process.pid}-${randomBytes(4).toString('hex')}`;
  alive.add(owner);
  const held = (name: string): Held => ({ name, path: join(path, `${name}.${owner}`) });
  return {
    prepare: () => prepare(path),
    fresh: () =>
      held(`${String(Date.now()).padStart(13, '0')}-${randomBytes(4).toString('hex')}.ndjson`),
    claim: (entry) => {
      const mine = held(OWNED.exec(entry)?.[1] ?? entry);
      if (!moved(join(path, entry), mine.path)) return undefined;
      const now = new Date();
      try {
        utimesSync(mine.path, now, now);
      } catch {
        // Without the fresh time another process may take it sooner: sent twice, recorded once.
      }
      return mine;
    },
    release: (mine) => moved(mine.path, join(path, mine.name)),
    scan: () => scan(path),
  };
}

function prepare(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new Fault('data.unwritable', `The spool folder ${path} cannot be made.`, { cause });
  }
  check(path);
}

/** Who can write there could plant events under our credential. */
function check(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  const uid = process.getuid?.();
  if (!found.isDirectory() || (uid !== undefined && (found.uid !== uid || found.mode & 0o022))) {
    throw new Fault('data.unwritable', `The spool folder ${path} is open to others.`, {
      hint: 'It must be a folder of the agent’s own user with mode 0700.',
    });
  }
}

function moved(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function scan(path: string): { claimable: string[]; used_bytes: number } {
  check(path);
  const claimable: string[] = [];
  let used_bytes = 0;
  for (const entry of list(path)) {
    if (!entry.isFile() || !(READY.test(entry.name) || OWNED.test(entry.name))) continue;
    const found = lstatSync(join(path, entry.name), { throwIfNoEntry: false });
    if (!found) continue;
    used_bytes += Math.max(found.size, BLOCK_BYTES);
    if (READY.test(entry.name) || gone(entry.name, found.mtimeMs)) claimable.push(entry.name);
  }
  return { claimable: claimable.sort(), used_bytes };
}

function list(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Wrongly called gone, a live process's file is sent twice and, by its events' ids, kept once. */
function gone(name: string, touched_ms: number): boolean {
  const [, , on, pid, random] = OWNED.exec(name) ?? [];
  if (alive.has(`${on}-${pid}-${random}`)) return false;
  if (on === host && !running(Number(pid))) return true;
  return Date.now() - touched_ms > LEASE_MS;
}

function running(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
