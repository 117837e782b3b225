/** Hashes and keeps small files around an operation, so that a rollback can restore them. */
import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** As `attributes.preimages` and `attributes.postimages` hold it. */
export type Snapshot = { readonly path: string } & (
  | { readonly absent: true }
  | {
      readonly sha256: string;
      readonly bytes: number;
      readonly mode: number;
      /** Only of a preimage, and only of a file that is small enough. */
      readonly content?: string;
      readonly encoding?: 'base64';
    }
);

export type SnapshotLimits = {
  /** Files up to this size are kept whole; 1 MiB where absent. */
  readonly file_bytes?: number;
};

const FILE_BYTES = 1_048_576;
/** Larger files are not even hashed. */
const HASHED_BYTES = 33_554_432;
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/** What stands at the paths before they are changed; what is no regular file is left out. */
export function preimages(
  paths: readonly string[],
  { file_bytes = FILE_BYTES }: SnapshotLimits,
): readonly Snapshot[] {
  return paths.flatMap((path) => snapshot(path, file_bytes) ?? []);
}

/** What stands there afterwards: by its hash alone. */
export function postimages(before: readonly Snapshot[]): readonly Snapshot[] {
  return before.flatMap(({ path }) => snapshot(path, -1) ?? []);
}

function snapshot(given: string, file_bytes: number): Snapshot | undefined {
  const path = resolve(given);
  let handle: number;
  try {
    handle = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? { path, absent: true } : undefined;
  }
  try {
    const stat = fstatSync(handle);
    if (!stat.isFile() || stat.size > HASHED_BYTES) return undefined;
    const data = readFileSync(handle);
    const sha256 = createHash('sha256').update(data).digest('hex');
    const facts = { path, sha256, bytes: data.length, mode: stat.mode & 0o777 };
    if (data.length > file_bytes) return facts;
    const content = data.toString();
    if (Buffer.from(content).equals(data)) return { ...facts, content };
    return { ...facts, content: data.toString('base64'), encoding: 'base64' };
  } finally {
    closeSync(handle);
  }
}
