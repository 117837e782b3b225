/** What a guard sends to be decided on tells exactly what will run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { exact } from '../../src/sdk/exact.ts';

const data = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  maxDepth: 4,
  values: [fc.string(), fc.integer(), fc.double(), fc.boolean(), fc.constant(null)],
});

function taken(value: unknown): ReturnType<typeof exact> | undefined {
  try {
    return exact([value]);
  } catch (error) {
    assert.equal((error as { code?: unknown }).code, 'usage.invalid');
    return undefined;
  }
}

test('what runs is the same each time it is told, and its JSON tells it whole', () => {
  fc.assert(
    fc.property(data, (value) => {
      const once = taken(value);
      if (!once) return;
      const text = JSON.stringify(once.told);
      assert.deepEqual(JSON.parse(text), once.told);
      // Telling what will run tells the same: nothing of it depends on when it is read.
      const again = exact(once.args);
      assert.equal(JSON.stringify(again.told), text);
      assert.deepStrictEqual(again.args, once.args);
    }),
    { numRuns: 2000 },
  );
});

test('what is told the same is the same', () => {
  fc.assert(
    fc.property(data, data, (one, other) => {
      const [first, second] = [taken(one), taken(other)];
      if (!first || !second) return;
      if (JSON.stringify(first.told) !== JSON.stringify(second.told)) return;
      assert.deepStrictEqual(first.args, second.args);
    }),
    { numRuns: 5000 },
  );
  const pairs: readonly [unknown, unknown][] = [
    [1, '1'],
    [1n, 1],
    [undefined, null],
    [new Date(0), new Date(0).toISOString()],
    [{ $type: 'Date', time: new Date(0).toISOString() }, new Date(0)],
    [{ $type: 'Object', fields: { $type: 1 } }, { $type: 1 }],
    [new Map([['a', 1]]), { a: 1 }],
    [new Set([1]), [1]],
    [Buffer.from('a'), new Uint8Array([97])],
    [Number.NaN, null],
  ];
  for (const [one, other] of pairs) {
    assert.notEqual(JSON.stringify(exact([one]).told), JSON.stringify(exact([other]).told));
  }
});

test('nobody else holds what will run', () => {
  const bytes = Buffer.from('safe');
  const given = { list: [1], when: new Date(0), bytes, map: new Map([['k', { v: 1 }]]) };
  const { args } = exact([given]);
  given.list.push(2);
  given.when.setTime(1);
  bytes.write('evil');
  given.map.set('more', { v: 2 });
  const expected = {
    ...{ list: [1], when: new Date(0), bytes: Buffer.from('safe') },
    map: new Map([['k', { v: 1 }]]),
  };
  assert.deepEqual(args, [expected]);
});

test('a name of the language is data like any other, and size and depth are bounded', () => {
  const { args } = exact([JSON.parse('{"__proto__": {"admin": true}}')]);
  assert.equal((args[0] as { admin?: boolean }).admin, undefined);
  assert.deepEqual(Object.keys(args[0] as object), ['__proto__']);
  let deep: unknown = 1;
  for (let i = 0; i < 100; i++) deep = [deep];
  for (const bad of [deep, new Array(200_000).fill(0)]) {
    assert.throws(() => exact([bad]), { code: 'usage.invalid' });
  }
  const asked: string[] = [];
  const get = (target: { a: number }, key: string | symbol) => {
    asked.push(String(key));
    return target.a;
  };
  const proxy = new Proxy({ a: 1 }, { get });
  assert.deepEqual(exact([proxy]).args, [{ a: 1 }]);
  assert.deepEqual(asked, ['a']);
});
