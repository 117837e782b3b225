/** Proof files: C2SP tlog-proof, made here and checked anywhere with only the verifier key. */
import { parseBase64 } from './base64.ts';
import { type Checkpoint, openCheckpoint } from './checkpoint.ts';
import { type Entry, openingProblem, parseEntry } from './entry.ts';
import { type Problem, parseVkey } from './note.ts';
import { HASH_BYTES, leafHash, verifyInclusion } from './tree.ts';

const HEADER = 'c2sp.org/tlog-proof@v1';
/** A path is no longer than the bits of a tree's size. */
const PATH_HASHES = 63;

/** What a proof file says. */
export type Proof = {
  readonly index: number;
  /** Hashes from the leaf's sibling up. */
  readonly path: readonly Buffer[];
  /** The signed checkpoint, verbatim. */
  readonly checkpoint: string;
};

/** `c2sp.org/tlog-proof@v1\nindex <n>\n<base64 hash>\n…\n\n<checkpoint>`. */
export function encodeProof({ index, path, checkpoint }: Proof): string {
  const hashes = path.map((step) => `${step.toString('base64')}\n`).join('');
  return `${HEADER}\nindex ${index}\n${hashes}\n${checkpoint}`;
}

/** A proof's parts, nothing checked but their form; an `extra` line is passed over. */
export function parseProof(text: string): Proof | Problem {
  const cut = text.indexOf('\n\n');
  const [header, ...lines] = text.slice(0, Math.max(cut, 0)).split('\n');
  if (header !== HEADER) return { problem: `The proof does not begin with ${HEADER}.` };
  if (lines[0]?.startsWith('extra ')) {
    if (!parseBase64(lines.shift()?.slice('extra '.length) ?? '')) return malformed('extra');
  }
  const [, digits] = lines.shift()?.match(/^index (0|[1-9]\d{0,15})$/) ?? [];
  if (digits === undefined || !Number.isSafeInteger(Number(digits))) return malformed('index');
  const path: Buffer[] = [];
  for (const line of lines) {
    const step = parseBase64(line);
    if (step?.length !== HASH_BYTES || path.length >= PATH_HASHES) return malformed('hash');
    path.push(step);
  }
  return { index: Number(digits), path, checkpoint: text.slice(cut + 2) };
}

/** A proof with what it is about; as `ProofFile` carries them. */
export type ProofParts = {
  readonly proof: string;
  /** The entry's exact bytes, as text. */
  readonly entry: string;
  /** Base64 salt and canonical event text. */
  readonly opening?: { readonly salt: string; readonly event: string } | undefined;
};

/** What a verified proof shows. */
export type Verified = {
  /** The signed tree that holds the entry. */
  readonly checkpoint: Checkpoint;
  readonly index: number;
  readonly entry: Entry;
  /** The canonical event text, where an opening was given: it is what was recorded. */
  readonly event?: string;
};

/** Checks signature, inclusion and opening, trusting nothing but the verifier key. */
export function verifyProof(parts: ProofParts, vkey: string): Verified | Problem {
  const verifier = parseVkey(vkey.trim());
  if ('problem' in verifier) return verifier;
  const proof = parseProof(parts.proof);
  if ('problem' in proof) return proof;
  const checkpoint = openCheckpoint(proof.checkpoint, verifier);
  if ('problem' in checkpoint) return checkpoint;
  const bytes = Buffer.from(parts.entry);
  const { index, path } = proof;
  const { size, root } = checkpoint;
  if (!verifyInclusion({ index, size, leaf: leafHash(bytes), path, root })) {
    return { problem: `The proof does not lead from the entry at ${index} to the signed root.` };
  }
  const entry = parseEntry(bytes);
  if (entry === undefined) return { problem: 'The entry is not of a form that Claw writes.' };
  const verified = { checkpoint, index, entry };
  if (parts.opening === undefined) return verified;
  const { salt: text, event } = parts.opening;
  const salt = parseBase64(text);
  if (salt === undefined) return { problem: 'The salt of the opening is not base64.' };
  const problem = openingProblem(entry, { salt, bytes: Buffer.from(event) });
  return problem === undefined ? { ...verified, event } : { problem };
}

function malformed(line: string): Problem {
  return { problem: `The proof has a malformed ${line} line.` };
}
