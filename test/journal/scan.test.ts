import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { openFileJournal } from '../../src/journal/file.ts';
import { encodeFrame } from '../../src/journal/frame.ts';
import type { JournalRecord } from '../../src/journal/journal.ts';
import { type Scanned, scanJournal } from '../../src/journal/scan.ts';
import { realDisk } from '../../src/store/disk.ts';
import { temporaryFolder } from '../store/temporary_folder.ts';
import { sealed, sealedMany } from './sealed.ts';
import { readAll } from './suite.ts';

async function journalOf(t: TestContext, file_bytes: number) {
  const dir = temporaryFolder(t);
  const journal = await openFileJournal({ dir, base: { sizes: {} }, file_bytes });
  t.after(journal.close);
  for (let n = 0; n < 12; n += 2) await journal.append(sealedMany(n, 2));
  return { dir, journal, records: await readAll(journal) };
}

/** All items, copied from bytes that the next part overwrites. */
async function scan(...where: Parameters<typeof scanJournal>): Promise<readonly Scanned[]> {
  const scanned: Scanned[] = [];
  for await (const part of scanJournal(...where)) scanned.push(...structuredClone(part));
  return scanned.map((item) => ('record' in item ? { record: asRead(item.record) } : item));
}

/** A clone of a buffer is a plain array of bytes. */
function asRead(record: JournalRecord): JournalRecord {
  const { commitment, envelope } = record;
  return { ...record, commitment: Buffer.from(commitment), envelope: Buffer.from(envelope) };
}

const seqsOf = (scanned: readonly Scanned[]) =>
  scanned.flatMap((item) => ('record' in item ? [item.record.seq] : []));
const damageOf = (scanned: readonly Scanned[]) =>
  scanned.flatMap((item) => ('damage' in item ? [item.damage] : []));

test('a scan of an open journal gives every record in order, and changes nothing', async (t) => {
  const { dir, records } = await journalOf(t, 500);
  const scanned = await scan(dir);
  assert.deepEqual(
    scanned,
    records.map((record) => ({ record })),
  );
});

test('a folder that is missing or empty holds nothing', async (t) => {
  const dir = temporaryFolder(t);
  assert.deepEqual(await scan(join(dir, 'nowhere')), []);
  assert.deepEqual(await scan(dir), []);
});

test('a flipped byte anywhere is named by file and offset, and all other records are given', async (t) => {
  const { dir, records } = await journalOf(t, 1e9);
  const [name = ''] = readdirSync(dir);
  const bytes = readFileSync(join(dir, name));
  const frame = encodeFrame(records[0] as (typeof records)[0]).length;
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), async (at) => {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ 0x10;
      writeFileSync(join(dir, name), flipped);
      const scanned = await scan(dir);
      const hit = at < 32 ? -1 : Math.floor((at - 32) / frame);
      const damage =
        hit === -1 ? { offset: 0, bytes: 32 } : { offset: 32 + hit * frame, bytes: frame };
      assert.deepEqual(damageOf(scanned), [{ file: name, ...damage }]);
      assert.deepEqual(
        seqsOf(scanned),
        records.map(({ seq }) => seq).filter((seq) => seq !== hit),
      );
    }),
    { numRuns: 40 },
  );
});

test('a torn end, a lost header, a missing file and noise stop nothing', async (t) => {
  const { dir, journal } = await journalOf(t, 500);
  await journal.close();
  const names = readdirSync(dir).sort();
  assert.ok(names.length >= 4);
  const path = (place: number) => join(dir, names[place] ?? '');
  const first = (place: number) => Number(names[place]?.slice(0, 16));
  writeFileSync(path(0), readFileSync(path(0)).fill(0, 0, 32));
  unlinkSync(path(1));
  writeFileSync(path(2), Buffer.alloc(200, 7));
  appendFileSync(path(names.length - 1), 'torn');
  writeFileSync(join(dir, '9999999999999999.log'), '');
  const scanned = await scan(dir);
  const lost = (seq: number) => seq >= first(1) && seq < first(3);
  assert.deepEqual(
    seqsOf(scanned),
    Array.from({ length: 12 }, (_, seq) => seq).filter((seq) => !lost(seq)),
  );
  assert.deepEqual(
    damageOf(scanned).map(({ file, bytes }) => [file, bytes]),
    [
      [names[0], 32],
      [names[2], 200],
      [names.at(-1), 4],
    ],
  );
});

test('a scan goes on while the journal is appended to and released', async (t) => {
  const { dir, journal } = await journalOf(t, 500);
  const seen: number[] = [];
  let n = 12;
  for await (const part of scanJournal(dir)) {
    assert.deepEqual(damageOf(part), []);
    seen.push(...seqsOf(part));
    await journal.append([sealed(n++)]);
    if (seen.length >= 3) await journal.release(8);
  }
  assert.deepEqual(seen.slice(0, 3), [0, 1, 2]);
  assert.deepEqual(
    seen,
    [...seen].sort((a, b) => a - b),
  );
  assert.ok(seen.includes(11));
});

test('an end that its writer is still at is given time to become whole', async (t) => {
  const { dir, journal, records } = await journalOf(t, 1e9);
  await journal.close();
  const path = join(dir, readdirSync(dir)[0] ?? '');
  const whole = readFileSync(path);
  writeFileSync(path, whole.subarray(0, whole.length - 50));
  let looked = 0;
  const size = async (file: number) => {
    if (++looked === 2) appendFileSync(path, whole.subarray(whole.length - 50));
    return realDisk.size(file);
  };
  const scanned = await scan(dir, { ...realDisk, size });
  assert.deepEqual(
    scanned,
    records.map((record) => ({ record })),
  );
});
