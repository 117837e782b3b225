/** Sealing: what opens, what does not, and what is durable when. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../../src/fault/fault.ts';
import { openKeyring, openReader } from '../../src/seal/keyring.ts';
import { makeRootKey, type RootKey, readRootKey } from '../../src/seal/root.ts';
import type { Plain } from '../../src/seal/seal.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';

const folder = mkdtempSync(join(tmpdir(), 'claw-seal-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const entropy = (bytes: number) => randomBytes(bytes);
let files = 0;

function newRoot(): RootKey {
  const path = join(folder, `root-${files++}.key`);
  makeRootKey(path, entropy);
  return readRootKey(path);
}

function plain(text: string, fields: Partial<Plain> = {}): Plain {
  const id = '01a1fff1-adb5-7463-8fba-378bb3a785e7';
  return {
    tenant: 'acme',
    id,
    at_ms: 1,
    subject: 'user:jane',
    bytes: Buffer.from(text),
    ...fields,
  };
}

async function keyring(store: Store, root: RootKey) {
  return openKeyring({ store, root, entropy, origin: 'test' });
}

async function sealOne(ring: Awaited<ReturnType<typeof keyring>>, event: Plain) {
  const [sealed] = await ring.seal([event]);
  assert.ok(sealed);
  return sealed;
}

async function everyByte(store: Store): Promise<string> {
  let all = '';
  for await (const key of store.list('')) all += key + (await store.get(key))?.toString('latin1');
  return all;
}

test('what was sealed opens again, also after the keys were read back from the store', async () => {
  const [store, root] = [openMemoryStore(), newRoot()];
  const sealed = await sealOne(await keyring(store, root), plain('hello'));
  for (const opener of [await keyring(store, root), await openReader(store, root)]) {
    const opened = opener.open(sealed);
    assert.ok('bytes' in opened);
    assert.equal(opened.bytes.toString(), 'hello');
    const hash = createHash('sha256').update('claw/event/v1').update(opened.salt).update('hello');
    assert.deepEqual(Buffer.from(sealed.commitment), hash.digest());
  }
});

test('events of every size open to their own bytes, whatever was sealed before them', async () => {
  const ring = await keyring(openMemoryStore(), newRoot());
  const kib = 1024;
  const size = fc.oneof(
    fc.nat(2000),
    fc.integer({ min: 64 * kib - 60, max: 64 * kib + 60 }),
    fc.constant(200 * kib),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(size, fc.nat(255)), { maxLength: 6 }), async (all) => {
      const events = all.map(([bytes, fill]) => plain('', { bytes: Buffer.alloc(bytes, fill) }));
      const sealed = await ring.seal(events);
      for (const [i, { bytes }] of events.entries()) {
        const opened = ring.open(sealed[i] ?? assert.fail());
        assert.deepEqual('bytes' in opened && opened.bytes, bytes);
      }
    }),
  );
});

test('equal bytes have different commitments: a guess cannot be checked without the salt', async () => {
  const ring = await keyring(openMemoryStore(), newRoot());
  const one = await sealOne(ring, plain('yes'));
  const two = await sealOne(ring, plain('yes'));
  assert.notDeepEqual(one.commitment, two.commitment);
});

test('any flipped bit of an envelope, and any other id or tenant, is tampered', async () => {
  const ring = await keyring(openMemoryStore(), newRoot());
  await ring.admit('other');
  const sealed = await sealOne(ring, plain('attack at dawn'));
  fc.assert(
    fc.property(fc.nat(sealed.envelope.length * 8 - 1), (bit) => {
      const envelope = Buffer.from(sealed.envelope);
      envelope[bit >> 3] = (envelope[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.deepEqual(ring.open({ ...sealed, envelope }), { problem: 'tampered' });
    }),
  );
  assert.deepEqual(ring.open({ ...sealed, id: sealed.id.replace('0', '1') }), {
    problem: 'tampered',
  });
  assert.deepEqual(ring.open({ ...sealed, tenant: 'other' }), { problem: 'tampered' });
  const swapped = await sealOne(ring, plain('retreat'));
  const mixed = { ...sealed, commitment: swapped.commitment };
  assert.deepEqual(ring.open(mixed), { problem: 'tampered' });
});

test('an envelope of any bytes never throws', async () => {
  const ring = await keyring(openMemoryStore(), newRoot());
  const sealed = await sealOne(ring, plain('x'));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), (envelope) => {
      assert.deepEqual(ring.open({ ...sealed, envelope }), { problem: 'tampered' });
    }),
  );
});

test('seal resolves only when its keys are durable, and a failed write loses none', async () => {
  const [inner, root] = [openMemoryStore(), newRoot()];
  let broken = false;
  const store: Store = {
    ...inner,
    put: async (key, bytes, options) => {
      if (broken) throw new Fault('data.full', 'full');
      await inner.put(key, bytes, options);
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

test('keys that are made at the same time are written together, each before it is used', async () => {
  const [inner, root] = [openMemoryStore(), newRoot()];
  let writes = 0;
  const store: Store = {
    ...inner,
    put: async (key, bytes, options) => {
      writes++;
      await inner.put(key, bytes, options);
    },
  };
  const ring = await keyring(store, root);
  await ring.admit('acme');
  writes = 0;
  const sealing = Array.from({ length: 10 }, async (_, i) => {
    const event = await sealOne(ring, plain('x', { subject: `user:${i}` }));
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
  for await (const key of store.list('keys/acme/subject/')) await store.remove(key);
  assert.deepEqual((await openReader(store, root)).open(sealed), { problem: 'tampered' });
});

test('key objects stay few however many keys there are, and every key still opens', async () => {
  const [store, root] = [openMemoryStore(), newRoot()];
  const ring = await keyring(store, root);
  const sealed = [];
  for (let i = 0; i < 600; i++) {
    sealed.push(await sealOne(ring, plain(`${i}`, { subject: `session:${i}` })));
  }
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
  const sealed = [];
  for (let i = 0; i < 15; i++) {
    sealed.push(await sealOne(ring, plain(`${i}`, { subject: `session:${i}` })));
  }
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
    await (await keyring(store, root)).seal([plain('x')]);
    const key = 'keys/acme/subject/0000000000.json';
    await store.put(key, Buffer.from(text));
    const damaged = (error: Fault) => error.code === 'seal.root_key' && error.message.includes(key);
    await assert.rejects(keyring(store, root), damaged);
    await assert.rejects(openReader(store, root), damaged);
  }
});

test('the key store names nobody and holds no key in the clear', async () => {
  const [store, root] = [openMemoryStore(), newRoot()];
  const ring = await keyring(store, root);
  await ring.seal([plain('x', { subject: 'user:jane.doe@example.com' })]);
  assert.doesNotMatch(await everyByte(store), /jane|example\.com/);
});

test('large values are sealed apart, bound to their name and tenant', async () => {
  const ring = await keyring(openMemoryStore(), newRoot());
  const bytes = randomBytes(100_000);
  const object = { tenant: 'acme', subject: 'user:jane', bytes, name: 'object/acme/1-result' };
  const envelope = await ring.sealObject(object);
  assert.deepEqual(ring.openObject('acme', object.name, envelope), bytes);
  assert.deepEqual(ring.openObject('acme', 'object/acme/2-result', envelope), {
    problem: 'tampered',
  });
});

test('a wrong root key says so instead of opening or replacing anything', async () => {
  const [store, root] = [openMemoryStore(), newRoot()];
  await (await keyring(store, root)).seal([plain('x')]);
  const before = await everyByte(store);
  await assert.rejects(keyring(store, newRoot()), { code: 'seal.root_key' });
  assert.equal(await everyByte(store), before);
});

test('a root key file is for its owner alone, and a damaged or missing one is named', () => {
  const path = join(folder, 'mode.key');
  makeRootKey(path, entropy);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.throws(() => makeRootKey(path, entropy), { code: 'seal.root_key' });
  chmodSync(path, 0o644);
  readRootKey(path);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  writeFileSync(path, 'claw-root-key-v1:short\n');
  assert.throws(() => readRootKey(path), { code: 'seal.root_key' });
  assert.throws(() => readRootKey(join(folder, 'absent.key')), { code: 'seal.root_key' });
});

test('a checkpoint signer is made once a tenant and never again', async () => {
  const [store, root] = [openMemoryStore(), newRoot()];
  const first = await (await keyring(store, root)).signer('acme');
  const second = await (await keyring(store, root)).signer('acme');
  assert.equal(first.origin, 'test/acme');
  assert.deepEqual(first.publicKey, second.publicKey);
  assert.equal(first.publicKey.length, 32);
});

test('whose key is durable is sealed at once, while the key of another is being written', async () => {
  const store = openMemoryStore();
  let written = Promise.resolve();
  const slow: Store = { ...store, put: (...put) => written.then(() => store.put(...put)) };
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
