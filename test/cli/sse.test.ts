import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { serverEvents } from '../../src/cli/reach/sse.ts';

async function read(bytes: Buffer, step: number) {
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
  }
  const events = [];
  for await (const event of serverEvents(chunks())) events.push(event);
  return events;
}

test('events come out whole, however the stream is cut', async () => {
  const rows = fc.array(fc.record({ text: fc.string({ unit: 'grapheme' }) }));
  await fc.assert(
    fc.asyncProperty(rows, fc.integer({ min: 1, max: 9 }), async (given, step) => {
      const stream = given.map(
        (row) => `id: 1\nevent: row\ndata: ${JSON.stringify(row)}\n\n: \n\n`,
      );
      const events = await read(Buffer.from(`: live\n\n${stream.join('')}`), step);
      assert.deepEqual(
        events,
        given.map((row) => ({ event: 'row', data: JSON.stringify(row) })),
      );
    }),
    { numRuns: 50 },
  );
});

test('an event that was cut off is not taken for one', async () => {
  assert.deepEqual(await read(Buffer.from('event: row\ndata: {"a":1}\n'), 3), []);
});

test('an event that never ends is given up, whether in one line or in many', async () => {
  const megabyte = Buffer.alloc(1024 * 1024, 'x');
  const endless = async function* (...parts: readonly Buffer[]) {
    yield Buffer.from('data: ');
    for (;;) yield* parts;
  };
  const lines = Buffer.from(`\ndata: ${'x'.repeat(100_000)}`);
  for (const chunks of [endless(megabyte), endless(lines)]) {
    await assert.rejects(Array.fromAsync(serverEvents(chunks)), /too long/);
  }
});
