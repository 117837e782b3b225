/** What a model is shown of recorded data: bounded, visible, and in the form that it had. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fit } from '../../src/server/mcp/cut.ts';

const options = { pages: true, whole: false };
const HIDDEN = /[\u{e0000}-\u{e007f}\u202a-\u202e\u200b]|(?![\n\t])\p{Cc}/u;

test('a value that is small and plain comes back as it is', () => {
  const plain = fc.jsonValue({ maxDepth: 4, stringUnit: 'grapheme-ascii' });
  fc.assert(
    fc.property(plain, (value) => {
      const body = { arguments: value, status: 'success' };
      const fitted = fit(body, { ...options, most: 1_000_000 });
      if (fitted.cut) return;
      assert.equal(JSON.stringify(fitted.value), JSON.stringify(body));
    }),
  );
});

test('any row fits, shows what is hidden, and keeps its ids', () => {
  const text = fc.string({ unit: 'binary', maxLength: 3000 });
  const value = fc.jsonValue({ maxDepth: 8, stringUnit: 'binary' });
  const row = fc.record({
    id: fc.uuid(),
    session_id: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 512 }),
    content: text,
    result: fc.oneof(value, text),
    arguments: fc.dictionary(text, value, { maxKeys: 60 }),
    facts: fc.array(fc.record({ id: fc.uuid(), time: fc.constant('2026') }), { maxLength: 300 }),
  });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 4 }), (events) => {
      const fitted = fit({ events }, { ...options, most: 12_000 });
      const shown = JSON.stringify(fitted.value);
      assert.ok(fitted.fits, `${shown.length}`);
      assert.ok(shown.length <= 12_000);
      for (const text of strings(fitted.value)) assert.doesNotMatch(text, HIDDEN);
      const { events: kept } = fitted.value as { events: typeof events };
      assert.deepEqual(
        kept.map(({ id, session_id }) => [id, session_id]),
        events.map(({ id, session_id }) => [id, session_id]),
      );
    }),
    { numRuns: 60 },
  );
});

test('depth, width and names of prototypes harm nothing', () => {
  let deep: unknown = 'end';
  for (let at = 0; at < 5000; at++) deep = at % 2 ? [deep] : { deep };
  const wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`k${at}`, at]));
  const own = JSON.parse('{"__proto__": {"polluted": true}, "constructor": "x"}');
  const body = { arguments: deep, result: wide, attributes: own };
  const { value, cut, fits } = fit(body, { ...options, most: 48_000 });
  assert.deepEqual([cut, fits], [true, true]);
  const { attributes } = value as { attributes: object };
  assert.equal(Object.getPrototypeOf(attributes), Object.prototype);
  assert.equal(JSON.stringify(attributes), JSON.stringify(own));
  assert.equal('polluted' in {}, false);
});

function* strings(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    yield key;
    yield* strings(inner);
  }
}
