import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { displayWidth, pad, truncate, wrap } from '../../src/cli/screen/width.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 80 });

test('wide characters take two columns, marks none, and the rest one', () => {
  assert.equal(displayWidth('abc'), 3);
  assert.equal(displayWidth('請求書'), 6);
  assert.equal(displayWidth('e\u0301'), 1);
  assert.equal(displayWidth('👩‍👩‍👧'), 2);
  assert.equal(displayWidth(''), 0);
});

test('what is cut never takes more columns than it may', () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 40 }), (long, columns) => {
      assert.ok(displayWidth(truncate(long, columns)) <= columns);
    }),
  );
});

test('what fits is not cut', () => {
  assert.equal(truncate('請求書', 6), '請求書');
  assert.equal(truncate('請求書', 5), '請求…');
});

test('wrapped lines are as narrow as asked for and lose nothing but spaces', () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 4, max: 40 }), (long, columns) => {
      const lines = wrap(long, columns);
      for (const line of lines) assert.ok(displayWidth(line) <= columns, line);
      const bare = (given: string) => given.replaceAll(/\s/g, '');
      assert.equal(bare(lines.join('')), bare(long));
    }),
  );
});

test('words stay whole, and Japanese lines do not begin with a closing sign', () => {
  assert.deepEqual(wrap('send the report now', 10), ['send the', 'report now']);
  assert.deepEqual(wrap('検索します。証明', 10), ['検索しま', 'す。証明']);
});

test('padding counts columns, not characters', () => {
  assert.equal(pad('時刻', 6), '時刻  ');
  assert.equal(pad('time', 2), 'time');
});
