import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canonicalBytes } from '../../src/event/canonical.ts';
import { signCheckpoint } from '../../src/ledger/checkpoint.ts';
import { entryBytes, openingProblem, parseEntry } from '../../src/ledger/entry.ts';
import { formatVkey } from '../../src/ledger/note.ts';
import { encodeProof, type ProofParts, parseProof, verifyProof } from '../../src/ledger/proof.ts';
import { leafHash, nodeHash } from '../../src/ledger/tree.ts';
import { sealedEvent, signerOf, testOpener } from './fixture.ts';

const signer = signerOf('a');
const vkey = formatVkey(signer);
const events = [sealedEvent('a', 0), sealedEvent('a', 1), sealedEvent('a', 2)] as const;
const leaves = events.map((event) => leafHash(entryBytes(event))) as [Buffer, Buffer, Buffer];
const left = nodeHash(leaves[0], leaves[1]);
const checkpoint = signCheckpoint({ size: 3, root: nodeHash(left, leaves[2]) }, signer);

function partsOf(): Required<ProofParts> & { readonly opening: object } {
  const opened = testOpener().open(events[1]);
  assert.ok('salt' in opened);
  return {
    proof: encodeProof({ index: 1, path: [leaves[0], leaves[2]], checkpoint }),
    entry: entryBytes(events[1]).toString(),
    opening: { salt: opened.salt.toString('base64'), event: opened.bytes.toString() },
  };
}

describe('an entry', () => {
  it('has the canonical JSON of at, c, id and v', () => {
    const [{ id, at_ms, commitment }] = events;
    const c = Buffer.from(commitment).toString('hex');
    const at = new Date(at_ms).toISOString();
    assert.deepEqual(entryBytes(events[0]), canonicalBytes({ v: 1, id, at, c }));
  });

  it('comes back from its bytes, and from no others', () => {
    const bytes = entryBytes(events[0]);
    const { id, at_ms, commitment } = events[0];
    assert.deepEqual(parseEntry(bytes), { id, at_ms, commitment });
    const text = bytes.toString();
    for (const other of [
      ` ${text}`,
      `${text}\n`,
      text.replace('"v":1', '"v":2'),
      text.replace('.000Z', '.000z'),
      text.replace('2026-01-01', '2026-02-30'),
      text.replace('{', '{"a":1,'),
      text.toUpperCase(),
    ]) {
      assert.equal(parseEntry(Buffer.from(other)), undefined, other);
    }
  });

  it('is opened by its salt and event alone', () => {
    const opened = testOpener().open(events[0]);
    assert.ok('salt' in opened);
    assert.equal(openingProblem(events[0], opened), undefined);
    assert.ok(openingProblem(events[1], opened));
    assert.ok(openingProblem({ ...events[0], id: events[1].id }, opened));
    assert.ok(openingProblem(events[0], { ...opened, salt: Buffer.alloc(32) }));
  });
});

describe('a proof file', () => {
  it('has the form of C2SP tlog-proof', () => {
    const [first, third] = [leaves[0].toString('base64'), leaves[2].toString('base64')];
    const text = `c2sp.org/tlog-proof@v1\nindex 1\n${first}\n${third}\n\n${checkpoint}`;
    assert.equal(partsOf().proof, text);
    assert.deepEqual(parseProof(text), { index: 1, path: [leaves[0], leaves[2]], checkpoint });
    const extra = text.replace('index', 'extra AAAA\nindex');
    assert.deepEqual(parseProof(extra), parseProof(text));
  });

  it('of a tree of one entry has no path', () => {
    const note = signCheckpoint({ size: 1, root: leaves[0] }, signer);
    const proof = encodeProof({ index: 0, path: [], checkpoint: note });
    const verified = verifyProof({ proof, entry: entryBytes(events[0]).toString() }, vkey);
    assert.ok('index' in verified, JSON.stringify(verified));
  });

  it('shows index, tree, entry and event to who has the verifier key', () => {
    const verified = verifyProof(partsOf(), `${vkey}\n`);
    assert.ok('index' in verified, JSON.stringify(verified));
    assert.equal(verified.index, 1);
    assert.equal(verified.checkpoint.size, 3);
    assert.equal(verified.entry.id, events[1].id);
    assert.equal(JSON.parse(verified.event ?? '').id, events[1].id);
  });

  it('does not verify with any character changed, in proof, entry or opening', () => {
    const parts = partsOf();
    const text = JSON.stringify(parts);
    fc.assert(
      fc.property(
        fc.nat({ max: text.length - 1 }),
        fc.integer({ min: 33, max: 126 }),
        (at, code) => {
          const character = String.fromCharCode(code);
          fc.pre(text[at] !== character);
          const bent = text.slice(0, at) + character + text.slice(at + 1);
          const read = readParts(bent);
          fc.pre(read !== undefined);
          assert.ok('problem' in verifyProof(read as ProofParts, vkey), bent);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('does not verify with another key', () => {
    assert.ok('problem' in verifyProof(partsOf(), formatVkey(signerOf('b'))));
  });
});

/** The parts of changed JSON, if it still has all of them. */
function readParts(text: string): ProofParts | undefined {
  try {
    const { proof, entry, opening } = JSON.parse(text);
    const whole = [proof, entry, opening?.salt, opening?.event].every(
      (part) => typeof part === 'string',
    );
    return whole ? { proof, entry, opening } : undefined;
  } catch {
    return undefined;
  }
}
