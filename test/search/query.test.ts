import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Filter } from '../../src/engine/engine.ts';
import { Fault } from '../../src/fault/fault.ts';
import { allOf, anyOf, noneOf } from '../../src/search/filter.ts';
import { printQuery } from '../../src/search/print.ts';
import { parseQuery } from '../../src/search/query.ts';

const clock = { now_ms: Date.parse('2026-03-10T12:00:00Z'), zone: 'UTC' };
const parse = (text: string): Filter => parseQuery(text, clock);
const text = (words: string): Filter => ({ kind: 'text', text: words, prefix: false });
const word = (field: string, value: string): Filter => ({ kind: 'keyword', field, value });
const pattern = (field: string, glob: string): Filter => ({
  kind: 'pattern',
  field,
  pattern: glob,
});
const range = (field: string, op: '=' | '<' | '<=' | '>' | '>=', value: number): Filter => ({
  kind: 'range',
  field,
  op,
  value,
});

test('the query of the design is read as it is meant', () => {
  const query =
    'tool:send_email status:blocked -user:bot "exact phrase" resource:*.pem ' +
    'duration_ms:>1000 time:>=2026-01-01 (agent:a OR agent:b)';
  assert.deepEqual(parse(query), {
    kind: 'and',
    of: [
      word('tool', 'send_email'),
      word('status', 'blocked'),
      { kind: 'not', of: word('user.id', 'bot') },
      text('exact phrase'),
      pattern('resources.id', '*.pem'),
      range('duration_ms', '>', 1000),
      range('time', '>=', Date.parse('2026-01-01T00:00:00Z')),
      { kind: 'or', of: [word('agent.id', 'a'), word('agent.id', 'b')] },
    ],
  });
});

const meanings: readonly (readonly [string, Filter])[] = [
  ['', { kind: 'all' }],
  ['  \u3000 ', { kind: 'all' }],
  ['*', { kind: 'all' }],
  ['error', text('error')],
  ['invoi*', { kind: 'text', text: 'invoi', prefix: true }],
  ['"two wor"*', { kind: 'text', text: 'two wor', prefix: true }],
  ['承認待ちの送信', text('承認待ちの送信')],
  ['送信　承認', allOf([text('送信'), text('承認')])],
  [
    'content:"it \\"is\\" C:\\new"',
    { kind: 'text', field: 'content', text: 'it "is" C:\\new', prefix: false },
  ],
  ['args:vendor*', { kind: 'text', field: 'arguments', text: 'vendor', prefix: true }],
  ['https://evil.example/x?a=b', text('https://evil.example/x?a=b')],
  ['resource:https://evil.example/*', pattern('resources.id', 'https://evil.example/*')],
  ['path:C:\\Users\\me', word('path', 'C:\\Users\\me')],
  ['14:30', text('14:30')],
  ['--force', text('--force')],
  ['rm -rf', allOf([text('rm'), noneOf(text('rf'))])],
  ['user:-bot', word('user.id', '-bot')],
  ['tool:AND', word('tool', 'AND')],
  ['"OR"', text('OR')],
  ['or and not', allOf([text('or'), text('and'), text('not')])],
  ['a b OR c AND d', anyOf([allOf([text('a'), text('b')]), allOf([text('c'), text('d')])])],
  ['NOT a NOT -b', allOf([noneOf(text('a')), text('b')])],
  ['-(a OR b)', noneOf(anyOf([text('a'), text('b')]))],
  ['a"b c"', allOf([text('a'), text('b c')])],
  ['tool:*', { kind: 'exists', field: 'tool' }],
  ['duration_ms:*', { kind: 'exists', field: 'duration_ms' }],
  ['content:*', { kind: 'exists', field: 'content' }],
  ['tool:"*"', word('tool', '*')],
  ['tool:mcp__*__send*', pattern('tool', 'mcp__*__send*')],
  ['path:*"my docs"**', pattern('path', '*my docs*')],
  ['TOOL:Bash', word('tool', 'Bash')],
  ['status:POLICY_VIOLATION', word('status', 'blocked')],
  ['status:Blocked', word('status', 'blocked')],
  ['tool:(a OR b*)', anyOf([word('tool', 'a'), pattern('tool', 'b*')])],
  [
    'tool:(-a -(b OR "c d"))',
    allOf([noneOf(word('tool', 'a')), noneOf(anyOf([word('tool', 'b'), word('tool', 'c d')]))]),
  ],
  [
    'duration_ms:(>1 <=2.5)',
    allOf([range('duration_ms', '>', 1), range('duration_ms', '<=', 2.5)]),
  ],
  [
    'duration_ms:100..200',
    allOf([range('duration_ms', '>=', 100), range('duration_ms', '<=', 200)]),
  ],
  ['bytes:1e3..', range('bytes', '>=', 1000)],
  ['bytes:..-5', range('bytes', '<=', -5)],
  ['status_code:=500', range('status_code', '=', 500)],
  ['tokens_used:500', range('tokens.total', '=', 500)],
  ['time:<2026-01-02', range('time', '<', Date.UTC(2026, 0, 2))],
  ['time:<=2026-01-02', range('time', '<', Date.UTC(2026, 0, 3))],
  ['time:>2026-01-02', range('time', '>=', Date.UTC(2026, 0, 3))],
  [
    'time:2026-01-02',
    allOf([range('time', '>=', Date.UTC(2026, 0, 2)), range('time', '<', Date.UTC(2026, 0, 3))]),
  ],
  [
    'time:2026-01-02..2026-01-03',
    allOf([range('time', '>=', Date.UTC(2026, 0, 2)), range('time', '<', Date.UTC(2026, 0, 4))]),
  ],
  [
    'time:-2h..now',
    allOf([range('time', '>=', clock.now_ms - 7_200_000), range('time', '<=', clock.now_ms)]),
  ],
  ['time:>="2026-01-02 10:00:00.5"', range('time', '>=', Date.UTC(2026, 0, 2, 10, 0, 0, 500))],
];

