import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openFileStore } from '../../src/store/file.ts';
import { failingDisk } from './failing_disk.ts';
import { collect, storeSuite } from './suite.ts';
import { temporaryFolder } from './temporary_folder.ts';

storeSuite('file', (t) => openFileStore({ root: join(temporaryFolder(t), 'made', 'here') }));

const bytes = Buffer.from('bytes');

test('folders and files are for their owner alone', async (t) => {
  const root = join(temporaryFolder(t), 'data');
  await openFileStore({ root }).put('keys/acme/key', bytes);
  const mode = (path: string) => (statSync(join(root, path)).mode & 0o777).toString(8);
  assert.deepEqual(['', 'keys', 'keys/acme', 'keys/acme/key'].map(mode), [
    '700',
    '700',
    '700',
    '600',
  ]);
});

test('what an earlier process left unfinished is no object, and is cleared by a write', async (t) => {
  const root = temporaryFolder(t);
  mkdirSync(join(root, '~unfinished'));
  writeFileSync(join(root, '~unfinished', '7'), 'half');
  const store = openFileStore({ root });
  assert.deepEqual(await collect(store.list('')), []);
  assert.ok(existsSync(join(root, '~unfinished', '7')), 'reading changes nothing');
  await store.put('key', bytes);
  assert.deepEqual(readdirSync(join(root, '~unfinished')), []);
  assert.deepEqual(await collect(store.list('')), ['key']);
});

test('a put syncs the file before its name, and its folder after', async (t) => {
  const disk = failingDisk();
  const store = openFileStore({ root: temporaryFolder(t), disk });
  await store.put('a/first', bytes);
  const [syncs, folders] = [disk.calls('sync'), disk.calls('syncFolder')];
  await store.put('a/second', bytes);
  assert.equal(disk.calls('sync') - syncs, 1);
  assert.equal(disk.calls('syncFolder') - folders, 1);
});

test('a large object is written and synced in parts, between which others go first', async (t) => {
  const disk = failingDisk();
  const store = openFileStore({ root: temporaryFolder(t), disk });
  await store.put('a/first', bytes);
  const large = Buffer.from(Array.from({ length: 3.5 * 2 ** 20 }, (_, i) => (i * 7) ^ (i >>> 9)));
  const before = (['write', 'sync', 'rename'] as const).map(disk.calls);
  const seen: (readonly number[])[] = [];
  const calls = () => (['write', 'sync', 'rename'] as const).map(disk.calls);
  const pace = async () => seen.push(calls().map((count, i) => count - (before[i] ?? 0)));
  await store.put('a/large', large, { pace });
  assert.deepEqual(seen, [
    [1, 1, 0],
    [2, 2, 0],
    [3, 3, 0],
  ]);
  assert.ok((await store.get('a/large'))?.equals(large));
});

test('of a large object that fails in its middle nothing is there', async (t) => {
  const disk = failingDisk();
  const root = temporaryFolder(t);
  const store = openFileStore({ root, disk });
  await store.put('a/first', bytes);
  disk.trouble({ operation: 'write', code: 'ENOSPC', from: 3, part_bytes: 1000 });
  await assert.rejects(store.put('a/large', Buffer.alloc(4 * 2 ** 20)), { code: 'data.full' });
  disk.heal();
  assert.equal(await store.get('a/large'), undefined);
  assert.deepEqual(readdirSync(join(root, '~unfinished')), []);
  await store.put('a/large', Buffer.alloc(4 * 2 ** 20, 1));
  assert.equal(await store.size('a/large'), 4 * 2 ** 20);
});

test('deferred puts sync nothing until the flush, which syncs each object and folder once', async (t) => {
  const disk = failingDisk();
  const store = openFileStore({ root: temporaryFolder(t), disk });
  await store.put('a/x', bytes);
  const [syncs, folders] = [disk.calls('sync'), disk.calls('syncFolder')];
  for (const key of ['a/1', 'a/2', 'a/2', 'a/3']) await store.put(key, bytes, { durable: 'later' });
  assert.equal(disk.calls('sync'), syncs);
  await Promise.all([store.flush(), store.flush(), store.flush()]);
  assert.equal(disk.calls('sync') - syncs, 3);
  assert.equal(disk.calls('syncFolder') - folders, 1);
  await store.flush();
  assert.equal(disk.calls('sync') - syncs, 3);
});

test('what is added to a log costs one sync, and the first its name', async (t) => {
  const disk = failingDisk();
  const store = openFileStore({ root: temporaryFolder(t), disk });
  await store.put('keys/first', bytes);
  const before = [disk.calls('sync'), disk.calls('syncFolder'), disk.calls('open')];
  for (let i = 0; i < 5; i++) await store.append('keys/a.log', bytes);
  const after = [disk.calls('sync'), disk.calls('syncFolder'), disk.calls('open')];
  // Opening the file is refused once, for it is not there, and then it is made.
  assert.deepEqual(
    after.map((count, i) => count - (before[i] as number)),
    [5, 1, 2],
  );
  const held = () => disk.calls('open') - 1 - disk.calls('close');
  assert.equal(held(), 1);
  await store.remove('keys/a.log');
  assert.equal(held(), 0);
  await store.append('keys/b.log', bytes);
  await store.close();
  assert.equal(held(), 1, 'opening b.log was refused once too');
});

