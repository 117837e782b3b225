/** What is read back from disks: journal files, archive segments, tiles, heads, keys. */
import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { openFileJournal } from '../../../src/journal/file.ts';
import { encodeFrame, framePlace, probeFrame, readFrames } from '../../../src/journal/frame.ts';
import type { JournalRecord } from '../../../src/journal/journal.ts';
import { openArchive } from '../../../src/ledger/archive.ts';
import { encodeHead, parseHead, parseProgress } from '../../../src/ledger/head.ts';
import { encodeSegment, inOneGo, parseFooter, segmentKey } from '../../../src/ledger/segment.ts';
import { decodeBundle, encodeBundle, parseTilePath, tilePath } from '../../../src/ledger/tile.ts';
import { readSegment } from '../../../src/ledger/verify/segment.ts';
import { keyName, openBytes, sealBytes } from '../../../src/seal/envelope.ts';
import { openMemoryStore } from '../../../src/store/memory.ts';
import { readAll } from '../../journal/suite.ts';
import { sealedEvent } from '../../ledger/fixture.ts';
import { type Target, triedLater } from '../target.ts';

const RECORDS: readonly JournalRecord[] = Array.from({ length: 6 }, (_, i) => {
  return { ...sealedEvent('a', i), seq: i, index: i };
});
const FRAMES = Buffer.concat(RECORDS.map((record) => encodeFrame(record)));
const bytes = fc.uint8Array({ maxLength: 400 });

/** Whatever bytes are: each is of a whole frame or of damage, and no frame says what none wrote. */
const frame: Target = {
  name: 'frame',
  seeds: () => [FRAMES, FRAMES.subarray(0, 150), Buffer.alloc(100)],
  words: [FRAMES.subarray(0, 8).toString('latin1')],
  made: bytes,
  check: (input) => {
    let at = 0;
    for (const read of readFrames(input)) {
      const part = 'damage' in read ? read.damage : read;
      assert.equal(part.at, at);
      assert.ok(part.bytes > 0);
      at += part.bytes;
      if ('record' in read) isWritten(read.record);
    }
    assert.equal(at, input.length);
    for (let i = 0; i < Math.min(input.length, 64); i++) {
      if (probeFrame(input, i) > 0) framePlace(input, i);
    }
  },
};

/** A frame that passes its checksum is one that was written: nothing here can forge one. */
function isWritten(record: JournalRecord): void {
  const original = RECORDS.find(({ id }) => id === record.id);
  assert.ok(original);
  assert.deepEqual(Buffer.from(record.commitment), Buffer.from(original.commitment));
  assert.deepEqual(Buffer.from(record.envelope), Buffer.from(original.envelope));
}

/** A journal's file of any content opens with what was written, from the first on, or is refused. */
async function recovery(): Promise<Target> {
  const root = mkdtempSync(join(tmpdir(), 'claw-fuzz-journal-'));
  const whole = await written(join(root, 'whole'));
  const dir = join(root, 'journal');
  const check = async (input: Buffer) => {
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, FIRST), input);
    const open = () => openFileJournal({ dir, base: { sizes: {} } });
    const journal = await triedLater(open, DAMAGE);
    if (journal === undefined) return;
    const records = await readAll(journal);
    for (const record of records) isWritten(record);
    const seqs = records.map(({ seq }) => seq);
    assert.deepEqual(seqs, [...seqs.keys()]);
    await journal.close();
    const again = await open();
    assert.equal(again.head(), records.length, 'opening again loses nothing');
    await again.close();
  };
  return {
    name: 'journal',
    seeds: () => [whole, whole.subarray(0, -40), whole.subarray(0, 32), Buffer.alloc(0)],
    made: fc
      .tuple(bytes, fc.nat(whole.length))
      .map(([tail, cut]) => Buffer.concat([whole.subarray(0, cut), tail])),
    check,
    cost: 50,
    close: () => rmSync(root, { recursive: true, force: true }),
  };
}

const FIRST = '0000000000000000.log';
const DAMAGE = ['journal.damaged', 'ledger.damaged', 'data.unreadable', 'data.newer'];

async function written(dir: string): Promise<Buffer> {
  const journal = await openFileJournal({ dir, base: { sizes: {} } });
  await journal.append(RECORDS.slice(0, 3));
  await journal.append(RECORDS.slice(3));
  await journal.close();
  return readFileSync(join(dir, FIRST));
}

const NAME = { tenant: 'a', first: 0, count: RECORDS.length };
const SEGMENT = inOneGo(encodeSegment(RECORDS));

/** A segment gives the records that were archived, or says that it is damaged. */
const segment: Target = {
  name: 'segment',
  seeds: () => [SEGMENT, SEGMENT.subarray(0, -1), Buffer.alloc(SEGMENT.length)],
  made: bytes,
  check: async (input) => {
    const store = openMemoryStore();
    await store.put(segmentKey(NAME), input);
    const archive = await openArchive(store);
    const records = await triedLater(() => archive.records('a', 0, NAME.count), DAMAGE);
    for (const record of records ?? []) isWritten(record);
    for (const { id } of RECORDS) await triedLater(() => archive.lookup('a', id), DAMAGE);
    const read = (await Array.fromAsync(readSegment(store, NAME))).flat();
    for (const item of read) if ('record' in item) isWritten(item.record);
    const same = input.equals(SEGMENT);
    assert.equal(
      read.every((item) => 'record' in item),
      same,
      'a verifier names any change',
    );
    parseFooter(input.subarray(-64));
  },
  cost: 10,
};

const BUNDLE = encodeBundle([Buffer.from('one'), Buffer.alloc(0), Buffer.alloc(300, 'x')]);
const HEAD = encodeHead({ note: 'claw.test/a\n3\nroot\n', at_ms: 5 });

/** Tiles' names and bundles come back as they went; heads that were changed are not taken. */
const tile: Target = {
  name: 'tile',
  seeds: () => [BUNDLE, HEAD, 'tile/0/x001/234.p/17', 'tile/entries/000', 'tile/63/x999/999'],
  words: ['tile/', 'x000/', '.p/', 'entries', '255', '256', '000'],
  made: fc.oneof(bytes, fc.string()),
  check: (input) => {
    const named = parseTilePath(input.toString());
    if (named !== undefined) assert.equal(tilePath(named), input.toString());
    const { entries, rest } = decodeBundle(input);
    const size = entries.reduce((sum, entry) => sum + 2 + entry.length, 0);
    assert.ok(rest <= input.length && rest >= 0);
    assert.ok(encodeBundle(entries).equals(input.subarray(0, size)));
    const head = parseHead(input);
    if (head !== undefined) assert.ok(encodeHead(head).equals(input));
    parseProgress(input);
  },
};

const KEY = { kid: Buffer.alloc(16, 1), key: createSecretKey(Buffer.alloc(32, 2)) };
const BOUND = Buffer.from('bound');
const SEALED = sealBytes(KEY, Buffer.alloc(12, 3), { bytes: Buffer.from('plain'), bound: BOUND });

/** An envelope opens with what was sealed, or does not open. */
const envelope: Target = {
  name: 'envelope',
  seeds: () => [SEALED, SEALED.subarray(0, 45), Buffer.alloc(0)],
  made: bytes,
  check: (input) => {
    if (keyName(input) === undefined) return;
    const opened = openBytes(KEY.key, input, BOUND);
    assert.equal(opened !== undefined, input.subarray(17).equals(SEALED.subarray(17)));
  },
};

export const storeTargets: readonly (Target | (() => Promise<Target>))[] = [
  frame,
  recovery,
  segment,
  tile,
  envelope,
];
