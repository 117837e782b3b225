import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeFrame, FRAME_HEADER_BYTES, readFrames } from '../../src/journal/frame.ts';
import type { JournalRecord } from '../../src/journal/journal.ts';

const place = fc.oneof(fc.nat(), fc.maxSafeNat());
const parts = {
  tenant: fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,62}$/),
  id: fc.uuid(),
  at_ms: fc.integer({ min: 0, max: 8.64e15 }),
  seq: place,
  index: place,
  commitment: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes)),
  envelope: fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
};
const record: fc.Arbitrary<JournalRecord> = fc.record(parts, { noNullPrototype: true });

const records = fc.array(record, { minLength: 1, maxLength: 8 });

test('frames read back as they were written', () => {
  fc.assert(
    fc.property(records, (written) => {
      const read = [...readFrames(Buffer.concat(written.map(encodeFrame)))];
      assert.deepEqual(
        read.map((item) => ('record' in item ? item.record : item)),
        written,
      );
    }),
  );
});

test('any flipped bit is damage of just its frame; all others are read', () => {
  fc.assert(
    fc.property(records, fc.nat(), fc.nat(7), (written, position, bit) => {
      const frames = written.map(encodeFrame);
      const bytes = Buffer.concat(frames);
      const at = position % bytes.length;
      bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
      const ends = frames.map((_, i) => Buffer.concat(frames.slice(0, i + 1)).length);
      const hit = ends.findIndex((end) => at < end);
      const begin = ends[hit - 1] ?? 0;
      assert.deepEqual(
        [...readFrames(bytes)].map((item) => ('record' in item ? item.record : item.damage)),
        written.with(hit, { at: begin, bytes: (ends[hit] ?? 0) - begin } as never),
      );
    }),
  );
});

test('bytes that are no frames are damage, whatever they are', () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 500 }),
    fc
      .array(fc.constantFrom(0xc1, 0x46, 0x52, 0x9d, 0), { maxLength: 300 })
      .map((bytes) => Uint8Array.from(bytes)),
  );
  fc.assert(
    fc.property(noise, record, noise, (before, written, after) => {
      const bytes = Buffer.concat([before, encodeFrame(written), after]);
      const read = [...readFrames(bytes)];
      assert.deepEqual(
        read.flatMap((item) => ('record' in item ? [item.record] : [])),
        [written],
      );
      const sizes = read.map((item) => ('record' in item ? item.bytes : item.damage.bytes));
      assert.equal(
        sizes.reduce((sum, size) => sum + size, 0),
        bytes.length,
      );
    }),
  );
});

test('a frame is 96 bytes and its tenant and envelope', () => {
  const [tenant, envelope] = ['acme', Buffer.from('envelope')];
  const rest = { seq: 1, index: 2, at_ms: 3, commitment: Buffer.alloc(32) };
  const id = '0198c0de-0000-7000-8000-000000000001';
  const frame = encodeFrame({ ...rest, tenant, envelope, id });
  assert.equal(frame.length, FRAME_HEADER_BYTES + 4 + 8);
  const golden = [
    ['magic, CRC-32, length', 'c146529d6632f7e36c000000'],
    ['version, bytes of the tenant, zero', '01040000'],
    ['seq, index', '01000000000000000200000000000000'],
    ['at_ms, synced', '03000000000000000000000000000000'],
    ['id', '0198c0de000070008000000000000001'],
    ['commitment', '00'.repeat(32)],
    ['tenant, envelope', '61636d65656e76656c6f7065'],
  ];
  assert.equal(frame.toString('hex'), golden.map(([, hex]) => hex).join(''));
});
