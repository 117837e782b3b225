import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { uuidBytes, uuidv7 } from '../../src/event/id.ts';
import type { JournalRecord } from '../../src/journal/journal.ts';
import { openArchive } from '../../src/ledger/archive.ts';
import {
  encodeSegment,
  encodeTail,
  idPrint,
  idTime,
  inOneGo,
  PRINT_BYTES,
  parseSegmentKey,
  placesBytes,
  printRange,
  segmentKey,
} from '../../src/ledger/segment.ts';
import { readSegment } from '../../src/ledger/verify/segment.ts';
import type { SourceRecord } from '../../src/ledger/verify/source.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { START_MS, sealedEvents } from './fixture.ts';

const NAME = { tenant: 'a', first: 100, count: 40 };
const KEY = 'archive/a/000000000100-40.seg';

function recordsOf(first: number, count: number): readonly JournalRecord[] {
  const events = sealedEvents('a', first, first + count);
  return events.map((event, i) => ({ ...event, index: first + i, seq: 3 * (first + i) }));
}

function idOf(n: number, version = '7'): string {
  const random = createHash('sha256').update(String(n)).digest();
  const id = uuidv7(START_MS + n, (bytes) => random.subarray(0, bytes));
  return `${id.slice(0, 14)}${version}${id.slice(15)}`;
}

async function readAll(store: Store): Promise<readonly SourceRecord[]> {
  return (await Array.fromAsync(readSegment(store, NAME))).flat();
}

