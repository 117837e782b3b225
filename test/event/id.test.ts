import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UUID } from '../../src/event/event.ts';
import { uuidBytes, uuidText, uuidv7 } from '../../src/event/id.ts';

const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const entropy = fc.uint8Array({ minLength: 10, maxLength: 10 });

test('the vector of RFC 9562 comes out', () => {
  const random = Buffer.from('0cc318c4dc0c0c07398f', 'hex');
  const made = uuidv7(0x017f22e279b0, () => random);
  assert.equal(made, '017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
});

test('an id has version 7, the variant of RFC 9562, and the time it was made', () => {
  fc.assert(
    fc.property(time, entropy, (time_ms, random) => {
      const id = uuidv7(time_ms, () => random);
      assert.match(id, UUID);
      assert.equal(id[14], '7');
      assert.match(id[19] ?? '', /[89ab]/);
      assert.equal(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16), time_ms);
    }),
  );
});

test('every random bit that the format has room for is in the id', () => {
  const none = uuidBytes(uuidv7(0, () => new Uint8Array(10)));
  const all = uuidBytes(uuidv7(0, () => new Uint8Array(10).fill(255)));
  const bits = [...none].map((byte, i) => (byte ^ (all[i] ?? 0)).toString(2)).join('');
  assert.equal(bits.replaceAll('0', '').length, 74);
});

test('ids of later milliseconds sort after those of earlier ones', () => {
  fc.assert(
    fc.property(time, time, entropy, entropy, (a, b, one, other) => {
      fc.pre(a !== b);
      assert.equal(uuidv7(a, () => one) < uuidv7(b, () => other), a < b);
    }),
  );
});

test('text and bytes of a UUID are one another', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      assert.deepEqual(new Uint8Array(uuidBytes(uuidText(bytes))), bytes);
    }),
  );
});
