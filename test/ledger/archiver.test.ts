import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openMemoryJournal } from '../../src/journal/memory.ts';
import { openLedger } from '../../src/ledger/follow.ts';
import { calmUnless } from '../../src/ledger/turn.ts';
import { openFileStore } from '../../src/store/file.ts';
import type { Store } from '../../src/store/store.ts';
import { START_MS, sealedEvents, signerFor } from './fixture.ts';
import { dataFolder } from './trail.ts';

const SMALL = { segment_bytes: 2 ** 40, segment_records: 300 };

/** A store whose segments wait for `release` before they are written. */
function gated(data: string) {
  const store = openFileStore({ root: data });
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const put: Store['put'] = async (key, bytes, options) => {
    if (key.startsWith('archive/')) {
      begun.resolve();
      await gate.promise;
    }
    await store.put(key, bytes, options);
  };
  return { store: { ...store, put }, begun: begun.promise, release: gate.resolve };
}

async function openSlow(data: string) {
  const { store, begun, release } = gated(data);
  const journal = openMemoryJournal({ base: { sizes: {} } });
  const options = { store, journal, signerFor, now: () => START_MS, interval_ms: 1 };
  const ledger = await openLedger({ ...options, archive: SMALL });
  await journal.append(sealedEvents('a', 0, 700));
  const alive = setInterval(() => {}, 1000);
  await begun;
  return { journal, ledger, release, stop: () => clearInterval(alive) };
}

describe('an archiver', () => {
  it('lets trees be signed while it moves records', async (t) => {
    const { journal, ledger, release, stop } = await openSlow(dataFolder(t));
    await journal.append(sealedEvents('a', 700, 800));
    while (ledger.sizes().get('a')?.tree !== 800) await new Promise(setImmediate);
    assert.equal(ledger.sizes().get('a')?.archived, 0);
    release();
    while (ledger.sizes().get('a')?.archived !== 600) await new Promise(setImmediate);
    assert.equal((await ledger.records('a', 0, 800)).length, 800);
    stop();
    await ledger.close();
  });

  it('has ended when the ledger is closed', async (t) => {
    const { ledger, release, stop } = await openSlow(dataFolder(t));
    let closed = false;
    const closing = ledger.close().then(() => {
      closed = true;
    });
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    assert.equal(closed, false);
    release();
    await closing;
    stop();
    assert.equal(ledger.sizes().get('a')?.archived, 600);
  });

  it('rests between its steps unless it must hurry', async () => {
    const order: string[] = [];
    const calm = calmUnless(() => false)().then(() => order.push('calm'));
    const hurried = calmUnless(() => true)().then(() => order.push('hurried'));
    await Promise.all([calm, hurried]);
    assert.deepEqual(order, ['hurried', 'calm']);
  });
});
