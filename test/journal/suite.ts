/** What every journal promises. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import fc from 'fast-check';
import type { Journal, JournalBase, JournalRecord, ReadLimit } from '../../src/journal/journal.ts';
import { sealed, sealedMany } from './sealed.ts';

export type OpenJournal = (t: TestContext, base: JournalBase) => Promise<Journal>;

const LIMIT: ReadLimit = { records: 100, bytes: 1024 * 1024 };
const EMPTY: JournalBase = { sizes: {} };

/** Every record from `seq` on, read as a follower does. */
export async function readAll(journal: Journal, from = journal.first(), limit = LIMIT) {
  const records: JournalRecord[] = [];
  for (let seq = from; ; seq = (records.at(-1) as JournalRecord).seq + 1) {
    const read = await journal.read(seq, limit);
    if (read.length === 0) return records;
    records.push(...read);
  }
}

export function journalSuite(name: string, open: OpenJournal): void {
  describe(`journal: ${name}`, () => {
    orderTests(open);
    readTests(open);
    followTests(open);
    limitTests(open);
  });
}

function orderTests(open: OpenJournal): void {
  test('gives places from 0, over all tenants and within each', async (t) => {
    const journal = await open(t, EMPTY);
    const first = await journal.append([sealed(0, 'a'), sealed(1, 'b'), sealed(2, 'a')]);
    assert.deepEqual(first, [
      { seq: 0, index: 0 },
      { seq: 1, index: 0 },
      { seq: 2, index: 1 },
    ]);
    assert.deepEqual(await journal.append([sealed(3, 'b')]), [{ seq: 3, index: 1 }]);
    assert.deepEqual([journal.first(), journal.head()], [0, 4]);
    assert.deepEqual([journal.size('a'), journal.size('b'), journal.size('c')], [2, 2, 0]);
    assert.deepEqual(journal.tenants(), ['a', 'b']);
  });

  test('goes on after the records of its base', async (t) => {
    const journal = await open(t, { sizes: { a: 5, b: 2 } });
    assert.deepEqual([journal.first(), journal.head(), journal.size('a')], [7, 7, 5]);
    const places = await journal.append([sealed(0, 'b'), sealed(1, 'c')]);
    assert.deepEqual(places, [
      { seq: 7, index: 2 },
      { seq: 8, index: 0 },
    ]);
    assert.deepEqual(journal.tenants(), ['a', 'b', 'c']);
  });

  test('keeps the calls apart and in order, however many there are at once', async (t) => {
    const journal = await open(t, EMPTY);
    const calls = fc.array(
      fc.record({ tenant: fc.constantFrom('a', 'b', 'c'), count: fc.integer({ min: 0, max: 7 }) }),
      { maxLength: 30 },
    );
    let n = 0;
    await fc.assert(
      fc.asyncProperty(calls, async (batches) => {
        const from = journal.head();
        const sent = batches.map(({ tenant, count }) => {
          n += count;
          return sealedMany(n - count, count, tenant);
        });
        const places = await Promise.all(sent.map((events) => journal.append(events)));
        assert.deepEqual(
          places.flat().map(({ seq }) => seq),
          sent.flat().map((_, i) => from + i),
        );
        const expected = sent.flat().map((event, i) => ({ ...event, ...places.flat()[i] }));
        assert.deepEqual(await readAll(journal, from), expected);
      }),
      { numRuns: 20 },
    );
    requireContiguous(await readAll(journal));
  });

  test('an empty append takes no place', async (t) => {
    const journal = await open(t, EMPTY);
    assert.deepEqual(await journal.append([]), []);
    assert.equal(journal.head(), 0);
  });
}

/** Indexes of each tenant count up without a gap. */
export function requireContiguous(records: readonly JournalRecord[]): void {
  const next = new Map<string, number>();
  for (const { tenant, index } of records) {
    assert.equal(index, next.get(tenant) ?? index, `index of ${tenant}`);
    next.set(tenant, index + 1);
  }
}

