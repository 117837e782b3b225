import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { openFileJournal } from '../../src/journal/file.ts';
import { type FailingDisk, failingDisk } from '../store/failing_disk.ts';
import { temporaryFolder } from '../store/temporary_folder.ts';
import { sealed, sealedMany } from './sealed.ts';
import { readAll, requireContiguous } from './suite.ts';

const base = { sizes: {} };
const full = { code: 'data.full' };
const unwritable = { code: 'data.unwritable' };

async function journalOn(t: Parameters<typeof temporaryFolder>[0], disk: FailingDisk, size = 1e9) {
  const dir = temporaryFolder(t);
  const journal = await openFileJournal({ dir, base, disk, file_bytes: size });
  return { dir, journal };
}

for (const code of ['ENOSPC', 'EDQUOT'] as const) {
  test(`a full disk (${code}) refuses, counts nothing, and takes events again with room`, async (t) => {
    const disk = failingDisk();
    const { dir, journal } = await journalOn(t, disk);
    await journal.append(sealedMany(0, 3));
    const { bytes } = journal.status();
    disk.trouble({ operation: 'append', code, from: 1, part_bytes: 77 });
    for (let again = 0; again < 2; again++) {
      await assert.rejects(journal.append(sealedMany(3, 2)), full);
      assert.equal(journal.status().state, 'full');
      assert.equal(statSync(join(dir, '0000000000000000.log')).size, bytes);
      assert.deepEqual([journal.head(), journal.size('acme')], [3, 3]);
    }
    assert.equal((await readAll(journal)).length, 3, 'reading goes on');
    disk.heal();
    assert.deepEqual(await journal.append(sealedMany(5, 1)), [{ seq: 3, index: 3 }]);
    assert.equal(journal.status().state, 'open');
    await journal.close();
    const reopened = await openFileJournal({ dir, base });
    t.after(reopened.close);
    assert.deepEqual([reopened.head(), reopened.status().recovered_bytes], [4, 0]);
  });
}

test('all that waited behind a refused group is refused, and later appends leave no gap', async (t) => {
  const disk = failingDisk();
  const { journal } = await journalOn(t, disk);
  t.after(journal.close);
  disk.trouble({ operation: 'append', code: 'ENOSPC', from: 1, times: 1, part_bytes: 10 });
  const first = journal.append(sealedMany(0, 2, 'a'));
  await new Promise((resolve) => queueMicrotask(() => queueMicrotask(() => resolve(0))));
  const behind = [journal.append(sealedMany(2, 2, 'b')), journal.append(sealedMany(4, 2, 'a'))];
  const results = await Promise.allSettled([first, ...behind]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'rejected', 'rejected'],
  );
  assert.deepEqual(await journal.append([sealed(9, 'a')]), [{ seq: 0, index: 0 }]);
});

test('after a failed append nothing is appended any more, and no sync is tried again', async (t) => {
  const disk = failingDisk();
  const { dir, journal } = await journalOn(t, disk);
  await journal.append(sealedMany(0, 3));
  disk.trouble({ operation: 'append', code: 'EIO', from: 1, times: 1, part_bytes: 1e6 });
  await assert.rejects(journal.append(sealedMany(3, 1)), unwritable);
  assert.equal(journal.status().state, 'failed');
  const calls = () => (['append', 'sync', 'truncate'] as const).map(disk.calls);
  const before = calls();
  await assert.rejects(journal.append(sealedMany(3, 1)), unwritable);
  assert.deepEqual(calls(), before);
  assert.deepEqual([journal.head(), (await readAll(journal)).length], [3, 3]);
  await journal.close();
  const reopened = await openFileJournal({ dir, base });
  t.after(reopened.close);
  assert.equal(reopened.head(), 3);
});

test("what was written whole and not durable is cut off: its place is another event's", async (t) => {
  const disk = failingDisk();
  const { dir, journal } = await journalOn(t, disk);
  await journal.append(sealedMany(0, 3));
  disk.trouble({ operation: 'append', code: 'ENOSPC', from: 1, times: 1, part_bytes: 1e6 });
  await assert.rejects(journal.append([sealed(3)]), full);
  assert.deepEqual(await journal.append([sealed(4)]), [{ seq: 3, index: 3 }]);
  await journal.close();
  const reopened = await openFileJournal({ dir, base });
  t.after(reopened.close);
  const ids = (await readAll(reopened)).map(({ id }) => id);
  assert.deepEqual(
    ids,
    [...sealedMany(0, 3), sealed(4)].map(({ id }) => id),
  );
});

