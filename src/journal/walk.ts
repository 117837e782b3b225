/** Walks the frames of an opened file through a window of bounded size. */
import type { Disk } from '../store/disk.ts';
import { NO_FRAME, nextMagic, PARTIAL, probeFrame } from './frame.ts';

const WINDOW_BYTES = 4 * 1024 * 1024;

export type WalkSource = {
  readonly disk: Disk;
  readonly file: number;
  /** Offsets in the file: the first byte to look at, and the one after the last. */
  readonly from: number;
  readonly to: number;
};

/** A whole frame at `at` of the window, or a damaged range; offsets are the file's. */
type Found =
  | { readonly kind: 'frame'; readonly at: number; readonly offset: number; readonly bytes: number }
  | { readonly kind: 'damage'; readonly offset: number; readonly bytes: number };

/** The next part of a file. `window` is used again for the part after it: copy what you keep. */
export type Walked = { readonly window: Buffer; readonly found: readonly Found[] };

/** Every frame and every damaged range in order; resyncs past damage. */
export async function* walkFrames(source: WalkSource): AsyncGenerator<Walked, void, void> {
  const { disk, file, to } = source;
  let buffer = Buffer.allocUnsafe(Math.min(WINDOW_BYTES, Math.max(1, to - source.from)));
  let damage: Range | undefined;
  let position = source.from;

  while (position < to) {
    const wanted = buffer.subarray(0, Math.min(buffer.length, to - position));
    const window = wanted.subarray(0, await disk.read(file, wanted, position));
    const last = window.length < wanted.length || position + window.length >= to;
    const part = walkWindow({ window, position, last, damage });
    yield { window, found: part.found };
    damage = part.damage;
    position += part.bytes;
    if (last) break;
    if (part.bytes === 0) buffer = Buffer.allocUnsafe(buffer.length * 2);
  }
  if (damage !== undefined)
    yield { window: Buffer.alloc(0), found: [{ kind: 'damage', ...damage }] };
}

type Range = { readonly offset: number; readonly bytes: number };

type Window = {
  readonly window: Buffer;
  readonly position: number;
  /** Whether no bytes follow the window. */
  readonly last: boolean;
  /** Damage that reaches from before into this window. */
  readonly damage: Range | undefined;
};

function walkWindow({ window, position, last, ...before }: Window) {
  const found: Found[] = [];
  let { damage } = before;
  let at = 0;
  while (at < window.length) {
    const offset = position + at;
    const bytes = probeFrame(window, at);
    if (bytes === PARTIAL && !last) break;
    if (bytes === PARTIAL || bytes === NO_FRAME) {
      const next = nextMagic(window, at + 1);
      const from = damage?.offset ?? offset;
      damage = { offset: from, bytes: position + next - from };
      at = next;
    } else {
      if (damage !== undefined) found.push({ kind: 'damage', ...damage });
      damage = undefined;
      found.push({ kind: 'frame', at, offset, bytes });
      at += bytes;
    }
  }
  return { found, damage, bytes: at };
}
