import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { openFileJournal } from '../../src/journal/file.ts';
import type { JournalRecord } from '../../src/journal/journal.ts';
import { temporaryFolder } from '../store/temporary_folder.ts';
import { sealed, sealedMany } from './sealed.ts';
import { readAll } from './suite.ts';

const base = { sizes: {} };
const HEADER_BYTES = 32;
const FIRST = '0000000000000000.log';

/** A closed journal of one append call an event; its files are cut at `file_bytes`. */
async function written(t: TestContext, options: { events: number; file_bytes?: number }) {
  const dir = join(temporaryFolder(t), 'journal');
  const journal = await openFileJournal({ dir, base, file_bytes: options.file_bytes ?? 1e9 });
  for (let n = 0; n < options.events; n++) {
    await journal.append([sealed(n, n % 3 ? 'acme' : 'other', (n * 37) % 200)]);
  }
  const records = await readAll(journal);
  await journal.close();
  return { dir, records, names: readdirSync(dir).sort() };
}

/** Ends of the frames of the first file. */
function frameEnds(records: readonly JournalRecord[]): number[] {
  let end = HEADER_BYTES;
  return records.map(({ tenant, envelope }) => {
    end += 96 + tenant.length + envelope.length;
    return end;
  });
}

function logName(first: number): string {
  return `${String(first).padStart(16, '0')}.log`;
}

function flip(path: string, at: number, mask = 1): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ mask;
  writeFileSync(path, bytes);
}

test('a file cut at any byte reopens with the whole frames before the cut, and goes on', async (t) => {
  const { dir, records } = await written(t, { events: 5 });
  const bytes = readFileSync(join(dir, FIRST));
  const ends = frameEnds(records);
  assert.equal(ends.at(-1), bytes.length);
  const copy = join(temporaryFolder(t), 'cut');
  for (let cut = HEADER_BYTES; cut <= bytes.length; cut++) {
    cpSync(dir, copy, { recursive: true });
    writeFileSync(join(copy, FIRST), bytes.subarray(0, cut));
    const whole = ends.filter((end) => end <= cut);
    const journal = await openFileJournal({ dir: copy, base });
    const { head, recovered_bytes } = journal.status();
    assert.deepEqual([head, recovered_bytes], [whole.length, cut - (whole.at(-1) ?? HEADER_BYTES)]);
    if (cut % 10 === 0) {
      assert.deepEqual(await readAll(journal), records.slice(0, head));
      const next = sealed(head, 'acme');
      assert.deepEqual(await journal.append([next]), [
        { seq: head, index: journal.size('acme') - 1 },
      ]);
    }
    await journal.close();
  }
});

test('a file that the disk refused is dropped: the journal went on in the one before it', async (t) => {
  const { dir, records, names } = await written(t, { events: 30, file_bytes: 3000 });
  assert.ok(names.length >= 3);
  const header = readFileSync(join(dir, names[1] ?? '')).subarray(0, HEADER_BYTES);
  const firsts = names.map((name) => Number(name.slice(0, 16)));
  const between = (i: number) => (firsts[i] ?? 0) + 1;
  const copy = join(temporaryFolder(t), 'refused');
  for (const [place, bytes] of [0, 10, HEADER_BYTES].entries()) {
    cpSync(dir, copy, { recursive: true });
    // One in the middle, and one after the last: both were made before records went elsewhere.
    const refused = [between(0), between(firsts.length - 1)].map(logName);
    for (const name of refused) writeFileSync(join(copy, name), header.subarray(0, bytes));
    // A kill may have torn the end of the file that the journal went on in.
    if (place > 0) writeFileSync(join(copy, names.at(-1) ?? ''), Buffer.alloc(700), { flag: 'a' });
    const journal = await openFileJournal({ dir: copy, base });
    assert.deepEqual(await readAll(journal), records);
    assert.deepEqual(await journal.append([sealed(30, 'acme')]), [
      { seq: 30, index: journal.size('acme') - 1 },
    ]);
    await journal.close();
    assert.deepEqual(readdirSync(copy).sort(), names);
  }
});

test('records that are gone before an unused file are damage, and nothing is changed', async (t) => {
  const { dir } = await written(t, { events: 8 });
  const bytes = readFileSync(join(dir, FIRST));
  writeFileSync(join(dir, logName(8)), '');
  for (const cut of [bytes.length - 1, bytes.length - 120]) {
    writeFileSync(join(dir, FIRST), bytes.subarray(0, cut));
    await assert.rejects(openFileJournal({ dir, base }), { code: 'journal.damaged' });
    assert.equal(statSync(join(dir, FIRST)).size, cut);
    assert.deepEqual(readdirSync(dir).sort(), [FIRST, logName(8)]);
  }
});

