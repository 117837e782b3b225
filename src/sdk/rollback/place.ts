/** Finds the folder of a file below the roots that a user named, through no symbolic link. */
import {
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  realpathSync,
} from 'node:fs';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { Fault } from '../../fault/fault.ts';

/** A folder below which files may be touched. */
export type Root = { readonly given: string; readonly real: string };

/** Why a file is not touched. */
export type Refusal =
  | 'outside'
  | 'bad_path'
  | 'protected'
  | 'link'
  | 'not_file'
  | 'hard_link'
  | 'too_large'
  | 'bad_plan'
  | 'changed'
  | 'line_endings'
  | 'exists'
  | 'gone'
  | 'raced';

export type Refused = { readonly refused: Refusal };

/** An opened folder: `at(name)` is a path in exactly that folder, whatever is renamed above it. */
export type Place = {
  readonly name: string;
  readonly at: (name: string) => string;
  readonly sync: () => void;
  readonly close: () => void;
};

const PATH_CHARS = 4096;
/** Writing there makes programs run: what an agent did to it is for a person. */
const PROTECTED = /^\.(git|claw)$/i;
const { O_RDONLY, O_DIRECTORY = 0, O_NOFOLLOW = 0 } = constants;

/** Throws `data.missing` where a root does not exist. */
export function openRoots(given: readonly string[]): readonly Root[] {
  return given.map((one) => {
    try {
      return { given: resolve(one), real: realpathSync(one) };
    } catch (cause) {
      const message = `The folder ${one} does not exist or cannot be read.`;
      throw new Fault('data.missing', message, { field: 'root', cause });
    }
  });
}

/** `missing`: whether folders above the file are made, or it counts as gone. */
export function openPlace(
  path: string,
  { roots, missing }: { readonly roots: readonly Root[]; readonly missing: 'make' | 'gone' },
): Place | Refused {
  if (!isAbsolute(path) || path.includes('\0') || path.length > PATH_CHARS) return BAD;
  if (resolve(path) !== path) return BAD;
  const found = below(path, roots);
  if (found === undefined) return { refused: 'outside' };
  const parts = found.rest.split(sep);
  if (parts.some((part) => PROTECTED.test(part))) return { refused: 'protected' };
  const name = parts.pop() ?? '';
  let folder = found.root.real;
  for (const part of parts) {
    folder = join(folder, part);
    const stat = lstatSync(folder, { throwIfNoEntry: false });
    if (stat?.isSymbolicLink()) return { refused: 'link' };
    if (stat && !stat.isDirectory()) return { refused: 'not_file' };
    if (stat) continue;
    if (missing === 'gone') return { refused: 'gone' };
    mkdirSync(folder);
  }
  return opened(folder, name);
}

const BAD: Refused = { refused: 'bad_path' };

function below(path: string, roots: readonly Root[]) {
  for (const root of roots) {
    for (const base of [root.given, root.real]) {
      const rest = relative(base, path);
      if (rest === '' || rest === '..' || rest.startsWith(`..${sep}`) || isAbsolute(rest)) continue;
      return { root, rest };
    }
  }
  return undefined;
}

/** On Linux a folder stays the one that was checked: its files are reached through its handle. */
function opened(folder: string, name: string): Place | Refused {
  const handle = openSync(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  const own = `/proc/self/fd/${handle}`;
  const real = process.platform === 'linux' ? linkedTo(own) : undefined;
  const now = real ?? realpathSync(folder);
  if (now !== folder) {
    closeSync(handle);
    return { refused: 'link' };
  }
  const base = real === undefined ? folder : own;
  return {
    name,
    at: (one) => join(base, one),
    sync: () => syncFolder(handle),
    close: () => closeSync(handle),
  };
}

function linkedTo(handle: string): string | undefined {
  try {
    return readlinkSync(handle);
  } catch {
    // No /proc here: the plain path has to do.
    return undefined;
  }
}

function syncFolder(handle: number): void {
  try {
    fsyncSync(handle);
  } catch {
    // Some file systems cannot sync a folder; the file itself is synced.
  }
}
