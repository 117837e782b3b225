import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { realDisk } from '../../src/store/disk.ts';
import { folderMaker } from '../../src/store/folders.ts';
import { newSyncGuard } from '../../src/store/syncs.ts';
import { temporaryFolder } from './temporary_folder.ts';

test('only folders in use are remembered, and each is made once while it is', async (t) => {
  const root = temporaryFolder(t);
  const made = new Map<string, number>();
  const makeFolder = (path: string) => {
    made.set(path, (made.get(path) ?? 0) + 1);
    return realDisk.makeFolder(path);
  };
  const { make } = folderMaker(root, { ...realDisk, makeFolder }, newSyncGuard());
  const [used, once] = [join(root, 'used'), join(root, 'once')];
  await make(once);
  for (let n = 0; n < 8192; n++) {
    await make(used);
    await make(join(root, String(n)));
  }
  await make(once);
  assert.equal(made.get(used), 1);
  assert.equal(made.get(once), 2, 'it was forgotten, and made durable again');
});

test('a folder that could not be made is tried again', async (t) => {
  const root = temporaryFolder(t);
  let refusals = 1;
  const makeFolder = (path: string) =>
    refusals-- > 0
      ? Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' }))
      : realDisk.makeFolder(path);
  const { make } = folderMaker(root, { ...realDisk, makeFolder }, newSyncGuard());
  await assert.rejects(make(join(root, 'a')), { code: 'ENOSPC' });
  await make(join(root, 'a'));
  assert.deepEqual(await realDisk.list(root), [{ name: 'a', kind: 'folder' }]);
});
