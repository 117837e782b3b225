import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openSseReader, type PassingEvent } from '../../src/proxy/sse.ts';

const LIMIT = 1_000_000;

function read(text: string | Buffer, step: number, limit = LIMIT): readonly PassingEvent[] {
  const bytes = Buffer.from(text);
  const reader = openSseReader(limit);
  const found: PassingEvent[] = [];
  for (let at = 0; at < bytes.length; at += step) {
    found.push(...reader.push(bytes.subarray(at, at + step)));
  }
  return [...found, ...reader.end()];
}

test('events come out whole, however the stream is cut and its lines end', () => {
  const row = fc.record({ text: fc.string({ unit: 'grapheme' }), more: fc.string() });
  const end = fc.constantFrom('\n', '\r', '\r\n');
  fc.assert(
    fc.property(fc.array(row), end, fc.integer({ min: 1, max: 9 }), (rows, nl, step) => {
      const stream = rows.map((one, i) =>
        [`id: ${i}`, 'event: row', `data: ${JSON.stringify(one)}`, '', ': alive', '', ''].join(nl),
      );
      assert.deepEqual(
        read(`: hello${nl}${nl}${stream.join('')}`, step),
        rows.map((one, i) => ({ event: 'row', data: JSON.stringify(one), id: String(i) })),
      );
    }),
  );
});

test('lines of data are joined, a bare field is empty, and one space is not data', () => {
  for (const step of [1, 2, 100]) {
    assert.deepEqual(read('data: a\ndata\ndata:b\ndata:  c\n\n', step), [
      { event: 'message', data: 'a\n\nb\n c' },
    ]);
    assert.deepEqual(read('\ufeffid: 7\ndata:\n\n', step), [
      { event: 'message', data: '', id: '7' },
    ]);
  }
});

test('what the end of the stream cut off is told apart', () => {
  assert.deepEqual(read('data: a\n\nevent: x\ndata: b', 3), [
    { event: 'message', data: 'a' },
    { event: 'x', data: 'b', unended: true },
  ]);
});

test('what is longer than the limit is counted and not kept, and the next event is whole', () => {
  const long = 'x'.repeat(5000);
  for (const step of [7, 100_000]) {
    const [first, second, third, ...none] = read(
      `data: ${long}\ndata: y\n\ndata: 1\n\n${'z'.repeat(9000)}\n\ndata: 2\n\n`,
      step,
      100,
    );
    assert.equal(first?.data.slice(0, 100), 'x'.repeat(100));
    assert.equal((first?.cut ?? 0) + (first?.data.replace('\n', '').length ?? 0), 5001);
    assert.deepEqual([second?.data, third?.data, none], ['1', '2', []]);
  }
});

test('any bytes are read without a throw', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.integer({ min: 1, max: 20 }),
      (bytes, step) => {
        read(Buffer.from(bytes), step);
      },
    ),
  );
});
