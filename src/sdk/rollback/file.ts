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
  unlinkSync,
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

/** Removes what a run that was killed left beside the file: it may be the file's other name. */
export function tidyUp(place: Place): void {
  rmSync(asideOf(place), { force: true });
}

/** Follows no link, opens no pipe or device, and refuses a file that has other names too. */
export function look({ name, at }: Place): Present | Refused {
  const seen = statAt(at(name));
  if (seen === undefined) return { kind: 'absent' };
  if (seen.isSymbolicLink()) return { refused: 'link' };
  if (!seen.isFile()) return { refused: 'not_file' };
  if (seen.nlink > 1n) return { refused: 'hard_link' };
  if (seen.size > FILE_BYTES) return { refused: 'too_large' };
  const handle = openSync(at(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const data = readFileSync(handle);
    const stat = fstatSync(handle, { bigint: true });
    if (!isSame(stat, seen)) return { refused: 'raced' };
    return { kind: 'file', data, sha256: hashOf(data), stat };
  } finally {
    closeSync(handle);
  }
}

/** Puts `data` in the place of a file that was looked at, with its mode and owner. */
export function replace(place: Place, present: Present, data: Uint8Array): Refused | undefined {
  if (present.kind === 'absent') return { refused: 'gone' };
  const { stat } = present;
  const aside = writeAside(place, { data, mode: Number(stat.mode & 0o7777n), stat });
  try {
    if (!isStill(place, stat)) return { refused: 'raced' };
    renameSync(aside, place.at(place.name));
  } finally {
    rmSync(aside, { force: true });
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
    // Unlike a rename a link never takes the place of what came there meanwhile.
    linkSync(aside, place.at(place.name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return { refused: 'exists' };
    throw error;
  } finally {
    rmSync(aside, { force: true });
  }
  place.sync();
  return undefined;
}

/** Removes a file that was looked at. */
export function remove(place: Place, present: Present): Refused | undefined {
  if (present.kind === 'absent') return { refused: 'gone' };
  if (!isStill(place, present.stat)) return { refused: 'raced' };
  unlinkSync(place.at(place.name));
  place.sync();
  return undefined;
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