function readTests(open: OpenJournal): void {
  test('reads at most as many records and bytes as asked, and always one', async (t) => {
    const journal = await open(t, EMPTY);
    await journal.append(Array.from({ length: 10 }, (_, n) => sealed(n, 'acme', 1000)));
    const seqs = async (seq: number, limit: ReadLimit) =>
      (await journal.read(seq, limit)).map((record) => record.seq);
    assert.deepEqual(await seqs(2, { records: 3, bytes: 1e6 }), [2, 3, 4]);
    assert.deepEqual(await seqs(2, { records: 100, bytes: 2500 }), [2, 3]);
    assert.deepEqual(await seqs(2, { records: 100, bytes: 1 }), [2]);
    assert.deepEqual(await seqs(9, LIMIT), [9]);
    assert.deepEqual(await seqs(10, LIMIT), []);
    assert.deepEqual(await seqs(1000, LIMIT), []);
    assert.equal((await readAll(journal, 0, { records: 3, bytes: 1 })).length, 10);
  });

  test('finds a record by tenant and index', async (t) => {
    const journal = await open(t, { sizes: { b: 3 } });
    await journal.append([sealed(0, 'a'), sealed(1, 'b'), sealed(2, 'a')]);
    assert.deepEqual(await journal.find('a', 1), { ...sealed(2, 'a'), seq: 5, index: 1 });
    assert.deepEqual(await journal.find('b', 3), { ...sealed(1, 'b'), seq: 4, index: 3 });
    for (const [tenant, index] of [
      ['a', 2],
      ['a', -1],
      ['b', 0],
      ['c', 0],
    ] as const) {
      assert.equal(await journal.find(tenant, index), undefined, `${tenant} ${index}`);
    }
  });

  test('keeps what was not released, and goes on counting', async (t) => {
    const journal = await open(t, EMPTY);
    for (let n = 0; n < 40; n++) await journal.append([sealed(n, n % 2 ? 'a' : 'b')]);
    await journal.release(25);
    const first = journal.first();
    assert.ok(first <= 25);
    assert.deepEqual(
      (await readAll(journal)).map(({ seq }) => seq),
      Array.from({ length: 40 - first }, (_, i) => first + i),
    );
    assert.equal((await journal.find('a', 15))?.seq, 31);
    assert.deepEqual([journal.size('a'), journal.head()], [20, 40]);
    if (first > 0) {
      await assert.rejects(journal.read(first - 1, LIMIT), { code: 'request.invalid' });
      assert.equal(await journal.find('b', 0), undefined);
    }
    assert.deepEqual(await journal.append([sealed(40, 'a')]), [{ seq: 40, index: 20 }]);
    await journal.release(5);
    assert.equal(journal.first(), first);
  });
}

function followTests(open: OpenJournal): void {
  test('calls followers back after each durable append, until they leave', async (t) => {
    const journal = await open(t, EMPTY);
    const heads: number[] = [];
    const leave = journal.follow(() => heads.push(journal.head()));
    const settle = () => new Promise((resolve) => setImmediate(resolve));
    await journal.append(sealedMany(0, 3));
    await settle();
    await journal.append(sealedMany(3, 1));
    await settle();
    assert.deepEqual(heads, [3, 4]);
    leave();
    await journal.append(sealedMany(4, 1));
    await settle();
    assert.deepEqual(heads, [3, 4]);
  });

  test('refuses everything after close', async (t) => {
    const journal = await open(t, EMPTY);
    await journal.append(sealedMany(0, 2));
    const late = journal.append(sealedMany(2, 1));
    await Promise.all([journal.close(), journal.close()]);
    assert.deepEqual(await late, [{ seq: 2, index: 2 }], 'what was under way is finished');
    const refused = { code: 'server.closing' };
    await assert.rejects(journal.append(sealedMany(3, 1)), refused);
    await assert.rejects(journal.read(0, LIMIT), refused);
    await assert.rejects(journal.find('acme', 0), refused);
    assert.equal(journal.status().state, 'closed');
  });
}

function limitTests(open: OpenJournal): void {
  test('refuses a record above 32 MiB and gives no place to its call', async (t) => {
    const journal = await open(t, EMPTY);
    const huge = { ...sealed(1), envelope: Buffer.alloc(32 * 1024 * 1024) };
    await assert.rejects(journal.append([sealed(0), huge]), { code: 'event.too_large' });
    assert.equal(journal.head(), 0);
    assert.deepEqual(await journal.append([sealed(2)]), [{ seq: 0, index: 0 }]);
  });

  test('refuses what fits no frame, and gives no place to its call', async (t) => {
    const journal = await open(t, EMPTY);
    const bad = [
      { tenant: 'Not A Tenant' },
      { tenant: '' },
      { id: 'x' },
      { id: sealed(0).id.toUpperCase() },
      { at_ms: -1 },
      { at_ms: 0.5 },
      { at_ms: 8.64e15 + 1 },
      { commitment: Buffer.alloc(31) },
    ];
    for (const part of bad) {
      const call = journal.append([sealed(0), { ...sealed(1), ...part }]);
      await assert.rejects(call, { code: 'internal.bug' }, JSON.stringify(part));
    }
    assert.deepEqual(await journal.append([sealed(2)]), [{ seq: 0, index: 0 }]);
    assert.equal(journal.status().state, 'open');
  });
}