test('a full disk that does not let a torn write be cut off is final', async (t) => {
  const disk = failingDisk();
  const { journal } = await journalOn(t, disk);
  t.after(journal.close);
  disk.trouble({ operation: 'append', code: 'ENOSPC', from: 1, part_bytes: 50 });
  const cut = disk.truncate;
  Object.assign(disk, {
    truncate: () => Promise.reject(Object.assign(new Error(), { code: 'EIO' })),
  });
  await assert.rejects(journal.append([sealed(0)]), unwritable);
  Object.assign(disk, { truncate: cut });
  disk.heal();
  await assert.rejects(journal.append([sealed(0)]), unwritable);
});

test('a torn write that cannot be cut off is final', async (t) => {
  const disk = failingDisk();
  const { dir, journal } = await journalOn(t, disk);
  await journal.append(sealedMany(0, 3));
  disk.trouble({ operation: 'append', code: 'EIO', from: 1, part_bytes: 50 });
  await assert.rejects(journal.append([sealed(3)]), unwritable);
  disk.heal();
  await assert.rejects(journal.append([sealed(3)]), unwritable);
  await journal.close();
  const reopened = await openFileJournal({ dir, base });
  t.after(reopened.close);
  assert.equal(reopened.head(), 3);
});

for (const operation of ['open', 'write', 'append', 'sync', 'syncFolder'] as const) {
  test(`a next file whose ${operation} fails takes no event, and the journal stays whole`, async (t) => {
    const disk = failingDisk();
    const { dir, journal } = await journalOn(t, disk, 200);
    await journal.append([sealed(0)]);
    disk.trouble({ operation, code: 'ENOSPC', from: 1, times: 1, part_bytes: 5 });
    const final = operation.startsWith('sync');
    await assert.rejects(journal.append([sealed(1)]), final ? unwritable : full);
    assert.equal(journal.head(), 1);
    if (final) await assert.rejects(journal.append([sealed(1)]), unwritable);
    else assert.deepEqual(await journal.append([sealed(1)]), [{ seq: 1, index: 1 }]);
    await journal.close();
    const reopened = await openFileJournal({ dir, base });
    t.after(reopened.close);
    assert.equal(reopened.head(), final ? 1 : 2);
    assert.ok(readdirSync(dir).length <= 2);
  });
}

test('whatever write fails how, what was acknowledged is held and nothing has a gap', async (t) => {
  const parent = temporaryFolder(t);
  let round = 0;
  const plan = fc.record({
    operation: fc.constantFrom('write', 'append', 'sync', 'truncate', 'open', 'syncFolder'),
    code: fc.constantFrom('ENOSPC', 'EIO'),
    from: fc.integer({ min: 1, max: 12 }),
    times: fc.integer({ min: 1, max: 3 }),
    part_bytes: fc.nat(300),
  });
  await fc.assert(
    fc.asyncProperty(plan, async (trouble) => {
      const dir = join(parent, String(round++));
      const disk = failingDisk();
      const journal = await openFileJournal({ dir, base, disk, file_bytes: 800 });
      disk.trouble(trouble as Parameters<FailingDisk['trouble']>[0]);
      const acknowledged: string[] = [];
      for (let n = 0; n < 24; n += 3) {
        const calls = [sealedMany(n, 2, 'a'), sealedMany(n + 2, 1, 'b')].map(async (events) => {
          await journal.append(events);
          acknowledged.push(...events.map(({ id }) => id));
        });
        await Promise.allSettled(calls);
      }
      await journal.close();
      const reopened = await openFileJournal({ dir, base });
      const records = await readAll(reopened);
      requireContiguous(records);
      const held = new Set(records.map(({ id }) => id));
      assert.deepEqual(
        acknowledged.filter((id) => !held.has(id)),
        [],
      );
      await reopened.close();
    }),
    { numRuns: 60 },
  );
});
