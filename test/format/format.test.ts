import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ExportCoverage, ExportRow, Format } from '../../src/format/format.ts';
import { FORMATS, formatNamed } from '../../src/format/menu.ts';
import { readCsv } from './csv.ts';

const coverage: ExportCoverage = {
  tenant: 'default',
  query: 'tool:"a\u001b[2Jb"',
  tree_size: 70_000,
  root: 'AAAA',
  checkpoint: 'claw\n70000\nAAAA\n\n— claw sig\n',
  exported_at: '2026-05-01T00:00:00.000Z',
};

function encode(format: Format, rows: readonly ExportRow[]): string {
  const encoder = format.encoder();
  return [
    encoder.begin(coverage),
    ...rows.map((row) => encoder.row(row)),
    encoder.end(rows.length),
  ].join('');
}

const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({
    unit: fc.constantFrom(
      '=',
      '+',
      '-',
      '@',
      '\t',
      '\r',
      '\n',
      '"',
      "'",
      ',',
      ';',
      ' ',
      'a',
      '＝',
      '\0',
      '\x1b',
      '\x9b',
      '\ud800',
      '日',
    ),
    maxLength: 8,
  }),
  fc.constantFrom('=cmd|"/c calc"!A1', '+1', '-1', '@SUM(A1)', '\t=1', "'=1", '  =1', '1e5'),
);
/** As it comes out of JSON: there -0 is 0. */
const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const row: fc.Arbitrary<ExportRow> = fc.record(
  {
    index: fc.nat(),
    id: nasty,
    time: nasty,
    type: nasty,
    tool: nasty,
    content: nasty,
    arguments: json,
    result: json,
    duration_ms: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
    agent: fc.record({ id: nasty, name: nasty }, { requiredKeys: [] }),
    decision: fc.record({ policy_ids: fc.array(nasty) }),
    attributes: fc.dictionary(nasty, json),
    tokens_used: fc.nat(),
    facts: fc.array(fc.record({ id: nasty, index: fc.nat() })),
  },
  { requiredKeys: ['index'] },
);
const rows = fc.array(row, { maxLength: 5 });
const CONTROLS = /\p{Cc}/u;

test('every format is served as UTF-8 and found by its name, in any case', () => {
  for (const format of FORMATS) {
    assert.match(format.media_type, /charset=utf-8/);
    assert.equal(formatNamed(format.name.toUpperCase()), format);
    assert.equal(format.extension, `.${format.name}`);
  }
  assert.throws(() => formatNamed('xlsx'), { code: 'request.invalid' });
});

test('nothing that an export prints acts on a terminal', () => {
  for (const format of FORMATS) {
    fc.assert(
      fc.property(rows, (list) => {
        const text = encode(format, list);
        assert.doesNotMatch(text.replaceAll(/[\t\r\n]/g, ''), CONTROLS);
        assert.ok(text.isWellFormed());
      }),
    );
  }
});

test('JSON reads back as the rows, what they cover and their count', () => {
  fc.assert(
    fc.property(rows, (list) => {
      const read = JSON.parse(encode(formatNamed('json'), list));
      assert.deepEqual(
        read,
        JSON.parse(JSON.stringify({ export: coverage, events: list, count: list.length })),
      );
    }),
  );
});

test('a JSON export that was cut anywhere is no valid JSON', () => {
  const text = encode(formatNamed('json'), [{ index: 1, content: '}' }, { index: 2 }]);
  for (let end = 0; end < text.length - 1; end++) {
    assert.throws(() => JSON.parse(text.slice(0, end)), SyntaxError);
  }
});

test('NDJSON reads back line by line, and its last line tells a whole file from a cut one', () => {
  fc.assert(
    fc.property(rows, (list) => {
      const text = encode(formatNamed('ndjson'), list);
      assert.ok(text.endsWith('\n'));
      const [first, ...rest] = text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      assert.deepEqual(first, { export: coverage });
      assert.deepEqual(rest.pop(), { end: { count: list.length } });
      assert.deepEqual(rest, JSON.parse(JSON.stringify(list)));
    }),
  );
});

function shown(text: string): string {
  const control = (c: string) =>
    c < ' ' ? String.fromCharCode(0x2400 + c.charCodeAt(0)) : '\ufffd';
  return text.toWellFormed().replaceAll(/(?![\t\r\n])\p{Cc}/gu, control);
}

function recorded(cell: string | undefined): string {
  return (cell ?? '').replace(/^'/, '');
}

test('CSV reads back as the rows: texts, numbers, and nested values as JSON', () => {
  fc.assert(
    fc.property(rows, (list) => {
      const [header = [], ...records] = readCsv(encode(formatNamed('csv'), list));
      assert.equal(records.length, list.length);
      for (const [i, cells] of records.entries()) {
        assert.equal(cells.length, header.length);
        const at = (name: string) => cells[header.indexOf(name)];
        const one = list[i] ?? {};
        assert.equal(at('index'), String(one['index']));
        assert.equal(at('duration_ms'), String(one['duration_ms'] ?? ''));
        assert.equal(recorded(at('content')), shown(String(one['content'] ?? '')));
        const agent = (one['agent'] ?? {}) as ExportRow;
        assert.equal(recorded(at('agent.name')), shown(String(agent['name'] ?? '')));
        const args = one['arguments'];
        if (args !== undefined && args !== null) {
          assert.deepEqual(JSON.parse(recorded(at('arguments'))), args);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('no cell begins as a formula, white space before it or not', () => {
  fc.assert(
    fc.property(rows, (list) => {
      for (const cell of readCsv(encode(formatNamed('csv'), list)).flat()) {
        assert.doesNotMatch(cell, /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/u);
      }
    }),
    { numRuns: 300 },
  );
});

test('numbers of numeric columns stay numbers in CSV, and numbers in text columns stay text', () => {
  const [header = [], cells = []] = readCsv(
    encode(formatNamed('csv'), [{ index: 7, duration_ms: 1.5e-7, content: '-1', tool: '5' }]),
  );
  const at = (name: string) => cells[header.indexOf(name)];
  assert.deepEqual(
    [at('index'), at('duration_ms'), at('content'), at('tool')],
    ['7', '1.5e-7', "'-1", '5'],
  );
});

test("CSV has a column for every field of an event and for the documents' names", () => {
  const [header = []] = readCsv(encode(formatNamed('csv'), []));
  const wanted = [
    'index',
    'id',
    'time',
    'agent.id',
    'decision.policy_ids',
    'resources',
    'policy_id',
    'detail',
    'created_at',
    'facts',
  ];
  for (const name of wanted) assert.ok(header.includes(name), name);
  assert.equal(new Set(header).size, header.length);
});

test('an encoder is for one export: two at once do not mix', () => {
  const [a, b] = [formatNamed('json').encoder(), formatNamed('json').encoder()];
  const first = [a.begin(coverage), b.begin(coverage), a.row({ index: 1 })];
  assert.equal(first[2], '\n{"index":1}');
  assert.equal(b.row({ index: 2 }), '\n{"index":2}');
});
