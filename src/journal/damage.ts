/** Tells a write that the machine never finished from damage to what was durable. */
import { Fault } from '../fault/fault.ts';
import { PARTIAL, probeFrame } from './frame.ts';

/** The least that a disk writes or leaves unwritten; what it never wrote reads as zeros. */
const SECTOR_BYTES = 512;

/** The end of the last file from its first damaged byte on, and what follows the damage. */
export type BrokenTail = {
  /** Offset in the file of the first damaged byte. */
  readonly offset: number;
  /** The damaged range, as far as it was read. */
  readonly bytes: Buffer;
  /** Whether the damaged range reaches the file's end: no whole frame follows. */
  readonly last: boolean;
  /** The seq that is missing first. */
  readonly seq: number;
  /** The highest `synced` of the frames that follow. */
  readonly synced: number;
};

/**
 * Whether a crash explains the tail. A killed process leaves a part of a frame at the end; a
 * machine that stops leaves sectors of the last write unwritten, perhaps with later ones written,
 * but never under a frame that was made after the damaged bytes were synced. Anything else was
 * changed, and is kept as evidence.
 */
export function isTorn(tail: BrokenTail): boolean {
  if (tail.synced > tail.seq) return false;
  if (hasUnwrittenSector(tail)) return true;
  return tail.last && probeFrame(tail.bytes, 0) === PARTIAL;
}

export function damaged(where: {
  readonly file: string;
  readonly offset: number;
  readonly seq: number;
  readonly problem: string;
}): Fault {
  const { file, offset, seq, problem } = where;
  return new Fault(
    'journal.damaged',
    `The journal file ${file} ${problem} at byte ${offset}, where seq ${seq} should be.`,
    {
      hint:
        'Keep a copy of the data folder, run "clawctl verify" to see what is lost, ' +
        'and put the file back from a backup.',
    },
  );
}

/** Looks at each sector's part of the range; one at its end counts only at the file's end. */
function hasUnwrittenSector({ offset, bytes, last }: BrokenTail): boolean {
  let from = 0;
  while (from < bytes.length) {
    const end = from + SECTOR_BYTES - ((offset + from) % SECTOR_BYTES);
    if (end > bytes.length && !last) return false;
    if (bytes.subarray(from, end).every((byte) => byte === 0)) return true;
    from = end;
  }
  return false;
}
