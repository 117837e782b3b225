import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openFresh } from '../../src/trail/fresh.ts';

const record = (seq: number, bytes = 10) => ({
  tenant: 't',
  index: seq,
  seq,
  event: new Uint8Array(bytes),
});

test('what a follower has yet to read stays, beyond what stays once it has read it', () => {
  let read = 0;
  const fresh = openFresh({ read: () => read, read_bytes: 100, unread_bytes: 1000 });
  for (let seq = 0; seq < 100; seq++) fresh.add(record(seq));
  assert.equal(fresh.from(0, 1000).length, 100);
  read = 95;
  fresh.add(record(100));
  assert.equal(fresh.get(91), undefined);
  assert.equal(fresh.from(95, 1000).length, 6);
  assert.ok(fresh.from(93, 1000).length <= 10);
});

test('a follower that stands still holds no more than its bound, and no gap', () => {
  const fresh = openFresh({ read: () => 0, read_bytes: 100, unread_bytes: 1000 });
  for (let seq = 0; seq < 10_000; seq++) fresh.add(record(seq));
  const oldest = Array.from({ length: 10_000 }, (_, seq) => seq).find((seq) => fresh.get(seq));
  assert.ok(oldest !== undefined && oldest >= 9900);
  assert.equal(fresh.from(oldest, 10_000).length, 10_000 - oldest);
});

test('whatever is read when, the newest stay in order and the bounds hold', () => {
  const step = fc.record({ bytes: fc.integer({ min: 1, max: 40 }), read: fc.nat({ max: 60 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      let read = 0;
      const limits = { read_bytes: 100, unread_bytes: 300 };
      const fresh = openFresh({ read: () => read, ...limits });
      for (const [seq, { bytes, read: on }] of steps.entries()) {
        read = Math.min(seq, Math.max(read, read + on - 20));
        fresh.add(record(seq, bytes));
        const held = steps.map((_, at) => fresh.get(at)).filter((event) => event !== undefined);
        const size = held.reduce((sum, event) => sum + event.byteLength, 0);
        assert.ok(size <= limits.unread_bytes);
        const first = seq + 1 - held.length;
        assert.equal(fresh.from(first, 1000).length, held.length);
      }
    }),
  );
});
