/** The index as a follower: it catches up, waits out a full disk, and says when it has stopped. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { Engine, EngineRecord } from '../../src/engine/engine.ts';
import { openMemoryEngine } from '../../src/engine/memory.ts';
import { canonicalBytes } from '../../src/event/canonical.ts';
import { uuidv7 } from '../../src/event/id.ts';
import { Fault } from '../../src/fault/fault.ts';
import { openMemoryJournal } from '../../src/journal/memory.ts';
import type { Opener, SealedEvent } from '../../src/seal/seal.ts';
import { openIndexer } from '../../src/trail/indexer.ts';

/** Envelopes that are the event itself: what is tested here is the order of reading. */
const opener: Opener = {
  open: ({ envelope }) => ({ salt: Buffer.alloc(32), bytes: Buffer.from(envelope) }),
};

function sealed(content: string): SealedEvent {
  const id = uuidv7(Date.now(), (bytes) => randomBytes(bytes));
  const at = new Date().toISOString();
  const event = { id, time: at, recorded_at: at, type: 'prompt', tenant_id: 'acme' };
  const envelope = canonicalBytes({ ...event, session_id: 's', content });
  return { tenant: 'acme', id, at_ms: Date.now(), commitment: Buffer.alloc(32), envelope };
}

type Live = { readonly gather_ms: number; readonly from: (seq: number) => EngineRecord[] };

/** Without `live` records, all are read from the journal. */
async function follow(apply: (engine: Engine) => Engine['apply'], live?: Live) {
  const journal = openMemoryJournal({ base: { sizes: {} } });
  const whole = openMemoryEngine({ call_timeout_ms: 1000, now: Date.now });
  const engine = { ...whole, apply: apply(whole) };
  const faults: string[] = [];
  const records = {
    record: (tenant: string, index: number) => journal.find(tenant, index),
    records: async () => [],
    recordsAt: async () => [],
  };
  const { from = () => [], ...pace } = live ?? {};
  const fresh = { add: () => {}, get: () => undefined, from };
  const onFault = (fault: Fault) => void faults.push(fault.code);
  const indexer = await openIndexer({
    ...{ journal, engine, records, opener, fresh, onFault },
    ...pace,
  });
  return { journal, engine, indexer, faults };
}

test('a full disk is waited out: nothing is passed over, and it is told', async () => {
  let fails = 1;
  const { journal, engine, indexer, faults } = await follow((whole) => async (records) => {
    if (fails-- > 0) throw new Fault('data.full', 'The disk is full.');
    await whole.apply(records);
  });
  await journal.append([sealed('one'), sealed('two')]);
  await indexer.reach(2, 60_000);
  assert.equal(indexer.cursor(), 2);
  assert.deepEqual(faults, ['data.full']);
  const query = { tenant: 'acme', filter: { kind: 'all' } } as const;
  assert.equal((await engine.count(query)).value, 2);
  await indexer.close();
});

test('records that come while others are written gather too, until somebody asks', async () => {
  const commits: number[] = [];
  const sent: EngineRecord[] = [];
  const send = async (content: string) => {
    const event = sealed(content);
    const [place] = await journal.append([event]);
    sent.push({ tenant: 'acme', ...(place ?? assert.fail()), event: Buffer.from(event.envelope) });
  };
  const { journal, indexer } = await follow(
    (whole) => async (records) => {
      commits.push(records.length);
      if (commits.length === 1) await send('while the first is written');
      await whole.apply(records);
    },
    { gather_ms: 2 ** 30, from: (seq) => sent.filter((record) => record.seq >= seq) },
  );
  await send('one');
  while (indexer.cursor() < 1) await new Promise((resolve) => setImmediate(resolve));
  for (const content of ['three', 'four']) {
    await send(content);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await indexer.reach(4, 60_000);
  assert.deepEqual(commits, [1, 3]);
  await indexer.close();
});

test('an index that breaks says so to whoever asks it, and the journal goes on', async () => {
  const { journal, indexer, faults } = await follow(() => async () => {
    throw new Fault('engine.damaged', 'Index file 7 is damaged.');
  });
  await journal.append([sealed('one')]);
  await assert.rejects(indexer.reach(1, 60_000), { code: 'engine.damaged' });
  assert.equal(indexer.failure()?.code, 'engine.damaged');
  assert.deepEqual(faults, ['engine.damaged']);
  await journal.append([sealed('two')]);
  assert.equal(journal.head(), 2);
  assert.deepEqual(await indexer.readTo('acme', indexer.cursor()), {
    indexed: 0,
    recorded: 2,
    complete: false,
  });
  await indexer.close();
});
