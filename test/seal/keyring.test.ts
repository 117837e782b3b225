/** Sealing: what opens and what does not, whatever is done to envelopes, names and root keys. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { openReader } from '../../src/seal/keyring.ts';
import { makeRootKey, readRootKey } from '../../src/seal/root.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { entropy, everyByte, folder, keyring, newRoot, plain, sealOne } from './ground.ts';

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
