/** A seeded part of the crash tests on a simulated disk; `npm run test:crash` takes every point. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newChance, pick } from './chance.ts';
import { newJournalWork } from './journal_work.ts';
import { newFolder } from './media.ts';
import { measure, runScenario } from './scenario.ts';
import { simulatedDisk, type Trouble } from './simulated_disk.ts';
import { newStoreWork } from './store_work.ts';
import { LOSSES, survivors } from './survive.ts';
import { newTrailWork } from './trail_work.ts';
import type { NewWork } from './work.ts';

const WORKS = [
  { name: 'a journal', begin: newJournalWork, scenarios: 250 },
  { name: 'a store', begin: newStoreWork, scenarios: 150 },
  { name: 'a whole trail', begin: newTrailWork, scenarios: 24 },
];

for (const { name, begin, scenarios } of WORKS) {
  test(`${name} loses, doubles and takes back nothing, whatever fails at whichever call`, async () => {
    const chance = newChance(1);
    const { calls, changes } = await measure(begin);
    assert.ok(changes > 100, `${changes} changes`);
    for (let seed = 0; seed < scenarios; seed++) {
      const trouble = troubleAt(chance(4), {
        call: 1 + chance(calls),
        change: 1 + chance(changes),
      });
      await assertHeld(begin, trouble, seed);
    }
  });
}

type Place = { readonly call: number; readonly change: number };

function troubleAt(kind: number, { call, change }: Place): Trouble {
  if (kind === 0) {
    return { kind: 'error', call, code: call % 2 === 0 ? 'EIO' : 'ENOSPC', times: 1 + (call % 3) };
  }
  return { kind: (['power', 'kill', 'sync'] as const)[kind - 1] as 'power', change };
}

async function assertHeld(begin: NewWork, trouble: Trouble, seed: number): Promise<void> {
  const { faults, problems } = await runScenario(begin, { trouble, seed });
  assert.ok(faults.length > 0 || trouble.kind !== 'power', JSON.stringify(trouble));
  assert.deepEqual(problems, [], `${JSON.stringify(trouble)} seed ${seed}`);
}

test('the simulated disk keeps what was synced, and of the rest anything or nothing', async () => {
  const chance = newChance(2);
  const seen = new Set<string>();
  for (let turn = 0; turn < 200; turn++) {
    const root = newFolder();
    const disk = simulatedDisk({ root, chance, troubles: [] });
    const file = await disk.open('/file', 'create');
    await disk.write(file, [Buffer.alloc(512, 'a')], 0);
    await disk.sync(file);
    await disk.syncFolder('/');
    await disk.write(file, [Buffer.alloc(512, 'b')], 512);
    await disk.rename('/file', '/renamed');
    const left = survivors(root, pick(chance, LOSSES), chance);
    const after = simulatedDisk({ root: left, chance, troubles: [] });
    const names = (await after.list('/')).map(({ name }) => name);
    const held = await after.open(`/${names.at(-1)}`, 'read');
    const bytes = Buffer.alloc(2000);
    const size = await after.read(held, bytes, 0);
    assert.equal(bytes.toString('latin1', 0, 512), 'a'.repeat(512));
    seen.add(`${names.sort()} ${size === 1024 ? 'whole' : size === 512 ? 'old' : 'torn'}`);
  }
  const both = ['file', 'renamed', 'file,renamed'].flatMap((names) => [
    `${names} whole`,
    `${names} old`,
  ]);
  assert.deepEqual(
    both.filter((state) => !seen.has(state)),
    [],
    [...seen].join('; '),
  );
  assert.ok(seen.has('file torn') || seen.has('renamed torn'));
});
