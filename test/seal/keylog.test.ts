/** New keys on their way: one log for all tenants, from which nothing is lost and all can go. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { Fault } from '../../src/fault/fault.ts';
import { openKeyLog } from '../../src/seal/keylog.ts';
import { type Keyring, openReader } from '../../src/seal/keyring.ts';
import type { SealedEvent } from '../../src/seal/seal.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { everyByte, keyring, newRoot, plain, sealOne } from './ground.ts';

const LOG = 'keys/new.0000000000.log';
const TENANTS = ['acme', 'umbrella'] as const;

const logsOf = (store: Store) => Array.fromAsync(store.list('keys/new.'));

/** An event of each of so many subjects, in turn of each tenant, each in a line of its own. */
async function sealSome(ring: Keyring, count: number): Promise<SealedEvent[]> {
  const sealed: SealedEvent[] = [];
  for (let i = 0; i < count; i++) {
    const tenant = TENANTS[i % 2] as string;
    sealed.push(await sealOne(ring, plain(`${i}`, { tenant, subject: `session:${i}` })));
  }
  return sealed;
}

test('what a process that was killed left in a log opens, and moves to where it belongs', async () => {
  const [store, root] = [openMemoryStore(), newRoot()];
  const sealed = await sealSome(await keyring(store, root), 6);
  assert.deepEqual(await logsOf(store), [LOG]);
  const next = await keyring(store, root);
  for (const opener of [next, await openReader(store, root)]) {
    for (const one of sealed) assert.ok('bytes' in opener.open(one));
  }
  const again = await sealOne(next, plain('0 again', { subject: 'session:0' }));
  assert.deepEqual(again.envelope.subarray(1, 17), sealed[0]?.envelope.subarray(1, 17));
  await next.close();
  assert.deepEqual(await logsOf(store), []);
  for (const opener of [await keyring(store, root), await openReader(store, root)]) {
    for (const one of sealed) assert.ok('bytes' in opener.open(one));
  }
});

test('a log that was cut anywhere holds all that was whole, and goes on', async () => {
  const [store, root] = [openMemoryStore(), newRoot()];
  const ring = await keyring(store, root);
  const ends: number[] = [];
  const sealed: SealedEvent[] = [];
  for (let i = 0; i < 4; i++) {
    sealed.push(await sealOne(ring, plain(`${i}`, { subject: `session:${i}` })));
    ends.push((await store.size(LOG)) ?? 0);
  }
  const whole = (await store.get(LOG)) ?? assert.fail();
  for (let bytes = 0; bytes <= whole.length; bytes++) {
    // What a stop left may also be zeros, where the size was written and the bytes were not.
    for (const left of [0, 700]) {
      await store.put(LOG, Buffer.concat([whole.subarray(0, bytes), Buffer.alloc(left)]));
      const reader = await openReader(store, root);
      for (const [i, one] of sealed.entries()) {
        const kept = 'bytes' in reader.open(one);
        // A line whose end alone is missing is whole: it may be there, and the ones before must.
        if (bytes >= (ends[i] as number)) assert.ok(kept, `${bytes} of ${whole.length}: ${i}`);
        if (bytes < (ends[i] as number) - 1) assert.ok(!kept, `${bytes} of ${whole.length}: ${i}`);
      }
    }
  }
  await store.put(LOG, whole.subarray(0, whole.length - 9));
  const next = await keyring(store, root);
  const after = await sealOne(next, plain('after'));
  await next.close();
  const reader = await openReader(store, root);
  for (const one of [...sealed.slice(0, 3), after]) assert.ok('bytes' in reader.open(one));
});

test('a line that is damaged before a whole one, or holds no keys, is named', async () => {
  const [store, root] = [openMemoryStore(), newRoot()];
  await sealSome(await keyring(store, root), 3);
  const whole = (await store.get(LOG)) ?? assert.fail();
  const flipped = Buffer.from(whole);
  flipped[40] = (flipped[40] as number) ^ 1;
  const json = '{"v":2,"keys":[]}';
  const newer = Buffer.from(`${crc32(json).toString(16).padStart(8, '0')} ${json}\n`);
  for (const bytes of [flipped, newer, Buffer.concat([whole, newer])]) {
    await store.put(LOG, bytes);
    const damaged = (fault: Fault) => fault.code === 'seal.root_key' && fault.message.includes(LOG);
    await assert.rejects(keyring(store, root), damaged);
    await assert.rejects(openReader(store, root), damaged);
  }
});

test('keys leave a log that is long by themselves, for few objects a tenant', async () => {
  const store = openMemoryStore();
  const moved = new Map<string, number>();
  let moves = 0;
  const log = await openKeyLog({
    store,
    moved_keys: 10,
    move: async (tenant, keys) => {
      moves++;
      moved.set(tenant, (moved.get(tenant) ?? 0) + keys.length);
    },
  });
  for (let i = 0; i < 95; i++) {
    log.add(TENANTS[i % 2] as string, { kid: String(i).padStart(32, '0') });
    await log.save();
  }
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([moves, [...moved.values()]], [18, [45, 45]]);
  assert.deepEqual(await logsOf(store), ['keys/new.0000000009.log']);
  await log.drain();
  assert.deepEqual([moves, [...moved.values()]], [20, [48, 47]]);
  assert.deepEqual(await logsOf(store), []);
});