test('a new file whose header was never finished is begun again', async (t) => {
  const { dir, records, names } = await written(t, { events: 12, file_bytes: 700 });
  const head = records.length;
  const next = join(dir, `${String(head).padStart(16, '0')}.log`);
  assert.ok(names.length > 1);
  for (const bytes of [Buffer.alloc(0), Buffer.from('CLAW'), Buffer.alloc(HEADER_BYTES)]) {
    writeFileSync(next, bytes);
    const journal = await openFileJournal({ dir, base, file_bytes: 100 });
    assert.deepEqual([journal.head(), journal.status().recovered_bytes], [head, bytes.length]);
    await journal.close();
  }
  const journal = await openFileJournal({ dir, base, file_bytes: 100 });
  t.after(journal.close);
  assert.equal((await journal.append([sealed(0)]))[0]?.seq, head);
  assert.equal((await readAll(journal)).length, head + 1);
});

test('a flipped byte anywhere before the last frame is damage that names its place', async (t) => {
  const { dir, records } = await written(t, { events: 8 });
  const ends = frameEnds(records);
  const path = join(dir, FIRST);
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: HEADER_BYTES, max: (ends.at(-2) ?? 0) - 1 }),
      fc.integer({ min: 1, max: 255 }),
      async (at, mask) => {
        flip(path, at, mask);
        const hit = ends.findIndex((end) => at < end);
        const offset = ends[hit - 1] ?? HEADER_BYTES;
        await assert.rejects(openFileJournal({ dir, base }), {
          code: 'journal.damaged',
          message: new RegExp(`${FIRST} is damaged at byte ${offset}, where seq ${hit} should be`),
        });
        flip(path, at, mask);
      },
    ),
  );
  await (await openFileJournal({ dir, base })).close();
});

test('a flipped byte in the content of the very last frame is damage, and is not cut off', async (t) => {
  const { dir, records } = await written(t, { events: 4 });
  const path = join(dir, FIRST);
  const ends = frameEnds(records);
  for (let at = (ends.at(-2) ?? 0) + 12; at < (ends.at(-1) ?? 0); at += 7) {
    flip(path, at);
    await assert.rejects(openFileJournal({ dir, base }), { code: 'journal.damaged' });
    assert.equal(statSync(path).size, ends.at(-1));
    flip(path, at);
  }
});

test('sectors that a stopping machine never wrote are a torn tail, though later ones were', async (t) => {
  const dir = temporaryFolder(t);
  const journal = await openFileJournal({ dir, base });
  await journal.append(sealedMany(0, 5));
  const durable = journal.status().bytes;
  await journal.append(sealedMany(5, 40));
  await journal.close();
  const path = join(dir, FIRST);
  const bytes = readFileSync(path);
  const sector = Math.ceil(durable / 512) * 512 + 1024;
  writeFileSync(path, Buffer.from(bytes).fill(0, sector, sector + 512));
  const reopened = await openFileJournal({ dir, base });
  assert.ok(reopened.head() >= 5 && reopened.head() < 45);
  assert.ok(reopened.status().recovered_bytes > 0);
  await reopened.append([sealed(45)]);
  await reopened.close();
  writeFileSync(path, Buffer.from(bytes).fill(0, HEADER_BYTES, 512));
  await assert.rejects(
    openFileJournal({ dir, base }),
    { code: 'journal.damaged' },
    'what later frames prove durable is never cut off',
  );
});

test('damage at the end of a file that is not the last is not cut off', async (t) => {
  const { dir, names } = await written(t, { events: 12, file_bytes: 700 });
  const path = join(dir, names[0] ?? '');
  const bytes = readFileSync(path);
  for (const cut of [10, 150]) {
    writeFileSync(path, bytes.subarray(0, bytes.length - cut));
    await assert.rejects(openFileJournal({ dir, base }), { code: 'journal.damaged' });
    assert.equal(statSync(path).size, bytes.length - cut);
  }
});

test('a file cut between two frames, with files after it, leaves a gap that is named', async (t) => {
  const { dir, names, records } = await written(t, { events: 12, file_bytes: 700 });
  const path = join(dir, names[0] ?? '');
  const ends = frameEnds(records).filter((end) => end <= statSync(path).size);
  writeFileSync(path, readFileSync(path).subarray(0, ends.at(-2)));
  const named = { code: 'journal.damaged', message: new RegExp(`${names[1]} does not go on`) };
  await assert.rejects(openFileJournal({ dir, base }), named);
});

test('a missing file in the middle, or a header that does not fit, is damage', async (t) => {
  const damage = { code: 'journal.damaged' };
  for (const place of [0, 1, 2]) {
    const { dir, names } = await written(t, { events: 16, file_bytes: 600 });
    assert.ok(names.length > 3);
    const path = join(dir, names[place] ?? '');
    for (const at of [0, 8, 16, 28]) {
      flip(path, at);
      await assert.rejects(openFileJournal({ dir, base }), damage, `${place} ${at}`);
      flip(path, at);
    }
    unlinkSync(path);
    await assert.rejects(openFileJournal({ dir, base }), damage, `${place}`);
  }
});

test('a journal of a newer format is refused as such', async (t) => {
  const { dir } = await written(t, { events: 1 });
  const path = join(dir, FIRST);
  const bytes = readFileSync(path);
  bytes.writeUInt32LE(2, 8);
  const { crc32 } = await import('node:zlib');
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 28)), 28);
  writeFileSync(path, bytes);
  await assert.rejects(openFileJournal({ dir, base }), { code: 'data.newer' });
});
