import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { openCheckpoint, parseCheckpoint, signCheckpoint } from '../../src/ledger/checkpoint.ts';
import { formatVkey, openNote, parseVkey, signNote, verifierOf } from '../../src/ledger/note.ts';
import { emptyRoot } from '../../src/ledger/tree.ts';
import { signerOf } from './fixture.ts';

/** From the documentation of golang.org/x/mod/sumdb/note. */
const GO_VKEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const GO_NOTE =
  'If you think cryptography is the answer to your problem,\n' +
  "then you don't know what your problem is.\n" +
  '\n' +
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';

const a = signerOf('a');

describe('a signed note', () => {
  it('that Go signed opens with the key that Go wrote', () => {
    const verifier = parseVkey(GO_VKEY);
    assert.ok(!('problem' in verifier));
    const note = openNote(GO_NOTE, [verifier]);
    assert.ok('text' in note, JSON.stringify(note));
    assert.deepEqual(note.signers, ['PeterNeumann']);
  });

  it('opens with sixteen signatures, whichever of them is known', () => {
    const signers = Array.from({ length: 16 }, (_, i) => signerOf(`s${i}`));
    const note = signNote('text\n', signers);
    for (const signer of signers) {
      assert.deepEqual(openNote(note, [verifierOf(signer)]), {
        text: 'text\n',
        signers: [signer.origin],
      });
    }
    assert.ok('problem' in openNote(note, [verifierOf(a)]));
  });

  it('is refused when a known key signed it wrongly, whoever else signed it', () => {
    const other = signNote('other\n', [a]).split('\n').at(-2);
    const note = `${signNote('text\n', [signerOf('b')])}${other}\n`;
    assert.ok('text' in openNote(note, [verifierOf(signerOf('b'))]));
    const both = openNote(note, [verifierOf(signerOf('b')), verifierOf(a)]);
    assert.deepEqual(both, { problem: 'The note has a wrong signature by claw.test/a.' });
  });

  it('does not open with any bit changed', () => {
    const note = Buffer.from(signNote('claw.test/a\n7\nAAAA\n', [a]));
    fc.assert(
      fc.property(fc.nat({ max: note.length * 8 - 1 }), (bit) => {
        const bent = Buffer.from(note);
        bent[bit >> 3] = (bent[bit >> 3] as number) ^ (1 << (bit & 7));
        assert.ok('problem' in openNote(bent, [verifierOf(a)]));
      }),
      { numRuns: 400 },
    );
  });

  it('is refused without its form', () => {
    for (const text of ['', '\n', 'text\n', 'text\n\n', 'a\n\n\u0001\n', 'text\n\n— x\n']) {
      assert.ok('problem' in openNote(text, [verifierOf(a)]), JSON.stringify(text));
    }
  });
});

describe('a verifier key', () => {
  it('comes back from its text', () => {
    assert.deepEqual(parseVkey(formatVkey(a)), verifierOf(a));
  });

  it('is refused with any bit changed', () => {
    const vkey = Buffer.from(formatVkey(a));
    for (let bit = 0; bit < vkey.length * 8; bit++) {
      const bent = Buffer.from(vkey);
      bent[bit >> 3] = (bent[bit >> 3] as number) ^ (1 << (bit & 7));
      assert.ok('problem' in parseVkey(bent.toString('latin1')), bent.toString('latin1'));
    }
  });
});

describe('a checkpoint', () => {
  it('comes back from its note', () => {
    const note = signCheckpoint({ size: 0, root: emptyRoot() }, a);
    const opened = openCheckpoint(note, verifierOf(a));
    assert.deepEqual(opened, { origin: a.origin, size: 0, root: emptyRoot() });
  });

  it('of another log is refused, though the key is known', () => {
    const note = signNote(`claw.test/b\n0\n${emptyRoot().toString('base64')}\n`, [a]);
    assert.ok('problem' in openCheckpoint(note, verifierOf(a)));
  });

  it('has one text form', () => {
    const root = emptyRoot().toString('base64');
    assert.ok(parseCheckpoint(`o\n7\n${root}\n`));
    for (const text of [
      `o\n07\n${root}\n`,
      `o\n-7\n${root}\n`,
      `o\n7.0\n${root}\n`,
      `o\n9007199254740993\n${root}\n`,
      `o\n7\n${root}`,
      `o\n7\n${root.replace(/.=$/, 'V=')}\n`,
      `o\n7\n${root}\nextension\n`,
      `\n7\n${root}\n`,
    ]) {
      assert.equal(parseCheckpoint(text), undefined, JSON.stringify(text));
    }
  });
});
