import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Filter } from '../../src/engine/engine.ts';
import { FIELDS, fieldsOfKind } from '../../src/engine/field.ts';
import { Fault } from '../../src/fault/fault.ts';
import { allOf, anyOf, noneOf } from '../../src/search/filter.ts';
import { printQuery } from '../../src/search/print.ts';
import { parseQuery } from '../../src/search/query.ts';

const clock = { now_ms: Date.parse('2026-03-10T12:00:00Z'), zone: 'UTC' };
const parse = (text: string): Filter => parseQuery(text, clock);

const nasty = fc.string({
  unit: fc.constantFrom(
    'a',
    '"',
    '\\',
    ' ',
    '(',
    ':',
    '-',
    '>',
    '.',
    '承',
    '\n',
    '\u{1f600}',
    '\ud800',
  ),
});
const spoken = nasty.map((value) => `${value}b`.trim());
const solid = nasty.filter((value) => value.trim() !== '');
const names = (kind: 'number' | 'text') =>
  fc.constantFrom(...fieldsOfKind(kind).map((field) => field.name));
const open = FIELDS.filter((field) => field.kind === 'keyword' && !field.values);
const keywordName = fc.constantFrom(...open.map((field) => field.name));
const leaf: fc.Arbitrary<Filter> = fc.oneof(
  fc.constant<Filter>({ kind: 'all' }),
  fc
    .record({ text: spoken, prefix: fc.boolean() })
    .map((value) => ({ kind: 'text', ...value }) as const),
  fc
    .record({
      field: names('text'),
      text: spoken,
      prefix: fc.boolean(),
    })
    .map((value) => ({ kind: 'text', ...value }) as const),
  fc
    .record({ field: keywordName, value: fc.oneof(solid, fc.constant('a*b'), fc.constant('AND')) })
    .map((value) => ({ kind: 'keyword', ...value }) as const),
  fc
    .record({ field: keywordName, pattern: fc.tuple(solid, nasty).map(([a, b]) => `${a}*${b}`) })
    .map((value) => ({ kind: 'pattern', ...value }) as const),
  fc.constantFrom(...FIELDS).map((field) => ({ kind: 'exists', field: field.name }) as const),
  fc
    .record({
      field: names('number'),
      op: fc.constantFrom('=', '<', '<=', '>', '>='),
      value: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
    })
    .map((value) => ({ kind: 'range', ...value }) as const),
  fc
    .record({
      field: fc.constantFrom('time', 'recorded_at'),
      op: fc.constantFrom('=', '<', '<=', '>', '>='),
      value: fc.integer({ min: 0, max: Date.UTC(2200, 0, 1) }),
    })
    .map((value) => ({ kind: 'range', ...value }) as const),
);
const filters = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', maxDepth: 5 },
    leaf,
    fc.array(tie('filter'), { minLength: 2, maxLength: 3 }).map(allOf),
    fc.array(tie('filter'), { minLength: 2, maxLength: 3 }).map(anyOf),
    tie('filter').map(noneOf),
  ),
})).filter;

test('filter, text, filter: every filter comes back from its text', () => {
  fc.assert(
    fc.property(filters, (filter) => assert.deepEqual(parse(printQuery(filter)), filter)),
    {
      numRuns: 500,
    },
  );
});

const pieces = fc.constantFrom(
  'AND',
  'OR',
  'NOT',
  '-',
  '(',
  ')',
  ' ',
  '"',
  '\\',
  '*',
  ':',
  'tool:',
  'status:',
  'time:',
  '..',
  'duration_ms:',
  '>',
  '<=',
  '5',
  'a',
  'blocked',
  '2026-01-01',
  '-2h',
  'content:',
  '日本',
  '\u{1f600}',
  '\ud83d',
  '\u0000',
  '__proto__',
  'constructor:',
  '//',
  '\n',
  "'",
  'toString',
);
const anything = fc.oneof(
  fc.array(pieces, { maxLength: 60 }).map((list) => list.join('')),
  fc.string({ unit: 'binary', maxLength: 200 }),
);

test('any text is a query, or refused at a column within it; and printing is a fixpoint', () => {
  fc.assert(
    fc.property(anything, (query) => {
      let filter: Filter;
      try {
        filter = parse(query);
      } catch (error) {
        assert.ok(error instanceof Fault, String(error));
        assert.equal(error.code, 'query.invalid');
        const { column = 0 } = error.detail;
        assert.ok(column >= 1 && column <= query.length, `column ${column} of ${query.length}`);
        return;
      }
      const printed = printQuery(filter);
      assert.deepEqual(parse(printed), filter);
      assert.equal(printQuery(parse(printed)), printed);
    }),
    { numRuns: 3000 },
  );
});
