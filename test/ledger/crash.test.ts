import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Fault } from '../../src/fault/fault.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { openMemoryJournal } from '../../src/journal/memory.ts';
import { openLedger } from '../../src/ledger/follow.ts';
import { parseHead, readProgress } from '../../src/ledger/head.ts';
import { verifyTrail } from '../../src/ledger/verify/verify.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { START_MS, sealedEvents, signerFor, testOpener } from './fixture.ts';
import { memorySource } from './memory.ts';

const SMALL = { segment_bytes: 2 ** 40, segment_records: 120 };
const SIZES = { a: 300, b: 20 };

describe('a crash at any call to store or journal', () => {
  for (const effect of ['before', 'after'] as const) {
    it(`${effect} it takes effect loses nothing and takes nothing back`, async () => {
      let calls = 1;
      while (await crashAt(calls, effect)) calls++;
      assert.ok(calls > 30, `${calls} calls`);
    });
  }
});

describe('a disk that is full at any write', () => {
  it('stops nothing for ever: the ledger goes on where it was when there is room', async () => {
    let calls = 1;
    while (await fullAt(calls)) calls++;
    assert.ok(calls > 30, `${calls} calls`);
  });
});

/** Two failures in a row, then room; false when there were fewer writes. */
async function fullAt(n: number): Promise<boolean> {
  const inner = openMemoryStore();
  const journal = openMemoryJournal({ base: { sizes: {} } });
  let calls = 0;
  const write = <T>(call: () => Promise<T>): Promise<T> => {
    calls++;
    if (calls !== n && calls !== n + 1) return call();
    return Promise.reject(new Fault('data.full', 'The disk is full.'));
  };
  const store: Store = {
    ...inner,
    put: (key, bytes, put) => write(() => inner.put(key, bytes, put)),
    swap: (key, expected, bytes) => write(() => inner.swap(key, expected, bytes)),
  };
  const ledger = await openLedger({ ...options, store, journal });
  for (let size = 0; size < SIZES.a; size += 100) {
    await journal.append(sealedEvents('a', size, size + 100));
    await journal.append(sealedEvents('b', size / 100, size / 100 + 1));
    for (const step of [ledger.integrate, ledger.archive]) {
      await step().catch((error) => assert.equal(error.code, 'data.full'));
    }
  }
  await ledger.integrate().catch(() => {});
  await ledger.archive().catch(() => {});
  await ledger.close();
  await ledger.archive();
  await assertHeld(store, journal);
  return calls > n;
}

/** Runs until the `n`th call fails, then starts again and checks; false when none failed. */
async function crashAt(n: number, effect: 'before' | 'after'): Promise<boolean> {
  const store = openMemoryStore();
  const journal = openMemoryJournal({ base: { sizes: {} } });
  const crash = crasher(n, effect);
  const crashed = await run(crash.store(store), crash.journal(journal)).then(
    () => false,
    (error) => {
      assert.ok(error instanceof Fault && error.message === CRASH, String(error));
      return true;
    },
  );
  const before = await signedSizes(store);
  const ledger = await openLedger({ ...options, store, journal });
  for (const [tenant, size] of Object.entries(before)) {
    assert.ok((ledger.checkpoint(tenant)?.size ?? 0) >= size);
  }
  await assertHeld(store, journal);
  await journal.append(sealedEvents('a', journal.size('a'), SIZES.a + 230));
  await ledger.integrate();
  await ledger.archive();
  await ledger.close();
  await assertHeld(store, journal);
  const { seq, sizes, plan_to } = await readProgress(store);
  assert.equal(plan_to, undefined);
  assert.equal(
    seq,
    Object.values(sizes).reduce((sum, size) => sum + size, 0),
  );
  return crashed;
}

const options = { signerFor, now: () => START_MS, interval_ms: 0, archive: SMALL };

async function run(store: Store, journal: Journal): Promise<void> {
  const ledger = await openLedger({ ...options, store, journal });
  await journal.append(sealedEvents('a', 0, 200));
  await journal.append(sealedEvents('b', 0, SIZES.b));
  await ledger.integrate();
  await ledger.archive();
  await journal.append(sealedEvents('a', 200, SIZES.a));
  await ledger.integrate();
  await ledger.archive();
  await ledger.close();
}

/** Nothing that was appended is lost, and the trail verifies. */
async function assertHeld(store: Store, journal: Journal): Promise<void> {
  const report = await verifyTrail({ source: memorySource(store, journal), opener: testOpener() });
  assert.deepEqual(report.discrepancies, []);
  for (const { tenant, opened, entries, signed } of report.tenants) {
    assert.deepEqual([opened, entries, signed], Array(3).fill(journal.size(tenant)));
  }
  assert.equal(report.tenants.length, journal.tenants().length);
}

async function signedSizes(store: Store): Promise<Record<string, number>> {
  const sizes: Record<string, number> = {};
  for (const tenant of Object.keys(SIZES)) {
    const head = parseHead((await store.get(`head/${tenant}`)) ?? Buffer.alloc(0));
    sizes[tenant] = Number(head?.note.split('\n')[1] ?? 0);
  }
  return sizes;
}

const CRASH = 'The machine stopped.';

/** Store and journal of which one call fails, and every call after it. */
function crasher(n: number, effect: 'before' | 'after') {
  let calls = 0;
  async function pass<T>(call: () => Promise<T>): Promise<T> {
    calls++;
    if (calls === n && effect === 'after') await call();
    if (calls >= n) throw new Fault('data.unwritable', CRASH);
    return call();
  }
  return {
    store: (inner: Store): Store => ({
      ...inner,
      get: (key, range) => pass(() => inner.get(key, range)),
      size: (key) => pass(() => inner.size(key)),
      put: (key, bytes, put) => pass(() => inner.put(key, bytes, put)),
      swap: (key, expected, bytes) => pass(() => inner.swap(key, expected, bytes)),
      remove: (key) => pass(() => inner.remove(key)),
      flush: () => pass(() => inner.flush()),
      settle: (folder) => pass(() => inner.settle(folder)),
    }),
    journal: (inner: Journal): Journal => ({
      ...inner,
      append: (events) => pass(() => inner.append(events)),
      read: (seq, limit) => pass(() => inner.read(seq, limit)),
      release: (seq) => pass(() => inner.release(seq)),
    }),
  };
}