describe('an archive segment', () => {
  it('is named by its tenant, first index and count', () => {
    assert.equal(segmentKey(NAME), KEY);
    assert.deepEqual(parseSegmentKey(KEY), NAME);
    for (const key of ['archive/a/100-40.seg', 'archive/a/000000000100-0.seg', `${KEY}.x`, 'a']) {
      assert.equal(parseSegmentKey(key), undefined);
    }
  });

  it('gives back its records, one by one, in runs and by id', async () => {
    const store = openMemoryStore();
    const archive = await openArchive(store);
    const records = recordsOf(0, 700);
    await archive.put(records.slice(0, 300));
    await archive.put(records.slice(300));
    const again = await openArchive(store);
    assert.deepEqual(await again.records('a', 250, 100), records.slice(250, 350));
    assert.deepEqual(await again.records('a', 690, 100), records.slice(690));
    assert.deepEqual(await again.records('a', 700, 1), []);
    for (const { id, index } of records) assert.equal(await again.lookup('a', id), index);
  });

  it('finds ids that are no UUIDv7, and tells those that it lacks', async () => {
    const store = openMemoryStore();
    const id = '6ba7b810-9dad-41d1-80b4-00c04fd430c8';
    const records = recordsOf(0, 50).map((record, i) => (i === 7 ? { ...record, id } : record));
    const archive = await openArchive(store);
    await archive.put(records);
    assert.equal(idTime(id), undefined);
    assert.equal(idTime(records[1]?.id ?? ''), START_MS + 37);
    assert.equal(await archive.lookup('a', id), 7);
    assert.equal(await archive.lookup('a', id.replace('6', '7')), undefined);
    assert.equal(await archive.lookup('a', sealedEvents('a', 60, 61)[0]?.id ?? ''), undefined);
  });

  it('finds every archived id and no other, whether ids tell their time or not', async () => {
    const store = openMemoryStore();
    let archive = await openArchive(store);
    const ids: string[] = [];
    const add = async (count: number, version: (n: number) => string) => {
      const first = ids.length;
      const records = recordsOf(first, count).map((record, i) => {
        const id = `${record.id.slice(0, 14)}${version(first + i)}${record.id.slice(15)}`;
        return { ...record, id };
      });
      await archive.put(records);
      ids.push(...records.map(({ id }) => id));
    };
    const check = async () => {
      for (const [index, id] of ids.entries()) assert.equal(await archive.lookup('a', id), index);
      for (let n = 0; n < 200; n++) {
        for (const version of '78') {
          const id = idOf(n, version);
          assert.equal(await archive.lookup('a', id), undefined);
        }
      }
      assert.equal(await archive.lookup('b', ids[0] ?? ''), undefined);
    };
    await check();
    await add(60, () => '7');
    await check();
    await add(60, () => '8');
    await check();
    // More than there was room for when the ids were first gathered.
    for (let i = 0; i < 4; i++) await add(120, (n) => (n % 3 === 0 ? '7' : '8'));
    await check();
    archive = await openArchive(store);
    const [early, late] = await Promise.all([
      archive.lookup('a', ids.at(-1) ?? ''),
      add(40, () => '4').then(() => archive.lookup('a', ids.at(-1) ?? '')),
    ]);
    assert.deepEqual([early, late], [ids.length - 41, ids.length - 1]);
    await check();
  });

  it('refuses to give a record that was changed', async () => {
    const store = openMemoryStore();
    const records = recordsOf(0, 50);
    await (await openArchive(store)).put(records);
    const bytes = inOneGo(encodeSegment(records));
    const at = bytes.indexOf(records[20]?.commitment ?? '');
    bytes[at] = (bytes[at] as number) ^ 1;
    await store.put('archive/a/000000000000-50.seg', bytes);
    const archive = await openArchive(store);
    assert.equal((await archive.records('a', 19, 1))[0]?.index, 19);
    await assert.rejects(archive.records('a', 20, 1), { code: 'ledger.damaged' });
  });

  it('finds every id of more than it has steps and two bytes, in the order of their hashes', () => {
    const count = 70_000;
    const ids = Array.from({ length: count }, (_, i) => idOf(i % (count - 1)));
    const tail = encodeTail({ first: 0, offsets: [0, ...ids.map((_, i) => i + 1)], ids });
    const from = placesBytes(count);
    const prints = tail.subarray(from, from + PRINT_BYTES * count);
    const places = Array.from({ length: count }, (_, i) =>
      prints.readUInt32LE(PRINT_BYTES * i + 8),
    );
    const hashes = ids.map((id) =>
      createHash('sha256').update(uuidBytes(id)).digest().subarray(0, 8),
    );
    const hashAt = (place: number) => hashes[place] ?? assert.fail();
    const expected = ids
      .map((_, place) => place)
      .sort((a, b) => Buffer.compare(hashAt(a), hashAt(b)) || a - b);
    assert.deepEqual(places, expected);
    for (const [i, place] of places.entries()) {
      const print = prints.subarray(PRINT_BYTES * i, PRINT_BYTES * i + 8);
      if (!print.equals(hashAt(place))) assert.fail(`the print at ${i} is another's`);
    }
    for (const id of [ids[0], ids[65_535], ids[65_536], ids.at(-1)]) {
      const [low, high] = printRange(tail.subarray(0, from), idPrint(id ?? ''));
      assert.ok(places.slice(low, high).some((place) => ids[place] === id));
    }
  });

  it('is the same bytes for the same records', () => {
    assert.deepEqual(
      inOneGo(encodeSegment(recordsOf(5, 60))),
      inOneGo(encodeSegment(recordsOf(5, 60))),
    );
  });

  it('is found damaged whichever bit of it is flipped, and names the index in a record', async () => {
    const store = openMemoryStore();
    const records = recordsOf(NAME.first, NAME.count);
    const segment = inOneGo(encodeSegment(records));
    await store.put(KEY, segment);
    const whole = await readAll(store);
    assert.deepEqual(
      whole.map((item) => 'record' in item && item.record),
      records,
    );
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: segment.length * 8 - 1 }), async (bit) => {
        const bent = Buffer.from(segment);
        bent[bit >> 3] = (bent[bit >> 3] as number) ^ (1 << (bit & 7));
        await store.put(KEY, bent);
        const items = await readAll(store);
        const damages = items.filter((item) => 'damage' in item).map(({ damage }) => damage);
        assert.equal(damages.length, 1, `bit ${bit}`);
        const held = items.filter((item) => 'record' in item).map(({ record }) => record.index);
        const { index } = damages[0] ?? {};
        assert.deepEqual(
          held,
          records.map((record) => record.index).filter((held) => held !== index),
        );
      }),
      { numRuns: 400 },
    );
  });

  it('is found damaged wherever it is cut', async () => {
    const store = openMemoryStore();
    const segment = inOneGo(encodeSegment(recordsOf(NAME.first, NAME.count)));
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: segment.length - 1 }), async (bytes) => {
        await store.put(KEY, segment.subarray(0, bytes));
        assert.ok((await readAll(store)).some((item) => 'damage' in item));
      }),
      { numRuns: 100 },
    );
  });
});
