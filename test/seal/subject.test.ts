/** Subjects' keys: durable before they are used, few objects, and gone when erased. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../src/fault/fault.ts';
import { type Keyring, openReader } from '../../src/seal/keyring.ts';
import type { SealedEvent } from '../../src/seal/seal.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { keyring, newRoot, plain, sealOne } from './ground.ts';

test('seal resolves only when its keys are durable, and a failed write loses none', async () => {
  const [inner, root] = [openMemoryStore(), newRoot()];
  let broken = false;
  const store: Store = {
    ...inner,
    append: async (key, bytes) => {
      if (broken) throw new Fault('data.full', 'full');
      await inner.append(key, bytes);
    },
  };
  const ring = await keyring(store, root);
  await ring.admit('acme');
  broken = true;
  await assert.rejects(ring.seal([plain('a')]), { code: 'data.full' });
  broken = false;
  const sealed = await sealOne(ring, plain('b'));
  const opened = (await openReader(inner, root)).open(sealed);
  assert.ok('bytes' in opened);
  assert.equal(opened.bytes.toString(), 'b');
});

test('keys that tenants make at the same time are written together, each before it is used', async () => {
  const [inner, root] = [openMemoryStore(), newRoot()];
  let writes = 0;
  const store: Store = {
    ...inner,
    append: async (key, bytes) => {
      writes++;
      await inner.append(key, bytes);
    },
  };
  const ring = await keyring(store, root);
  const tenants = ['acme', 'umbrella'];
  for (const tenant of tenants) await ring.admit(tenant);
  const sealing = Array.from({ length: 10 }, async (_, i) => {
    const tenant = tenants[i % 2] as string;
    const event = await sealOne(ring, plain('x', { tenant, subject: `user:${i}` }));
    assert.ok('bytes' in (await openReader(inner, root)).open(event), `user:${i} is not durable`);
  });
  await Promise.all(sealing);
  assert.equal(writes, 1);
});

test('erasing a subject leaves nothing of its key, and tells erased from tampered', async () => {
  const [store, root] = [openMemoryStore(), newRoot()];
  const ring = await keyring(store, root);
  const jane = await sealOne(ring, plain('jane'));
  const joe = await sealOne(ring, plain('joe', { subject: 'user:joe' }));
  assert.equal(await ring.erase('acme', 'user:jane'), true);
  assert.equal(await ring.erase('acme', 'user:jane'), false);
  for (const opener of [ring, await openReader(store, root)]) {
    assert.deepEqual(opener.open(jane), { problem: 'erased' });
    assert.ok('bytes' in opener.open(joe));
  }
  const again = await sealOne(ring, plain('jane again'));
  assert.ok('bytes' in ring.open(again));
  assert.deepEqual(ring.open(jane), { problem: 'erased' });
});

test('a key that is simply gone is no erasure', async () => {
  const [store, root] = [openMemoryStore(), newRoot()];
  const sealed = await sealOne(await keyring(store, root), plain('x'));
  for await (const key of store.list('keys/new.')) await store.remove(key);
  assert.deepEqual((await openReader(store, root)).open(sealed), { problem: 'tampered' });
});

test('key objects stay few however many keys there are, and every key still opens', async () => {
  const [store, root] = [openMemoryStore(), newRoot()];
  const ring = await keyring(store, root);
  const sealed = await sealSessions(ring, 600);
  await ring.close();
  const objects = await Array.fromAsync(store.list('keys/acme/subject/'));
  assert.ok(objects.length <= 3 * 15, `${objects.length} objects`);
  const opener = await keyring(store, root);
  for (const one of sealed) assert.ok('bytes' in opener.open(one));
});

test('a key that is erased while objects are merged is gone from all of them', async () => {
  const [store, root] = [openMemoryStore(), newRoot()];
  const ring = await keyring(store, root);
  const sealed = [];
  const erasing = [];
  for (let i = 0; i < 64; i++) {
    sealed.push(await sealOne(ring, plain(`${i}`, { subject: `session:${i}` })));
    if (i % 5 === 4) erasing.push(ring.erase('acme', `session:${i - 2}`));
  }
  assert.deepEqual(new Set(await Promise.all(erasing)), new Set([true]));
  await ring.close();
  for (const opener of [ring, await openReader(store, root)]) {
    for (const [i, one] of sealed.entries()) {
      const opened = opener.open(one);
      assert.equal('problem' in opened, i % 5 === 2 && i < 62, `${i}`);
    }
  }
});

test('a reader finds every key while a server merges their objects', async () => {
  const [inner, root] = [openMemoryStore(), newRoot()];
  const ring = await keyring(inner, root);
  const sealed = await sealSessions(ring, 15);
  let listings = 0;
  const store: Store = {
    ...inner,
    async *list(prefix) {
      yield* await Array.fromAsync(inner.list(prefix));
      if (!prefix.endsWith('/subject/') || listings++ > 0) return;
      sealed.push(await sealOne(ring, plain('15', { subject: 'session:15' })));
      await ring.close();
    },
  };
  const reader = await openReader(store, root);
  assert.equal(listings, 2);
  for (const one of sealed) assert.ok('bytes' in reader.open(one));
});

test('a reader learns of keys that were made since, and of a new tenant’s', async () => {
  const [store, root] = [openMemoryStore(), newRoot()];
  const ring = await keyring(store, root);
  await sealOne(ring, plain('old'));
  const reader = await openReader(store, root);
  for (const fields of [{ subject: 'user:new' }, { tenant: 'new' }]) {
    const sealed = await sealOne(ring, plain('new', fields));
    assert.deepEqual(reader.open(sealed), { problem: 'tampered' });
    assert.equal(await reader.refresh?.(sealed.tenant), true);
    assert.ok('bytes' in reader.open(sealed));
    assert.equal(await reader.refresh?.(sealed.tenant), false);
  }
  assert.equal(await reader.refresh?.('nobody'), false);
});

test('an object that holds no keys as they are written is damaged, and named', async () => {
  for (const text of ['', '{"v":1}', '{"v":2,"keys":[]}', '{"v":1,"keys":[{"kid":"a"}]}']) {
    const [store, root] = [openMemoryStore(), newRoot()];
    const ring = await keyring(store, root);
    await ring.seal([plain('x')]);
    await ring.close();
    const key = 'keys/acme/subject/0000000000.json';
    await store.put(key, Buffer.from(text));
    const damaged = (error: Fault) => error.code === 'seal.root_key' && error.message.includes(key);
    await assert.rejects(keyring(store, root), damaged);
    await assert.rejects(openReader(store, root), damaged);
  }
});

test('whose key is durable is sealed at once, while the key of another is being written', async () => {
  const store = openMemoryStore();
  let written = Promise.resolve();
  const slow: Store = { ...store, append: (...add) => written.then(() => store.append(...add)) };
  const ring = await keyring(slow, newRoot());
  await sealOne(ring, plain('known'));
  const { promise, resolve } = Promise.withResolvers<void>();
  written = promise;
  const done: string[] = [];
  const sealing = ['user:new', 'user:new', 'user:jane'].map((subject) =>
    sealOne(ring, plain('more', { subject })).then(() => done.push(subject)),
  );
  await sealing[2];
  assert.deepEqual(done, ['user:jane']);
  resolve();
  await Promise.all(sealing);
  assert.deepEqual(done, ['user:jane', 'user:new', 'user:new']);
});

/** An event of each of so many subjects, one after the other. */
async function sealSessions(ring: Keyring, count: number): Promise<SealedEvent[]> {
  const sealed: SealedEvent[] = [];
  for (let i = 0; i < count; i++) {
    sealed.push(await sealOne(ring, plain(`${i}`, { subject: `session:${i}` })));
  }
  return sealed;
}
