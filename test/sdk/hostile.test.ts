/** No value that an agent hands in breaks it, hangs it, or changes on its way without a word. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { uuidv7 } from '../../src/event/id.ts';
import { Fault } from '../../src/fault/fault.ts';
import { encode, fixDefaults, idOf, newId } from '../../src/sdk/line.ts';
import { safe, safeError } from '../../src/sdk/safe.ts';
import { type ConnectOptions, connect } from '../../src/sdk/sdk.ts';

const fixed = { id: '019c0000-0000-7000-8000-000000000000', now_ms: 1_769_868_000_000 };
const draft = (fields: object) => ({ type: 'output', session_id: 's', ...fields });
const encoded = (fields: object) => JSON.parse(encode(draft(fields), fixed, []).line);

function circle(): object {
  const value: Record<string, unknown> = {};
  value['self'] = value;
  value['again'] = value;
  return value;
}

function shared(levels: number): object {
  let value: object = {};
  for (let i = 0; i < levels; i++) value = { a: value, b: value };
  return value;
}

test('what JSON can carry arrives as it was', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const back = encoded({ arguments: value }).arguments;
      assert.deepEqual(back, JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('whatever a draft holds, it becomes a line of JSON or a Fault that names the field', () => {
  const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true });
  fc.assert(
    fc.property(anything, (value) => {
      try {
        const { line, size_bytes } = encode(draft({ arguments: value }), fixed, []);
        assert.equal(size_bytes, Buffer.byteLength(line));
        assert.ok(!line.includes('\n'));
        JSON.parse(line);
      } catch (error) {
        if (error instanceof Fault) assert.match(error.detail.field ?? '', /^arguments/);
        else assert.ok(!(error instanceof assert.AssertionError), String(error));
      }
    }),
  );
});

for (const [what, value] of [
  ['a circle', circle()],
  ['a value shared 2^60 times', shared(60)],
  ['a BigInt', 1n],
  ['a function', () => 1],
  ['NaN', Number.NaN],
  ['a Map, which JSON would empty', new Map([[1, 2]])],
  ['an Error, which JSON would empty', new Error('x')],
] as const) {
  test(`${what} in a draft is refused by name, not changed silently`, () => {
    assert.throws(() => encode(draft({ result: { deep: [value] } }), fixed, []), {
      name: 'Fault',
      code: 'event.invalid',
      message: /^result\.deep\.0/,
    });
  });
}

test('a missing type or session, or no object at all, is refused by name', () => {
  for (const wrong of [undefined, null, 1, 'text', [], () => 1]) {
    assert.throws(() => encode(wrong, fixed, []), { code: 'event.invalid' });
  }
  assert.throws(() => encode({ session_id: 's' }, fixed, []), { message: 'type is required.' });
  assert.throws(() => encode({ type: 'output', session_id: '' }, fixed, []), {
    message: 'session_id is required.',
  });
});

test('a draft’s own fields win over the client’s, by our names and by the documents’', () => {
  const defaults = {
    agent: { id: 'a' },
    user: { id: 'u' },
    environment: 'e',
    source: { kind: 'sdk' },
  };
  const field = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
  const fields = fc.record(
    {
      agent: field(fc.constantFrom({ id: 'other' }, null)),
      agent_id: field(fc.string()),
      user_id: field(fc.string()),
      environment: field(fc.string()),
      time: field(fc.constant('2026-01-01T00:00:00Z')),
      created_at: field(fc.constant('2026-01-01T00:00:00Z')),
      id: field(fc.constant('019C0000-0000-7000-8000-000000000000')),
      arguments: field(fc.jsonValue()),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fields, fc.boolean(), (given, instance) => {
      const own = draft(given);
      const value = instance ? Object.assign(Object.create({ toJSON: () => 'x' }), own) : own;
      const { line } = encode(value, fixed, fixDefaults(defaults));
      const timed = given.time !== undefined || given.created_at !== undefined;
      const { agent, user, ...rest } = defaults;
      const wanted = {
        ...rest,
        ...(given.agent_id === undefined ? { agent } : {}),
        ...(given.user_id === undefined ? { user } : {}),
        ...(timed ? {} : { time: new Date(fixed.now_ms).toISOString() }),
        ...JSON.parse(JSON.stringify(own)),
        id: fixed.id,
      };
      assert.deepEqual(JSON.parse(line), wanted);
    }),
  );
});

test('what the client’s own fields cannot carry is refused by name in each event', () => {
  const defaults = fixDefaults({ agent: { id: 'a', size: 1n } });
  for (let i = 0; i < 2; i++) {
    assert.throws(() => encode(draft({}), fixed, defaults), {
      message: /^agent\.size is a bigint/,
    });
  }
  assert.equal(JSON.parse(encode(draft({ agent: 'x' }), fixed, defaults).line).agent, 'x');
});

test('ids are UUIDv7 of their moment, and no two are alike', () => {
  const ids = new Set<string>();
  for (let i = 0; i < 5000; i++) {
    const now_ms = fixed.now_ms + (i % 3);
    const id = newId(now_ms);
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16), now_ms);
    ids.add(id);
  }
  assert.equal(ids.size, 5000);
});

test('an own key named __proto__, lone surrogates and line breaks are data', () => {
  const value = JSON.parse('{"__proto__": {"x": 1}, "k": "\\ud800 \\n \\u2028"}');
  const back = encoded({ arguments: value }).arguments;
  assert.deepEqual(Object.keys(back), ['__proto__', 'k']);
  assert.equal(back.k, '\ud800 \n \u2028');
  assert.equal(({} as { x?: number }).x, undefined);
});

test('record() survives every hostile draft, counts it as a drop and returns an id', () => {
  let faults = 0;
  const options: ConnectOptions = { url: 'http://127.0.0.1:9', spool: false };
  const claw = connect({ ...options, onError: () => faults++ });
  const thrower = {
    get type(): string {
      throw new Error('getter');
    },
  };
  const trap = new Proxy({}, { get: () => assert.fail(), ownKeys: () => assert.fail() });
  const hostile = [null, undefined, 7, 'x', [], {}, thrower, trap, draft({ id: 5, x: 1n })];
  for (const value of hostile) assert.match(claw.record(value as never), /^[0-9a-f-]{36}$/);
  assert.equal(faults, hostile.length);
  assert.equal(claw.status().dropped, hostile.length);
});

test('an id of the draft’s own is kept, in lower case', () => {
  assert.equal(idOf({ id: 'ABC' }, 0), 'abc');
  const made = uuidv7(fixed.now_ms, (bytes) => new Uint8Array(bytes));
  assert.equal(idOf({ id: '' }, fixed.now_ms).slice(0, 15), made.slice(0, 15));
});

test('whatever a value is, its safe form is JSON of a bounded size', () => {
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withMap: true, withSet: true }), (value) => {
      const text = JSON.stringify(safe(value, 1000)) ?? '';
      assert.ok(text.length < 20_000, `${text.length} characters`);
    }),
  );
  for (const value of [circle(), shared(60), 'x'.repeat(1e7), Array(1e7), Buffer.alloc(1e7)]) {
    const text = JSON.stringify(safe(value, 10_000)) ?? '';
    assert.ok(text.length < 200_000, `${text.length} characters`);
  }
});

test('the safe form of plain JSON is that JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      assert.equal(JSON.stringify(safe(value, 1e6)), JSON.stringify(value));
    }),
  );
});

test('what JSON cannot carry is named in its place', () => {
  const self: Record<string, unknown> = {};
  self['me'] = self;
  const getter = Object.defineProperty({}, 'x', { enumerable: true, get: () => assert.fail() });
  const iterator = (function* () {
    yield assert.fail();
  })();
  const cases: [unknown, unknown][] = [
    [self, { me: '[Circular]' }],
    [10n, '10n'],
    [function work() {}, '[Function work]'],
    [Symbol('s'), 'Symbol(s)'],
    [Number.NaN, 'NaN'],
    [[undefined], [null]],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [new Date(Number.NaN), 'Invalid Date'],
    [new Map([[{ k: 1 }, 2n]]), { $type: 'Map', entries: [[{ k: 1 }, '2n']] }],
    [new Set([1]), { $type: 'Set', values: [1] }],
    [Buffer.from('hi'), { $type: 'Buffer', size_bytes: 2, base64: 'aGk=' }],
    [new Uint8Array([104, 105]), { $type: 'Buffer', size_bytes: 2, base64: 'aGk=' }],
    [/a/g, '/a/g'],
    [new URL('https://x.example/a'), 'https://x.example/a'],
    [Promise.resolve(), '[Promise]'],
    [
      new RangeError('no', { cause: 1 }),
      { $type: 'Error', name: 'RangeError', message: 'no', cause: 1 },
    ],
    [getter, { x: '[Getter]' }],
    [iterator, '[Generator]'],
    [{ toJSON: () => ({ a: 1n }) }, { a: '1n' }],
    [{ toJSON: () => assert.fail('no') }, '[Unreadable: no]'],
  ];
  for (const [value, wanted] of cases) assert.deepEqual(safe(value, 1e4), wanted);
  assert.equal(safe('x'.repeat(50), 44), `${'x'.repeat(40)}[+10 characters]`);
  assert.deepEqual(safe([1, 2, 3, 4], 12), [1, 2, '[+2 items]']);
  assert.deepEqual(safe({ a: 1, b: 2, c: 3 }, 9), { a: 1, '…': '[+2 fields]' });
});

test('whatever is thrown becomes an error with a message', () => {
  assert.deepEqual(safeError(new TypeError('no'), 100), { code: 'TypeError', message: 'no' });
  const coded = Object.assign(new Error('gone'), { code: 'ENOENT' });
  assert.deepEqual(safeError(coded, 100), { code: 'ENOENT', message: 'gone' });
  assert.deepEqual(safeError('text', 100), { message: 'text' });
  assert.deepEqual(safeError(undefined, 100), { message: 'undefined' });
  assert.deepEqual(safeError({ a: 1n }, 100), { message: '{"a":"1n"}' });
  fc.assert(
    fc.property(fc.anything(), (value) => typeof safeError(value, 10).message === 'string'),
  );
});
