/** Faults of ledger and keys that these crash tests found, each made again by itself. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { openFileJournal } from '../../src/journal/file.ts';
import { openMemoryJournal } from '../../src/journal/memory.ts';
import { openLedger } from '../../src/ledger/follow.ts';
import { journalBase } from '../../src/ledger/head.ts';
import { folderSource } from '../../src/ledger/verify/folder.ts';
import { verifyTrail } from '../../src/ledger/verify/verify.ts';
import { openKeyring } from '../../src/seal/keyring.ts';
import { makeRootKey, readRootKey } from '../../src/seal/root.ts';
import type { Disk } from '../../src/store/disk.ts';
import { openFileStore } from '../../src/store/file.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { openReplay } from '../../src/trail/replay.ts';
import { START_MS, sealedEvents, signerFor, testOpener } from '../ledger/fixture.ts';
import { temporaryFolder } from '../store/temporary_folder.ts';
import { newChance } from './chance.ts';
import { type FolderNode, newFolder } from './media.ts';
import { simulatedDisk } from './simulated_disk.ts';
import { survivors } from './survive.ts';

const data = '/srv/data';
const chance = newChance(3);

async function openOn(disk: Disk, segment_records: number) {
  const store = openFileStore({ root: data, disk });
  const base = await journalBase(store);
  const dir = join(data, 'journal');
  const journal = await openFileJournal({ dir, base, file_bytes: 16_384, disk });
  const archive = { segment_bytes: 2 ** 40, segment_records };
  const now = () => START_MS;
  const ledger = await openLedger({ store, journal, signerFor, now, interval_ms: 0, archive });
  return { store, journal, ledger };
}

function diskOf(root: FolderNode) {
  return simulatedDisk({ root, chance, troubles: [] });
}

async function verified(root: FolderNode): Promise<unknown> {
  const source = folderSource({ data, disk: diskOf(root) });
  return (await verifyTrail({ source, opener: testOpener() })).discrepancies;
}

test('what a stop has torn of older trees’ partial tiles is written again', async () => {
  for (const loss of ['names', 'sectors', 'prefix', 'mixed'] as const) {
    let root = newFolder([['srv', newFolder()]]);
    const first = diskOf(root);
    const { journal, ledger } = await openOn(first, 2 ** 40);
    for (let size = 0; size < 40; size += 10) {
      await journal.append(sealedEvents('a', size, size + 10));
      await ledger.integrate();
    }
    first.end();
    root = survivors(root, loss, chance);
    const again = await openOn(diskOf(root), 2 ** 40);
    await again.journal.append(sealedEvents('a', 40, 45));
    await again.ledger.close();
    await again.journal.close();
    assert.deepEqual(await verified(root), [], loss);
  }
});

test('tiles that a killed process wrote are durable before the journal lets go', async () => {
  let root = newFolder([['srv', newFolder()]]);
  const first = diskOf(root);
  const { journal, ledger } = await openOn(first, 2 ** 40);
  for (let n = 0; n < 600; n += 100) await journal.append(sealedEvents('a', n, n + 100));
  await ledger.integrate();
  first.end();
  const second = diskOf(root);
  const again = await openOn(second, 100);
  await again.ledger.archive();
  assert.ok(again.journal.first() > 0, 'the journal let go');
  second.end();
  root = survivors(root, 'none', chance);
  const last = await openOn(diskOf(root), 600);
  await last.ledger.close();
  await last.journal.close();
  assert.deepEqual(await verified(root), []);
});

test('a tenant whose keys cannot be made is refused, and the process goes on', async (t) => {
  const store = openMemoryStore();
  const full = Object.assign(new Error('no room'), { code: 'ENOSPC' });
  const path = join(temporaryFolder(t), 'keys', 'root.key');
  makeRootKey(path, randomBytes);
  let refusing = true;
  const swap: typeof store.swap = async (...args) => {
    if (refusing) throw full;
    await store.swap(...args);
  };
  const ring = await openKeyring({
    ...{ root: readRootKey(path), entropy: randomBytes, origin: 'test' },
    store: { ...store, swap },
  });
  // A promise that nobody awaits would fail this test here as it ends a server.
  await assert.rejects(ring.admit('acme'), full);
  await new Promise((resolve) => setImmediate(resolve));
  refusing = false;
  await ring.admit('acme');
});

test('a root key whose making was cut off is made again', (t) => {
  const path = join(temporaryFolder(t), 'keys', 'root.key');
  const cutOff = () => {
    throw new Error('cut off');
  };
  assert.throws(() => makeRootKey(path, cutOff), { code: 'data.unwritable' });
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, 'claw-root-ke');
  makeRootKey(path, randomBytes);
  readRootKey(path);
});

test('a follower that reads the archive misses nothing that the journal lets go meanwhile', async () => {
  const journal = openMemoryJournal({ base: { sizes: {} } });
  await journal.append(sealedEvents('a', 0, 30));
  const all = await journal.read(0, { records: 30, bytes: 2 ** 30 });
  await journal.release(10);
  const records = {
    record: async (_: string, index: number) => all[index],
    recordsAt: async () => [],
    records: async (_: string, from: number, count: number) => {
      await journal.release(20);
      return all.slice(from, from + Math.min(count, 7));
    },
  };
  const replay = openReplay({ journal, records }, 0);
  const seen: number[] = [];
  for (let part = await replay.next(); part.length > 0; part = await replay.next()) {
    seen.push(...part.map(({ seq }) => seq));
  }
  assert.deepEqual(
    seen,
    all.map(({ seq }) => seq),
  );
});
