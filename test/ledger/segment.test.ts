import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { JournalRecord } from '../../src/journal/journal.ts';
import { openArchive } from '../../src/ledger/archive.ts';
import { encodeSegment, idTime, parseSegmentKey, segmentKey } from '../../src/ledger/segment.ts';
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

async function readAll(store: Store): Promise<readonly SourceRecord[]> {
  return Array.fromAsync(readSegment(store, NAME));
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

  it('refuses to give a record that was changed', async () => {
    const store = openMemoryStore();
    const records = recordsOf(0, 50);
    await (await openArchive(store)).put(records);
    const bytes = encodeSegment(records);
    const at = bytes.indexOf(records[20]?.commitment ?? '');
    bytes[at] = (bytes[at] as number) ^ 1;
    await store.put('archive/a/000000000000-50.seg', bytes);
    const archive = await openArchive(store);
    assert.equal((await archive.records('a', 19, 1))[0]?.index, 19);
    await assert.rejects(archive.records('a', 20, 1), { code: 'ledger.damaged' });
  });

  it('is the same bytes for the same records', () => {
    assert.deepEqual(encodeSegment(recordsOf(5, 60)), encodeSegment(recordsOf(5, 60)));
  });

  it('is found damaged whichever bit of it is flipped, and names the index in a record', async () => {
    const store = openMemoryStore();
    const records = recordsOf(NAME.first, NAME.count);
    const segment = encodeSegment(records);
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
    const segment = encodeSegment(recordsOf(NAME.first, NAME.count));
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: segment.length - 1 }), async (bytes) => {
        await store.put(KEY, segment.subarray(0, bytes));
        assert.ok((await readAll(store)).some((item) => 'damage' in item));
      }),
      { numRuns: 100 },
    );
  });
});
