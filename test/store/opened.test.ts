import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { openFileStore } from '../../src/store/file.ts';
import { failingDisk } from './failing_disk.ts';
import { temporaryFolder } from './temporary_folder.ts';

const FIRST = { from: 0, bytes: 3 };

function rig(t: Parameters<typeof temporaryFolder>[0]) {
  const failing = failingDisk();
  let open = 0;
  const disk = {
    ...failing,
    open: async (...args: Parameters<typeof failing.open>) => {
      const file = await failing.open(...args);
      open++;
      return file;
    },
    close: async (file: number) => {
      await failing.close(file);
      open--;
    },
  };
  const store = openFileStore({ root: temporaryFolder(t), disk, opened_files: 2 });
  /** Files are closed when their last reader is gone, a few turns later. */
  const quiet = async (wanted: number) => {
    for (let turn = 0; turn < 1000 && open !== wanted; turn++) await pause(1);
    assert.equal(open, wanted);
  };
  return { disk, store, quiet };
}

test('an object that is read in parts is opened once, and few stay open', async (t) => {
  const { disk, store, quiet } = rig(t);
  for (const key of ['a', 'b', 'c']) await store.put(key, Buffer.from(`${key}${key}${key}`));
  const before = disk.calls('open');
  for (let i = 0; i < 10; i++) assert.equal(String(await store.get('a', FIRST)), 'aaa');
  assert.equal(disk.calls('open'), before + 1);
  for (const key of ['b', 'a', 'c'])
    assert.equal(String(await store.get(key, FIRST)), key.repeat(3));
  await quiet(2);
  await store.get('a', FIRST);
  assert.equal(disk.calls('open'), before + 3, 'the one used longest ago was closed');
  await store.close();
  await quiet(0);
});

test('an object that was replaced or removed is not read from its old file', async (t) => {
  const { store, quiet } = rig(t);
  await store.put('a', Buffer.from('old'));
  assert.equal(String(await store.get('a', FIRST)), 'old');
  await store.put('a', Buffer.from('new'));
  assert.equal(String(await store.get('a', FIRST)), 'new');
  await store.swap('a', Buffer.from('new'), Buffer.from('two'));
  assert.equal(String(await store.get('a', FIRST)), 'two');
  await store.remove('a');
  assert.equal(await store.get('a', FIRST), undefined);
  await quiet(0);
  await store.put('a', Buffer.from('end'));
  assert.equal(String(await store.get('a', FIRST)), 'end');
  await store.close();
  await quiet(0);
});

test('reads at the same time share a file, which is closed after the last of them', async (t) => {
  const { disk, store, quiet } = rig(t);
  const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
  for (const key of keys) await store.put(key, Buffer.from(key.padEnd(3)));
  const before = disk.calls('open');
  const reads = [...keys, ...keys, ...keys].map(async (key) => {
    assert.equal(String(await store.get(key, FIRST)), key.padEnd(3));
  });
  await Promise.all(reads);
  assert.ok(disk.calls('open') - before <= keys.length * 3);
  await quiet(2);
  await store.close();
  await quiet(0);
});

test('a file whose reading failed is opened anew', async (t) => {
  const { disk, store, quiet } = rig(t);
  await store.put('a', Buffer.from('aaa'));
  await store.get('a', FIRST);
  disk.trouble({ operation: 'read', code: 'EIO', from: 1 });
  await assert.rejects(store.get('a', FIRST), { code: 'data.unreadable' });
  disk.heal();
  assert.equal(String(await store.get('a', FIRST)), 'aaa');
  assert.equal(String(await store.get('a', { from: 1, bytes: 2 ** 40 })), 'aa');
  await store.close();
  await quiet(0);
});
