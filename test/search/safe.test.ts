import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { excerpt, printable, printableBlock } from '../../src/search/safe.ts';

const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom(
      '\x1b',
      '\x9b',
      '\n',
      '\r',
      '\t',
      'a',
      ' ',
      '\u202e',
      '\ud800',
      '日',
      '\u{1f600}',
      '\u{e0041}',
    ),
  }),
);
const ACTS = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/u;

test('nothing that acts on a terminal is left, on one line, and a second pass changes nothing', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const shown = printable(text);
      assert.doesNotMatch(shown, ACTS);
      assert.equal(printable(shown), shown);
    }),
  );
});

test('escape sequences, overrides and lone surrogates are written out', () => {
  assert.equal(printable('\x1b[31mred\x1b]0;title\x07'), '\\x1b[31mred\\x1b]0;title\\x07');
  assert.equal(
    printable('a\u202etxt.exe\u2066\ud800b\x9b\0'),
    'a\\u{202e}txt.exe\\u{2066}\\u{d800}b\\x9b\\x00',
  );
  assert.equal(printable('line\r\nnext\ttab'), 'line\\r\\nnext\\ttab');
  assert.equal(printable('\u{e0041}hidden'), '\\u{e0041}hidden');
});

test('words of any script and emoji stay as they are', () => {
  const text = '承認 می‌خواهم 👩‍👩‍👧 é ａｂｃ';
  assert.equal(printable(text), text);
});

test('a block keeps its lines and tabs and nothing else', () => {
  assert.equal(printableBlock('a\r\n\tb\r\x1b[2J'), 'a\n\tb\\r\\x1b[2J');
});

test('an excerpt is one printable line within its limit', () => {
  assert.equal(excerpt(' first\n\n  second\tthird ', 80), 'first ⏎ second third');
  assert.equal(excerpt('abcdef', 4), 'abc…');
  fc.assert(
    fc.property(hostile, fc.integer({ min: 1, max: 40 }), (text, limit) => {
      const shown = excerpt(text.repeat(4), limit);
      assert.ok(shown.length <= limit);
      assert.doesNotMatch(shown, ACTS);
    }),
  );
});
