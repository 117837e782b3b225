/** Whole small trails in a folder or in memory, and the check that follows each step of a test. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFileJournal } from '../../src/journal/file.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { SegmentLimit } from '../../src/ledger/archiver.ts';
import { openLedger } from '../../src/ledger/follow.ts';
import { journalBase } from '../../src/ledger/head.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { folderSource } from '../../src/ledger/verify/folder.ts';
import { type Report, type VerifyOptions, verifyTrail } from '../../src/ledger/verify/verify.ts';
import { openFileStore } from '../../src/store/file.ts';
import type { Store } from '../../src/store/store.ts';
import { START_MS, sealedEvents, signerFor, testOpener } from './fixture.ts';

export type OpenTrail = {
  readonly store: Store;
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly close: () => Promise<void>;
};

export const NO_ARCHIVE: SegmentLimit = { segment_bytes: 2 ** 40, segment_records: 2 ** 40 };

/** A folder that is removed after the test. */
export function dataFolder(t: { readonly after: (done: () => void) => void }): string {
  const data = fs.mkdtempSync(join(tmpdir(), 'claw-ledger-'));
  t.after(() => fs.rmSync(data, { recursive: true, force: true }));
  return data;
}

/** Opens journal and ledger of a data folder; nothing happens by itself. */
export async function openTrail(data: string, archive = NO_ARCHIVE): Promise<OpenTrail> {
  const store = openFileStore({ root: data });
  const base = await journalBase(store);
  const journal = await openFileJournal({ dir: join(data, 'journal'), base, file_bytes: 16_384 });
  try {
    const now = () => START_MS;
    const ledger = await openLedger({ store, journal, signerFor, now, interval_ms: 0, archive });
    const close = async () => {
      await ledger.close();
      await journal.close();
    };
    return { store, journal, ledger, close };
  } catch (error) {
    await journal.close();
    throw error;
  }
}

export type TrailShape = {
  /** Events of each tenant. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly archive?: SegmentLimit;
};

/** Writes a whole, closed trail into a folder. */
export async function writeTrail(data: string, { sizes, archive }: TrailShape): Promise<void> {
  const { journal, ledger, close } = await openTrail(data, archive);
  for (const [tenant, size] of Object.entries(sizes)) {
    await journal.append(sealedEvents(tenant, 0, Math.ceil(size / 2)));
  }
  await ledger.integrate();
  await ledger.archive();
  for (const [tenant, size] of Object.entries(sizes)) {
    await journal.append(sealedEvents(tenant, Math.ceil(size / 2), size));
  }
  await ledger.integrate();
  await ledger.archive();
  await close();
}

/** Verifies a folder from its bytes, every commitment included. */
export function verifyFolder(
  data: string,
  options: Omit<VerifyOptions, 'source'> = {},
): Promise<Report> {
  return verifyTrail({ source: folderSource({ data }), opener: testOpener(), ...options });
}

/** Asserts that a folder verifies and holds so many opened records of each tenant. */
export async function assertWhole(
  data: string,
  sizes: Readonly<Record<string, number>>,
): Promise<Report> {
  const report = await verifyFolder(data);
  assert.deepEqual(report.discrepancies, []);
  assert.equal(report.ok, true);
  const held = Object.fromEntries(report.tenants.map(({ tenant, opened }) => [tenant, opened]));
  assert.deepEqual(held, sizes);
  return report;
}

/** Every file below a folder, as keys. */
export function filesBelow(data: string): readonly string[] {
  return fs
    .readdirSync(data, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(data.length + 1))
    .sort();
}
