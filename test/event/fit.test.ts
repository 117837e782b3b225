import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { z } from 'zod';
import { eventSchema, NAME_CHARS, RESOURCE_CHARS, RESOURCES } from '../../src/event/event.ts';
import { fitOf } from '../../src/event/fit.ts';

const schema = eventSchema.omit({ attributes: true });
const fits = fitOf(schema);

const WHOLE = {
  id: '0196f0a0-0000-7000-8000-000000000000',
  time: '2026-05-01T00:00:00.000Z',
  recorded_at: '2026-05-01T00:00:00.000Z',
  type: 'tool_call',
  tenant_id: 'acme',
  session_id: 's',
};

/** Values at and beyond every limit of the declaration, and of every kind that JSON has. */
const hostile = fc.oneof(
  fc.constantFrom<unknown>(
    ...[null, undefined, true, false, '', 'x', 'x\n', Number.NaN, Infinity, -Infinity, -0, -1, 0],
    ...[0.5, 1, 2 ** 53, -(2 ** 53), 1e308, [], [[]], {}, [undefined], [null]],
    ...[NAME_CHARS, NAME_CHARS + 1, RESOURCE_CHARS, RESOURCE_CHARS + 1].map((n) => 'x'.repeat(n)),
    ...['read', 'success', 'permit', 'hook', 'ACME', '-a', 'a'.repeat(63), 'a'.repeat(64)],
    ...[WHOLE.id, WHOLE.id.toUpperCase(), `${WHOLE.id}\n`, WHOLE.time, `${WHOLE.time}\n`],
    ...[new Array(3), ['p'], ['p', 7], new Array(64).fill('p'), new Array(65).fill('p')],
    { kind: 'file', id: '/a', access: 'read' },
    [{ kind: 'file', id: '/a', access: 'read' }],
    new Array(RESOURCES + 1).fill({ kind: 'file', id: '/a', access: 'read' }),
    [{ field: 'content', size_bytes: 1, sha256: '', object: '' }],
    [{ field: 'content', size_bytes: 1.5, sha256: '', object: '' }],
    JSON.parse('{"__proto__":1}'),
    JSON.parse('{"id":"x","constructor":1}'),
    // No text can be made of these: `String()` and templates throw.
    JSON.parse('{"toString":null,"valueOf":0}'),
    JSON.parse('["a",{"toString":1}]'),
  ),
  fc.jsonValue(),
  fc.string({ unit: 'binary' }),
);

const names = Object.keys(schema.shape);
const inner = ['id', 'name', 'kind', 'access', 'trace_id', 'input', 'outcome', 'policy_ids'];
const field = fc.constantFrom(...names, '__proto__', 'constructor', 'unheard');
const nested = fc.dictionary(fc.constantFrom(...inner, 'unheard', '__proto__'), hostile, {
  maxKeys: 4,
  noNullPrototype: true,
});

test('the compiled check and zod agree on every event, and zod gives back what fits as it is', () => {
  let fitting = 0;
  const given = fc.array(fc.tuple(field, fc.oneof(hostile, nested, fc.array(nested))), {
    maxLength: 3,
  });
  fc.assert(
    fc.property(given, fc.constantFrom(WHOLE, {}), (fields, base) => {
      const event = { ...base, ...Object.fromEntries(fields) };
      const parsed = schema.safeParse(event);
      assert.equal(fits(event), parsed.success, JSON.stringify(parsed.error?.issues));
      if (!parsed.success) return;
      fitting++;
      assert.deepEqual(parsed.data, event);
    }),
    { numRuns: 20_000 },
  );
  assert.ok(fitting > 100, `only ${fitting} events fitted`);
});

test('each field alone, with each hostile value: both agree', () => {
  for (const value of fc.sample(hostile, 2000)) {
    for (const name of names) {
      const event = { ...WHOLE, [name]: value };
      assert.equal(fits(event), schema.safeParse(event).success, `${name}: ${inspect(value)}`);
    }
  }
});

test('what is no object does not fit', () => {
  for (const value of [null, undefined, 'x', 1, [], [WHOLE], () => WHOLE]) {
    assert.equal(fits(value), false);
  }
});

test('a declaration with a constraint that the check does not know is refused at once', () => {
  for (const unknown of [
    z.strictObject({ a: z.number().multipleOf(2) }),
    z.strictObject({ a: z.array(z.string()).min(1) }),
    z.strictObject({ a: z.record(z.string(), z.string()) }),
    z.strictObject({ a: z.union([z.string(), z.number()]) }),
    z.strictObject({ a: z.number().gt(0) }),
    z.strictObject({ a: z.boolean() }),
    z.strictObject({ a: z.literal('x') }),
    z.looseObject({ a: z.string() }),
  ]) {
    assert.throws(() => fitOf(unknown), TypeError);
  }
});