for (const [query, filter] of meanings) {
  test(`${JSON.stringify(query)} is read as it is meant, and printed so that it still is`, () => {
    assert.deepEqual(parse(query), filter);
    assert.deepEqual(parse(printQuery(filter)), filter);
  });
}

const mistakes: readonly (readonly [string, number, RegExp, RegExp?])[] = [
  ['a tol:x', 3, /no field "tol"/, /Did you mean tool\?/],
  ['zzzzzzzz:x', 1, /no field/, /in quotes/],
  ['attributes.ticket:7', 1, /no field/],
  ['C:\\x', 1, /no field "C"/, /in quotes/],
  ['status:blockd', 8, /status never is "blockd"/, /Did you mean blocked\?.*pending, success/],
  ['x (a OR b', 3, /never closed/],
  ['(', 1, /never closed/],
  ['a)', 2, /closes nothing/],
  ['a ()', 4, /missing before/],
  ['a "b', 3, /quote is never closed/],
  ['tool:"b', 6, /quote is never closed/],
  ['a OR', 3, /missing after/],
  ['NOT', 1, /missing after/],
  ['OR a', 1, /OR needs/],
  ['a AND AND b', 7, /AND needs/],
  ['tool:', 1, /no value/, /tool:\*/],
  ['tool: x', 1, /no value/],
  ['(tool:)', 2, /no value/],
  ['tool:""', 6, /cannot be empty/],
  ['""', 1, /no text/],
  ['a - b', 3, /no letter or digit/],
  ['content:"…"', 9, /no letter or digit/],
  ['a*b', 1, /star may only end/, /resource:\*/],
  ['*a', 1, /star may only end/],
  ['content:a*"b"', 9, /star may only end/],
  ['tool:a*"b*"', 6, /A star in quotes/],
  ['tool:>a', 6, /no greater/],
  ['duration_ms:>fast', 13, /"fast" is not a number/],
  ['duration_ms:1e999', 13, /not a number/],
  ['time:>soon', 6, /"soon" is not a time/, /yesterday/],
  ['tool:(a user:b)', 9, /no other field/],
  [`${'('.repeat(33)}a${')'.repeat(33)}`, 33, /32 levels/],
  [`${'NOT '.repeat(33)}a`, 129, /32 levels/],
  ['a '.repeat(257), 513, /256 terms/],
  ['a'.repeat(5000), 4097, /4096 characters/],
];

for (const [query, column, message, hint] of mistakes) {
  test(`${JSON.stringify(query.slice(0, 40))} is refused at column ${column}`, () => {
    assert.throws(
      () => parse(query),
      (error: unknown) => {
        assert.ok(error instanceof Fault);
        assert.equal(error.code, 'query.invalid');
        assert.match(error.message, message);
        assert.equal(error.detail.column, column);
        if (hint) assert.match(error.detail.hint ?? '', hint);
        return true;
      },
    );
  });
}

test('queries at the limits are read', () => {
  parse(`${'('.repeat(32)}a${')'.repeat(32)}`);
  parse('a '.repeat(256));
  parse(`"${'a'.repeat(4094)}"`);
});

test('queries of the longest length are answered at once, whatever they repeat', () => {
  const units = [
    '(',
    '"',
    '\\',
    '-',
    ' ',
    'a:',
    '"\\',
    '*',
    'NOT ',
    '日',
    'tool:*',
    'a* ',
    '""',
    '..',
  ];
  for (const unit of units) {
    try {
      parse(unit.repeat(4096 / unit.length));
    } catch (error) {
      assert.ok(error instanceof Fault && error.code === 'query.invalid', unit);
    }
  }
});
