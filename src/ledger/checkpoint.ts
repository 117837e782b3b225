/** Checkpoints: the size and root of a tree in the text form of C2SP tlog-checkpoint, signed. */
import type { Signer } from '../seal/seal.ts';
import { parseBase64 } from './base64.ts';
import { openNote, type Problem, signNote, type Verifier } from './note.ts';
import { HASH_BYTES } from './tree.ts';

export type Checkpoint = {
  /** The log's name, which is its key's name too. */
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
};

/** `origin\nsize\nbase64(root)\n`. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${root.toString('base64')}\n`;
}

/** The checkpoint of a text without extension lines, or undefined for any other text. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const [origin, digits, base64, end, ...more] = text.split('\n');
  if (!origin || digits === undefined || end !== '' || more.length > 0) return undefined;
  const size = Number(digits);
  const root = parseBase64(base64 ?? '');
  if (!Number.isSafeInteger(size) || size < 0 || String(size) !== digits) return undefined;
  return root?.length === HASH_BYTES ? { origin, size, root } : undefined;
}

/** A signed note that claims `size` and `root` for the signer's log. */
export function signCheckpoint(tree: Omit<Checkpoint, 'origin'>, signer: Signer): string {
  return signNote(checkpointText({ ...tree, origin: signer.origin }), [signer]);
}

/** The checkpoint of a note that the log's key signed. */
export function openCheckpoint(
  note: Uint8Array | string,
  verifier: Verifier,
): Checkpoint | Problem {
  const opened = openNote(note, [verifier]);
  if ('problem' in opened) return opened;
  const checkpoint = parseCheckpoint(opened.text);
  if (checkpoint === undefined) return { problem: 'The signed text is not a checkpoint.' };
  if (checkpoint.origin !== verifier.name) {
    return { problem: `The checkpoint is of ${checkpoint.origin}, not of ${verifier.name}.` };
  }
  return checkpoint;
}