test('a log whose first line was refused is gone after a close', async () => {
  const [inner, root] = [openMemoryStore(), newRoot()];
  let full = true;
  const append: Store['append'] = async (key, bytes) => {
    await inner.append(key, full ? bytes.subarray(0, 9) : bytes);
    if (full) throw new Fault('data.full', 'full');
  };
  const ring = await keyring({ ...inner, append }, root);
  await assert.rejects(ring.seal([plain('x')]), { code: 'data.full' });
  await assert.rejects(ring.erase('acme', 'user:jane'), { code: 'data.full' });
  assert.deepEqual(await logsOf(inner), [LOG]);
  full = false;
  await ring.close();
  assert.deepEqual(await logsOf(inner), []);
});

test('what is erased is in no log either', async () => {
  const [store, root] = [openMemoryStore(), newRoot()];
  const ring = await keyring(store, root);
  const [jane] = await sealSome(ring, 5);
  const [line] = String(await store.get(LOG)).split('\n');
  const { w } = JSON.parse((line ?? '').slice(9)).keys[0];
  assert.ok((await everyByte(store)).includes(w));
  assert.equal(await ring.erase('acme', 'session:0'), true);
  assert.ok(!(await everyByte(store)).includes(w));
  const opened = (await openReader(store, root)).open(jane ?? assert.fail());
  assert.deepEqual(opened, { problem: 'erased' });
});

test('an erasure leaves alone the key that is made while it waits for another', async () => {
  const [inner, root] = [openMemoryStore(), newRoot()];
  const slow = Promise.withResolvers<void>();
  const store: Store = { ...inner, put: (...put) => slow.promise.then(() => inner.put(...put)) };
  const ring = await keyring(store, root);
  const joe = await sealOne(ring, plain('joe', { subject: 'user:joe' }));
  const erasing = ['user:jane', 'user:joe'].map((subject) => ring.erase('acme', subject));
  await new Promise((resolve) => setImmediate(resolve));
  const jane = await sealOne(ring, plain('jane'));
  slow.resolve();
  assert.deepEqual(await Promise.all(erasing), [false, true]);
  for (const opener of [ring, await keyring(inner, root), await openReader(inner, root)]) {
    assert.ok('bytes' in opener.open(jane));
    assert.deepEqual(opener.open(joe), { problem: 'erased' });
  }
});

test('an erasure that a full disk refuses brings no key back later', async () => {
  const [inner, root] = [openMemoryStore(), newRoot()];
  const slow = Promise.withResolvers<void>();
  let full = true;
  const store: Store = {
    ...inner,
    put: async (key, bytes, options) => {
      if (full && key.includes('umbrella')) throw new Fault('data.full', 'full');
      if (full) await slow.promise;
      await inner.put(key, bytes, options);
    },
  };
  const ring = await keyring(store, root);
  const [jane] = await sealSome(ring, 4);
  let refused = false;
  const erasing = ring.erase('acme', 'session:0').catch((fault: Fault) => {
    refused = fault.code === 'data.full';
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(refused, false, 'it waits for what is being written');
  slow.resolve();
  await erasing;
  assert.equal(refused, true);
  full = false;
  assert.equal(await ring.erase('acme', 'session:0'), true);
  for (const opener of [ring, await openReader(inner, root)]) {
    assert.deepEqual(opener.open(jane ?? assert.fail()), { problem: 'erased' });
  }
});

type Step =
  | { readonly do: 'seal' | 'erase'; readonly tenant: string; readonly subject: string }
  | { readonly do: 'restart' | 'kill' | 'check' }
  | { readonly do: 'fail'; readonly what: 'append' | 'put' | 'remove' };

const who = { tenant: fc.constantFrom(...TENANTS), subject: fc.constantFrom('a', 'b', 'c') };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('seal' as const), ...who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('erase' as const), ...who }) },
  fc.record({ do: fc.constantFrom('restart' as const, 'kill' as const, 'check' as const) }),
  fc.record({
    do: fc.constant('fail' as const),
    what: fc.constantFrom('append' as const, 'put' as const, 'remove' as const),
  }),
);

test('whatever fails or stops in between, what was sealed opens until it is erased', async () => {
  const root = newRoot();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const inner = openMemoryStore();
      let failing: string | undefined;
      const unless =
        <A extends unknown[]>(what: string, work: (...args: A) => Promise<void>) =>
        async (...args: A): Promise<void> => {
          if (failing !== what) return work(...args);
          failing = undefined;
          throw new Fault('data.full', 'full');
        };
      const store: Store = {
        ...inner,
        append: unless('append', inner.append),
        put: unless('put', inner.put),
        remove: unless('remove', inner.remove),
      };
      let ring = await keyring(store, root);
      const open = new Map<string, SealedEvent[]>();
      const erased: SealedEvent[] = [];
      const check = async (): Promise<void> => {
        for (const opener of [ring, await openReader(inner, root)]) {
          for (const one of [...open.values()].flat()) assert.ok('bytes' in opener.open(one));
          for (const one of erased) assert.deepEqual(opener.open(one), { problem: 'erased' });
        }
      };
      for (const one of steps) {
        if (one.do === 'fail') failing = one.what;
        if (one.do === 'restart') await ring.close();
        if (one.do === 'restart' || one.do === 'kill') ring = await keyring(store, root);
        if (one.do === 'check') await check();
        if (one.do !== 'seal' && one.do !== 'erase') continue;
        const { tenant, subject } = one;
        const key = `${tenant} ${subject}`;
        if (one.do === 'seal') {
          const event = plain('x', { tenant, subject });
          const sealed = await sealOne(ring, event).catch(() => sealOne(ring, event));
          open.set(key, [...(open.get(key) ?? []), sealed]);
        } else {
          await ring.erase(tenant, subject).catch(() => ring.erase(tenant, subject));
          erased.push(...(open.get(key) ?? []));
          open.delete(key);
        }
      }
      await check();
    }),
    { numRuns: 200 },
  );
});
