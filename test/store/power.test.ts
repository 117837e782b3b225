/** Faults that once lost what a store held, each made again on a simulated disk. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openFileStore } from '../../src/store/file.ts';
import { newChance } from '../crash/chance.ts';
import { type FolderNode, newFolder } from '../crash/media.ts';
import { simulatedDisk, type Trouble } from '../crash/simulated_disk.ts';
import { survivors } from '../crash/survive.ts';

const root = '/srv/data';
const KEY = 'keys/acme/subject/1.json';
const bytes = Buffer.from('key');
const chance = newChance(11);

function newDisk(): FolderNode {
  return newFolder([['srv', newFolder()]]);
}

type Store = ReturnType<typeof openFileStore>;

/** Kills the work at each of its changes, several times; `key` as a start sees it once settled. */
async function* settledAfterKills(work: (store: Store) => Promise<void>, key: string) {
  const changes = await changesOf(work);
  for (let change = 1; change <= changes; change++) {
    for (let turn = 0; turn < 6; turn++) {
      const disk = newDisk();
      await process(disk, work, [{ kind: 'kill', change }]);
      const found = await process(disk, async (store) => {
        await store.settle('keys/');
        return store.get(key);
      });
      yield { disk, found };
    }
  }
}

/** A process that opens the store and ends after its work. */
async function process<T>(
  disk: FolderNode,
  work: (store: Store) => Promise<T>,
  troubles: readonly Trouble[] = [],
): Promise<T | undefined> {
  const view = simulatedDisk({ root: disk, chance, troubles });
  const result = await work(openFileStore({ root, disk: view })).catch(() => undefined);
  view.end();
  return result;
}

async function changesOf(work: Parameters<typeof process>[1]): Promise<number> {
  const view = simulatedDisk({ root: newDisk(), chance, troubles: [] });
  await work(openFileStore({ root, disk: view }));
  return view.changes();
}

test('what is seen after settling was left by a killed process, and outlives the power', async () => {
  let seen = 0;
  for await (const { disk, found } of settledAfterKills((store) => store.put(KEY, bytes), KEY)) {
    if (found === undefined) continue;
    seen++;
    const left = survivors(disk, 'none', chance);
    assert.deepEqual(await process(left, (store) => store.get(KEY)), bytes);
  }
  assert.ok(seen > 0);
});

test('what a killed process added to a log outlives the power once it is settled', async () => {
  const LOG = 'keys/new.log';
  const parts = ['one', 'two', 'three'].map((part) => Buffer.from(part.repeat(300)));
  const whole = Buffer.concat(parts);
  const add = async (store: Store) => {
    for (const part of parts) await store.append(LOG, part);
  };
  for await (const { disk, found } of settledAfterKills(add, LOG)) {
    assert.deepEqual(found ?? Buffer.alloc(0), whole.subarray(0, found?.length ?? 0));
    const left = survivors(disk, 'none', chance);
    assert.deepEqual(await process(left, (store) => store.get(LOG)), found);
  }
});

test('settling makes no folder, and a failed sync in it ends all writing', async () => {
  const disk = newDisk();
  await process(disk, (store) => store.settle('keys/'));
  assert.deepEqual([...(disk.names.get('srv') as FolderNode).names], []);
  await process(disk, (store) => store.put(KEY, bytes));
  const view = simulatedDisk({
    ...{ root: disk, chance },
    troubles: [{ kind: 'error', call: 4, code: 'EIO', times: 1 }],
  });
  const store = openFileStore({ root, disk: view });
  await assert.rejects(store.settle('keys/'), { code: 'data.unwritable' });
  await assert.rejects(store.put(KEY, bytes), { code: 'data.unwritable' });
});

test('the folder of a store has a durable name, also where a killed process made it', async () => {
  const put = (store: Store) => store.put('key', bytes);
  for (let turn = 0; turn < 12; turn++) {
    const disk = newDisk();
    await process(disk, put, [{ kind: 'kill', change: 1 + (turn % 2) }]);
    await process(disk, put);
    const left = survivors(disk, 'none', chance);
    assert.deepEqual(await process(left, (store) => store.get('key')), bytes);
  }
});
