/** Looks at one file and replaces it whole: only while it is still the one that was looked at. */
import { createHash } from 'node:crypto';
import {
  type BigIntStats,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import type { Place, Refused } from './place.ts';

/** A regular file as it was read, or that there is none. */
export type Present =
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'file';
      readonly data: Buffer;
      readonly sha256: string;
      readonly stat: BigIntStats;
    };

/** Bytes of a file that is read and replaced. */
const FILE_BYTES = 67_108_864n;
const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

export function hashOf(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** What is undone, and where bytes go that belong nowhere any more. */
export type Undoing = { readonly place: Place; readonly keep: (data: Uint8Array) => void };

/**
 * Mends what a run that was killed left behind: what it had written aside goes, since that may be
 * the file's other name, and what it had taken away comes back where nothing came in its place.
 */
export function tidyUp(undoing: Undoing): void {
  const { place } = undoing;
  rmSync(asideOf(place), { force: true });
  if (statAt(awayOf(place)) !== undefined) putBack(undoing);
}

/** Follows no link, opens no pipe or device, and refuses a file that has other names too. */
export function look({ name, at }: Place): Present | Refused {
  return lookAt(at(name));
}

function lookAt(path: string): Present | Refused {
  const seen = statAt(path);
  if (seen === undefined) return { kind: 'absent' };
  if (seen.isSymbolicLink()) return { refused: 'link' };
  if (!seen.isFile()) return { refused: 'not_file' };
  if (seen.nlink > 1n) return { refused: 'hard_link' };
  if (seen.size > FILE_BYTES) return { refused: 'too_large' };
  const handle = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const data = readFileSync(handle);
    const stat = fstatSync(handle, { bigint: true });
    if (!isSame(stat, seen)) return { refused: 'raced' };
    return { kind: 'file', data, sha256: hashOf(data), stat };
  } finally {
    closeSync(handle);
  }
}

/**
 * Puts `data` in the place of a file that was looked at, with its mode and owner. A rename would
 * replace whatever a person put there since the last look, so the file is taken away, compared
 * once more, and only then the new one is put where nothing is: for that moment there is no file
 * of the name. What is written through a handle that was opened before is lost, as ever.
 */
export function replace(undoing: Undoing, present: Present, data: Uint8Array): Refused | undefined {
  if (present.kind === 'absent') return { refused: 'gone' };
  const { place } = undoing;
  const { stat } = present;
  const aside = writeAside(place, { data, mode: Number(stat.mode & 0o7777n), stat });
  try {
    if (!takenAway(undoing, present)) return { refused: 'raced' };
    if (!putIn(place, aside)) return { refused: 'raced' };
    rmSync(awayOf(place), { force: true });
  } finally {
    rmSync(aside, { force: true });
    if (statAt(awayOf(place)) !== undefined) putBack(undoing);
  }
  place.sync();
  return undefined;
}

/** Makes a file where there is none. */
export function make(
  place: Place,
  { data, mode }: { readonly data: Uint8Array; readonly mode: number },
): Refused | undefined {
  const aside = writeAside(place, { data, mode });
  try {
    if (!putIn(place, aside)) return { refused: 'exists' };
  } finally {
    rmSync(aside, { force: true });
  }
  place.sync();
  return undefined;
}

/** Removes a file that was looked at. */
export function remove(undoing: Undoing, present: Present): Refused | undefined {
  if (present.kind === 'absent') return { refused: 'gone' };
  if (!takenAway(undoing, present)) return { refused: 'raced' };
  rmSync(awayOf(undoing.place), { force: true });
  undoing.place.sync();
  return undefined;
}

/** Whether what is now beside its place is what was looked at; anything else is put back. */
function takenAway(undoing: Undoing, present: Present & { readonly kind: 'file' }): boolean {
  const { place } = undoing;
  if (statAt(awayOf(place)) !== undefined || !isStill(place, present.stat)) return false;
  try {
    renameSync(place.at(place.name), awayOf(place));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
  if (isUnchanged(lookAt(awayOf(place)), present)) return true;
  putBack(undoing);
  return false;
}

/** Where its place was taken meanwhile, the bytes are kept and nothing stays beside the file. */
function putBack({ place, keep }: Undoing): void {
  const away = awayOf(place);
  if (putIn(place, away)) {
    place.sync();
    return;
  }
  const here = statAt(place.at(place.name));
  const there = lookAt(away);
  if ('refused' in there) {
    // A put back that was cut off: the file has both names.
    const { dev, ino } = statAt(away) ?? {};
    if (here !== undefined && here.dev === dev && here.ino === ino) rmSync(away, { force: true });
    return;
  }
  if (there.kind === 'absent') return;
  keep(there.data);
  rmSync(away, { force: true });
}

/** File systems without links, links to others' files, and folders, which have none. */
const UNLINKABLE: ReadonlySet<unknown> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** Unlike a rename a link never takes the place of what came there meanwhile: false then. */
function putIn({ name, at }: Place, from: string): boolean {
  try {
    linkSync(from, at(name));
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    if (!UNLINKABLE.has(codeOf(error))) throw error;
    if (statAt(at(name)) !== undefined) return false;
    renameSync(from, at(name));
  }
  rmSync(from, { force: true });
  return true;
}

function isUnchanged(now: Present | Refused, then: Present & { readonly kind: 'file' }): boolean {
  if ('refused' in now || now.kind === 'absent') return false;
  const isOne = (['dev', 'ino', 'mode', 'uid', 'gid'] as const).every(
    (field) => now.stat[field] === then.stat[field],
  );
  return isOne && now.data.equals(then.data);
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

type Writing = {
  readonly data: Uint8Array;
  readonly mode: number;
  /** Whose owner it gets. */
  readonly stat?: BigIntStats;
};

/**
 * The same name in each run: what a run that was killed left behind is replaced by the next one.
 */
function writeAside(place: Place, { data, mode, stat }: Writing): string {
  const aside = asideOf(place);
  rmSync(aside, { force: true });
  const handle = openSync(aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    writeFileSync(handle, data);
    const made = fstatSync(handle, { bigint: true });
    if (stat && (stat.uid !== made.uid || stat.gid !== made.gid)) {
      fchownSync(handle, Number(stat.uid), Number(stat.gid));
    }
    fchmodSync(handle, mode);
    fsyncSync(handle);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  } finally {
    closeSync(handle);
  }
  return aside;
}

function asideOf({ name, at }: Place): string {
  return at(`.claw-rollback-${hashOf(Buffer.from(name)).slice(0, 16)}`);
}

function awayOf(place: Place): string {
  return `${asideOf(place)}-was`;
}

function isStill({ name, at }: Place, stat: BigIntStats): boolean {
  const now = statAt(at(name));
  return now !== undefined && isSame(now, stat);
}

function statAt(path: string): BigIntStats | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false });
}

function isSame(one: BigIntStats, other: BigIntStats): boolean {
  return (
    one.dev === other.dev &&
    one.ino === other.ino &&
    one.size === other.size &&
    one.mtimeNs === other.mtimeNs &&
    one.ctimeNs === other.ctimeNs
  );
}
