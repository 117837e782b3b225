import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HEAD_BYTES, type Line, openLines } from '../../src/proxy/line.ts';

function read(text: string, step: number, limit = 1_000_000): readonly Line[] {
  const bytes = Buffer.from(text);
  const found: Line[] = [];
  const reader = openLines({
    limit_bytes: limit,
    onLine: (line) => found.push({ ...line, bytes: Buffer.from(line.bytes) }),
  });
  for (let at = 0; at < bytes.length; at += step) reader.push(bytes.subarray(at, at + step));
  reader.end();
  return found;
}

test('lines come out whole, however the bytes are cut', () => {
  const text = fc.string({ unit: 'grapheme' }).map((line) => line.replaceAll(/[\r\n]/g, ''));
  const lines = fc.array(text.filter((line) => line !== ''));
  fc.assert(
    fc.property(lines, fc.integer({ min: 1, max: 9 }), fc.boolean(), (given, step, returns) => {
      const end = returns ? '\r\n' : '\n';
      const found = read(given.map((line) => `${line}${end}`).join(''), step);
      assert.deepEqual(
        found.map(({ bytes }) => bytes.toString()),
        given,
      );
    }),
  );
});

test('what follows the last line end counts, and empty lines do not', () => {
  assert.deepEqual(
    read('\n\r\na\n\nb', 1).map(({ bytes }) => bytes.toString()),
    ['a', 'b'],
  );
});

test('of a line beyond the limit, its beginning and its end are kept and all of it is counted', () => {
  const long = Buffer.from('0123456789'.repeat(2000)).toString();
  for (const step of [1, 7, 600, 5000, 100_000]) {
    const [first, second, ...none] = read(`${long}END\r\nshort\n`, step, 10_000);
    assert.equal(first?.size_bytes, 20_004);
    assert.equal(first?.bytes.toString(), long.slice(0, HEAD_BYTES));
    assert.equal(first?.tail?.toString(), `${long.slice(-508)}END`);
    assert.equal(second?.bytes.toString(), 'short');
    assert.equal(second?.tail, undefined);
    assert.deepEqual(none, []);
  }
});