test('what a full disk cut off of a log is written over, and the log goes on', async (t) => {
  const root = temporaryFolder(t);
  const disk = failingDisk();
  const store = openFileStore({ root, disk });
  await store.append('a.log', Buffer.from('one;'));
  disk.trouble({ operation: 'write', code: 'ENOSPC', from: 1, part_bytes: 2 });
  await assert.rejects(store.append('a.log', Buffer.from('two;')), { code: 'data.full' });
  assert.deepEqual(await openFileStore({ root }).get('a.log'), Buffer.from('one;tw'));
  disk.heal();
  await store.append('a.log', Buffer.from('three;'));
  assert.deepEqual(await store.get('a.log'), Buffer.from('one;three;'));
  disk.trouble({ operation: 'sync', code: 'EIO', from: 1, times: 1 });
  await assert.rejects(store.append('a.log', bytes), { code: 'data.unwritable' });
  await assert.rejects(store.append('a.log', bytes), { code: 'data.unwritable' });
  await assert.rejects(store.put('key', bytes), { code: 'data.unwritable' });
});

for (const code of ['ENOSPC', 'EDQUOT'] as const) {
  test(`a disk that is full (${code}) refuses, keeps the old bytes, and works again`, async (t) => {
    const root = temporaryFolder(t);
    const disk = failingDisk();
    const store = openFileStore({ root, disk });
    await store.put('key', bytes);
    disk.trouble({ operation: 'write', code, from: 1, part_bytes: 2 });
    await assert.rejects(store.put('key', Buffer.from('newer')), { code: 'data.full' });
    await assert.rejects(store.swap('key', bytes, Buffer.from('newer')), { code: 'data.full' });
    assert.deepEqual(await store.get('key'), bytes);
    assert.deepEqual(readdirSync(join(root, '~unfinished')), []);
    disk.heal();
    await store.swap('key', bytes, Buffer.from('newer'));
    assert.deepEqual(await store.get('key'), Buffer.from('newer'));
  });
}

test('a folder that could not be made for want of room is made later', async (t) => {
  const disk = failingDisk();
  const store = openFileStore({ root: temporaryFolder(t), disk });
  await store.put('a/key', bytes);
  disk.trouble({ operation: 'makeFolder', code: 'ENOSPC', from: 1, times: 1 });
  await assert.rejects(store.put('b/c/key', bytes), { code: 'data.full' });
  await store.put('b/c/key', bytes);
  assert.deepEqual(await store.get('b/c/key'), bytes);
});

for (const operation of ['sync', 'syncFolder'] as const) {
  test(`after one failed ${operation} the store refuses to write for ever`, async (t) => {
    const disk = failingDisk();
    const store = openFileStore({ root: temporaryFolder(t), disk });
    await store.put('a/key', bytes);
    await store.put('a/later', bytes, { durable: 'later' });
    disk.trouble({ operation, code: 'EIO', from: 1, times: 1 });
    const unwritable = { code: 'data.unwritable' };
    await assert.rejects(store.put('a/other', bytes), unwritable);
    const calls = disk.calls(operation);
    await assert.rejects(store.put('a/key', bytes), unwritable);
    await assert.rejects(store.put('a/key', bytes, { durable: 'later' }), unwritable);
    await assert.rejects(store.swap('a/key', bytes, bytes), unwritable);
    await assert.rejects(store.remove('a/key'), unwritable);
    await assert.rejects(store.flush(), unwritable);
    assert.equal(disk.calls(operation), calls, 'no sync is tried again');
    assert.deepEqual(await store.get('a/key'), bytes, 'reading goes on');
  });
}

test('a disk that cannot be read is named, and is not taken for an empty store', async (t) => {
  const disk = failingDisk();
  const store = openFileStore({ root: temporaryFolder(t), disk });
  await store.put('a/key', bytes);
  for (const operation of ['open', 'read', 'size', 'list'] as const) {
    disk.trouble({ operation, code: 'EIO', from: 1, times: 1 });
    const call = operation === 'list' ? collect(store.list('a/')) : store.get('a/key');
    await assert.rejects(call, { code: 'data.unreadable' }, operation);
  }
  assert.deepEqual(await store.get('a/key'), bytes);
});

test('a flush whose sync fails says so, and is not repeated', async (t) => {
  const disk = failingDisk();
  const store = openFileStore({ root: temporaryFolder(t), disk });
  await store.put('key', bytes, { durable: 'later' });
  disk.trouble({ operation: 'sync', code: 'EIO', from: 1, times: 1 });
  await assert.rejects(store.flush(), { code: 'data.unwritable' });
  await assert.rejects(store.flush(), { code: 'data.unwritable' });
});
