/** What a verifier is handed: notes, keys, checkpoints, proofs, entries. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { openCheckpoint, parseCheckpoint, signCheckpoint } from '../../../src/ledger/checkpoint.ts';
import { entryBytes, parseEntry } from '../../../src/ledger/entry.ts';
import { formatVkey, openNote, parseVkey, verifierOf } from '../../../src/ledger/note.ts';
import { encodeProof, parseProof, verifyProof } from '../../../src/ledger/proof.ts';
import { leafHash, nodeHash } from '../../../src/ledger/tree.ts';
import { sealedEvent, signerOf, testOpener } from '../../ledger/fixture.ts';
import type { Target } from '../target.ts';

const SIGNER = signerOf('a');
const VERIFIER = verifierOf(SIGNER);
const VKEY = formatVkey(SIGNER);
const EVENTS = [sealedEvent('a', 0), sealedEvent('a', 1)] as const;
const [LEFT, RIGHT] = EVENTS.map((event) => leafHash(entryBytes(event))) as [Buffer, Buffer];
const CHECKPOINT = signCheckpoint({ size: 2, root: nodeHash(LEFT, RIGHT) }, SIGNER);
const PARTS = {
  proof: encodeProof({ index: 1, path: [LEFT], checkpoint: CHECKPOINT }),
  entry: entryBytes(EVENTS[1]).toString(),
  opening: openingOf(),
};
const WORDS = ['\n', '\n\n', '— ', 'c2sp.org/tlog-proof@v1', 'index ', 'extra ', '=', 'AAAA', '+'];
const text = fc.oneof(
  fc.string(),
  fc.array(fc.constantFrom(...WORDS, 'a')).map((parts) => parts.join('')),
);

function openingOf() {
  const opened = testOpener().open(EVENTS[1]);
  assert.ok('salt' in opened);
  return { salt: opened.salt.toString('base64'), event: opened.bytes.toString() };
}

/** Nobody but the key's holder makes a note that opens, whatever is changed about one. */
const note: Target = {
  name: 'note',
  seeds: () => [CHECKPOINT, CHECKPOINT.replace('\n2\n', '\n3\n'), `${CHECKPOINT}${CHECKPOINT}`],
  words: WORDS,
  made: text,
  check: (input) => {
    const opened = openNote(input, [VERIFIER]);
    const signed = CHECKPOINT.slice(0, CHECKPOINT.indexOf('\n\n') + 1);
    if ('text' in opened) assert.equal(opened.text, signed);
    const checkpoint = openCheckpoint(input, VERIFIER);
    if ('size' in checkpoint) assert.equal(checkpoint.size, 2);
    parseCheckpoint(input.toString());
  },
};

const vkey: Target = {
  name: 'vkey',
  seeds: () => [VKEY, `${VKEY}\n`, 'a+b+c'],
  words: WORDS,
  made: text,
  check: (input) => {
    const parsed = parseVkey(input.toString());
    if (!('keyId' in parsed)) return;
    assert.equal(parsed.name, input.toString().split('+')[0]);
    assert.ok(verifyProof(PARTS, input.toString()));
  },
};

/** A proof of anything verifies only as that of the very event that was recorded. */
const proof: Target = {
  name: 'proof',
  seeds: () => [JSON.stringify(PARTS), JSON.stringify({ ...PARTS, opening: undefined })],
  words: [...WORDS, '"opening"', '"entry"', '\\n'],
  made: fc
    .record({
      proof: text,
      entry: text,
      opening: fc.option(fc.record({ salt: text, event: text })),
    })
    .map((parts) => JSON.stringify(parts)),
  check: (input) => {
    parseProof(input.toString());
    const parts = partsOf(input.toString());
    if (parts === undefined) return;
    const verified = verifyProof(parts, VKEY);
    if ('problem' in verified) return;
    assert.equal(verified.index, 1);
    assert.equal(verified.entry.id, EVENTS[1].id);
    assert.ok(verified.event === undefined || verified.event === PARTS.opening.event);
  },
  cost: 3,
};

function partsOf(json: string): typeof PARTS | undefined {
  try {
    const { proof, entry, opening } = JSON.parse(json);
    const texts = [proof, entry, ...(opening === undefined ? [] : [opening.salt, opening.event])];
    return texts.every((each) => typeof each === 'string') ? { proof, entry, opening } : undefined;
  } catch {
    return undefined;
  }
}

/** An entry has one byte form. */
const entry: Target = {
  name: 'entry',
  seeds: () => [PARTS.entry],
  words: ['"v":1', '"at":"', '"c":"', '"id":"', '.000Z', '0'],
  made: text,
  check: (input) => {
    const parsed = parseEntry(input);
    if (parsed !== undefined) assert.ok(entryBytes(parsed).equals(input));
  },
};

export const proofTargets: readonly Target[] = [note, vkey, proof, entry];
