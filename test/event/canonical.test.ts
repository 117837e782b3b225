import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalBytes, canonicalText, DEPTH } from '../../src/event/canonical.ts';

const key = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    '',
    '\ud800',
    'é',
    '\u{1f600}',
    '0',
    '10',
    '9',
  ),
);
const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 5 },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
    fc.string({ unit: 'binary', maxLength: 10 }),
    fc.constantFrom('\ud800', '\udc00x', '\u2028', '\0', '"\\'),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((list) => Object.fromEntries(list)),
  ),
})).value;

/** The same value with the keys of every object the other way round. */
function reversed(given: unknown): unknown {
  if (Array.isArray(given)) return given.map(reversed);
  if (typeof given !== 'object' || given === null) return given;
  const entries = Object.entries(given).map(([name, child]) => [name, reversed(child)] as const);
  return Object.fromEntries(entries.reverse());
}

function nested(levels: number, inner: unknown): unknown {
  let whole = inner;
  for (let i = 0; i < levels; i++) whole = i % 2 ? [whole] : { a: whole };
  return whole;
}

test('the order of keys does not matter', () => {
  fc.assert(
    fc.property(value, (one) => assert.equal(canonicalText(reversed(one)), canonicalText(one))),
  );
});

test('what is written reads back as the same value, and writing that is a fixpoint', () => {
  fc.assert(
    fc.property(value, (one) => {
      const text = canonicalText(one);
      assert.deepEqual(JSON.parse(text), one);
      assert.equal(canonicalText(JSON.parse(text)), text);
    }),
  );
});

test('the bytes are the text in UTF-8, which loses nothing, lone surrogates included', () => {
  fc.assert(
    fc.property(value, (one) => {
      const bytes = canonicalBytes(one);
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
      assert.equal(text, canonicalText(one));
      assert.deepEqual(JSON.parse(text), one);
    }),
  );
});

test('the examples of RFC 8785 come out as it has them', () => {
  const given = {
    numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
    literals: [null, true, false],
  };
  assert.equal(
    canonicalText(given),
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
      '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
  const sorted = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\x80': 6, ö: 7 };
  assert.deepEqual(
    [...canonicalText(sorted).matchAll(/:(\d)/g)].map((match) => match[1]),
    [...'2467153'],
  );
});

test('minus zero is zero, and keys without a value are left out', () => {
  assert.equal(canonicalText({ b: undefined, a: -0, c: [undefined] }), '{"a":0,"c":[null]}');
});

test('a lone surrogate is written as its escape', () => {
  assert.equal(canonicalText('a\ud800'), '"a\\ud800"');
});

test('a key named __proto__ is data', () => {
  const given = JSON.parse('{"__proto__":{"admin":true},"a":1}');
  assert.equal(canonicalText(given), '{"__proto__":{"admin":true},"a":1}');
  assert.equal(({} as Record<string, unknown>)['admin'], undefined);
});

test(`values nest ${DEPTH} levels deep and no deeper, and ten thousand levels harm nothing`, () => {
  canonicalText(nested(DEPTH, 1));
  for (const levels of [DEPTH + 1, 10_000]) {
    assert.throws(
      () => canonicalText({ x: nested(levels - 1, 1) }),
      (error: { detail?: object }) => {
        assert.equal((error as { code?: string }).code, 'event.invalid');
        assert.match(String(error), /nested deeper than 64 levels/);
        assert.equal((error.detail as { limit?: number }).limit, DEPTH);
        return true;
      },
    );
  }
});

test('what JSON cannot carry is refused with its field', () => {
  const refused: readonly (readonly [unknown, RegExp])[] = [
    [{ a: { b: Number.NaN } }, /^a\.b is a number outside/],
    [{ a: [1, Number.POSITIVE_INFINITY] }, /^a\.1 is a number outside/],
    [{ a: 1n }, /^a is a bigint/],
    [{ a: () => 1 }, /^a is a function/],
    [{ a: new Date(0) }, /^a is a Date/],
    [new Map(), /^the value is a Map/],
  ];
  for (const [given, message] of refused) {
    assert.throws(() => canonicalText(given), { code: 'event.invalid', message });
  }
});

/** RFC 8785 as plainly as it can be written. */
function plainly(given: unknown): string {
  if (Array.isArray(given)) return `[${given.map(plainly).join(',')}]`;
  if (typeof given !== 'object' || given === null) return JSON.stringify(given);
  const fields = Object.entries(given).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, child]) => `${JSON.stringify(name)}:${plainly(child)}`).join(',')}}`;
}

test('the text is that of the plainest program for it, for few keys, many keys and long ones', () => {
  const text = fc.string({ unit: 'binary', maxLength: 60 });
  const many = fc.dictionary(text, value, { maxKeys: 80, size: 'max', noNullPrototype: true });
  fc.assert(
    fc.property(fc.oneof(value, many), (one) => assert.equal(canonicalText(one), plainly(one))),
  );
});

test('keys stay themselves when more came than are remembered', () => {
  const object = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`"k${i}`, i]));
  assert.deepEqual(JSON.parse(canonicalText(object)), object);
  assert.equal(canonicalText({ '"k1': 1 }), '{"\\"k1":1}');
});
