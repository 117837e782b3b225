/** Faults that once lost or stopped a journal, each made again on a simulated disk. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openFileJournal } from '../../src/journal/file.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { SealedEvent } from '../../src/seal/seal.ts';
import { newChance } from '../crash/chance.ts';
import { type FolderNode, newFolder } from '../crash/media.ts';
import { type SimulatedDisk, simulatedDisk, type Trouble } from '../crash/simulated_disk.ts';
import { survivors } from '../crash/survive.ts';
import { sealed, sealedMany } from './sealed.ts';
import { readAll } from './suite.ts';

const dir = '/srv/journal';
const base = { sizes: {} };
const chance = newChance(7);
/** A fault may come before, amid or after what it hits: enough turns for each. */
const TURNS = 12;

function newDisk(): FolderNode {
  return newFolder([['srv', newFolder()]]);
}

type Options = { readonly file_bytes?: number; readonly troubles?: readonly Trouble[] };
type Opened = { readonly disk: SimulatedDisk; readonly journal: Journal };

/** A process that opens the journal; it ends when `disk.end()` is called. */
async function opened(root: FolderNode, options: Options = {}): Promise<Opened> {
  const { file_bytes = 1e6, troubles = [] } = options;
  const disk = simulatedDisk({ root, chance, troubles });
  return { disk, journal: await openFileJournal({ dir, base, disk, file_bytes }) };
}

async function ids(root: FolderNode): Promise<string[]> {
  const { disk, journal } = await opened(root);
  const records = await readAll(journal);
  disk.end();
  return records.map(({ id }) => id);
}

function idsOf(events: readonly SealedEvent[]): string[] {
  return events.map(({ id }) => id);
}

/** What an open of what is there takes: troubles after it are counted from here. */
async function openingOf(root: FolderNode): Promise<{ calls: number; changes: number }> {
  const { disk } = await opened(root);
  disk.end();
  return { calls: disk.calls(), changes: disk.changes() };
}

test('a next file that was never finished does not stand in the way of later starts', async () => {
  for (const change of [2, 3, 4, 5]) {
    const root = newDisk();
    const first = await opened(root);
    await first.journal.append(sealedMany(0, 2));
    first.disk.end();
    const { changes } = await openingOf(root);
    const troubles = [{ kind: 'kill', change: changes + change }] as const;
    const killed = await opened(root, { file_bytes: 300, troubles });
    await assert.rejects(killed.journal.append(sealedMany(2, 1)));
    // Room in the file before it: the next one is not begun again at once.
    const next = await opened(root);
    await next.journal.append(sealedMany(3, 2));
    next.disk.end();
    const held = await ids(root);
    assert.deepEqual(held.slice(0, 2), idsOf(sealedMany(0, 2)));
    assert.deepEqual(held.slice(-2), idsOf(sealedMany(3, 2)));
  }
});

test('records are acknowledged only in a file whose name is durable, whoever made it', async () => {
  const { changes } = await openingOf(newDisk());
  for (let change = 1; change <= changes; change++) {
    const root = newDisk();
    const troubles = [{ kind: 'kill', change }] as const;
    await opened(root, { troubles }).catch(() => undefined);
    const { disk, journal } = await opened(root);
    await journal.append(sealedMany(0, 2));
    disk.end();
    assert.deepEqual(await ids(survivors(root, 'none', chance)), idsOf(sealedMany(0, 2)));
  }
});

test('a header whose sync failed is written again, before anything counts on it', async () => {
  for (let turn = 0; turn < TURNS; turn++) {
    const root = newDisk();
    await assert.rejects(opened(root, { troubles: [{ kind: 'sync', change: 1 }] }));
    const { disk, journal } = await opened(root);
    await journal.append(sealedMany(0, 2));
    disk.end();
    assert.deepEqual(await ids(survivors(root, 'none', chance)), idsOf(sealedMany(0, 2)));
  }
});

test('what a full disk took of a group never mixes with what is written in its place', async () => {
  for (let turn = 0; turn < 600; turn++) {
    const root = newDisk();
    const first = await opened(root);
    await first.journal.append([sealed(0, 'acme', 300)]);
    first.disk.end();
    const { calls } = await openingOf(root);
    const full = { kind: 'error', call: calls + 1, code: 'ENOSPC', times: 1 } as const;
    const end = { kind: 'power', change: 3 + (turn % 2) } as const;
    const { disk, journal } = await opened(root, { troubles: [full, end] });
    await assert.rejects(journal.append(larger(1)), { code: 'data.full' });
    await journal.append(larger(3)).catch(() => undefined);
    disk.end();
    assert.equal((await ids(survivors(root, 'sectors', chance)))[0], sealed(0).id);
  }
});

function larger(n: number): SealedEvent[] {
  return [sealed(n, 'acme', 1200), sealed(n + 1, 'acme', 1300)];
}

test('a file that could not be released is not left behind a hole', async () => {
  for (let turn = 0; turn < TURNS; turn++) {
    const root = newDisk();
    const fill = await opened(root, { file_bytes: 400 });
    for (let n = 0; n < 12; n++) await fill.journal.append([sealed(n)]);
    fill.disk.end();
    const { calls } = await openingOf(root);
    const troubles = [{ kind: 'error', call: calls + 1, code: 'EIO', times: 1 }] as const;
    const { disk, journal } = await opened(root, { file_bytes: 400, troubles });
    await assert.rejects(journal.release(4), { code: 'data.unwritable' });
    await journal.release(8);
    disk.end();
    const sizes = { acme: journal.first() };
    const kept = simulatedDisk({ root, chance, troubles: [] });
    const reopened = await openFileJournal({ dir, base: { sizes }, disk: kept });
    assert.equal(reopened.head(), 12);
  }
});
