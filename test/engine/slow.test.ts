/** Searches that would take for ever: ended in time, with their work, and nobody else waits. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Engine, EngineRecord, Filter } from '../../src/engine/engine.ts';
import { eventOf, NOW_MS, recordOf } from './generate.ts';
import { ALL, folder, open } from './ground.ts';
import { record } from './suite.ts';

/** Words in which every phrase of `FOREVER` nearly occurs, thousands of times a row. */
const CONTENT = `${'ka '.repeat(15)}ke `.repeat(1000);
/** Minutes of work for SQLite without a single row between: only its process can be ended. */
const FOREVER: Filter = {
  kind: 'or',
  of: Array.from({ length: 500 }, () => {
    return { kind: 'text', text: `${'ka '.repeat(16)}ke`, prefix: false } as const;
  }),
};

async function ground(t: TestContext, options: { timeout_ms: number; readers?: number }) {
  const records = Array.from({ length: 100 }, (_, i) =>
    record(i, { type: 'output', session_id: 's', content: CONTENT }),
  );
  records.push(otherTenants(100));
  const { timeout_ms, readers = 1 } = options;
  const engine = await open(t, records, { dir: folder(t), readers, query_timeout_ms: timeout_ms });
  await engine.apply(records);
  return engine;
}

function otherTenants(seq: number): EngineRecord {
  const place = { seq, index: 0, tenant: 'globex' };
  return recordOf(
    place,
    eventOf('globex', seq, { at: NOW_MS, draft: { type: 'output', session_id: 's' } }),
  );
}

const forever = (engine: Engine, signal?: AbortSignal) =>
  engine.count({ tenant: 'acme', filter: FOREVER, ...(signal && { signal }) });

/** Processes that this one has begun and that are still there. */
const children = () =>
  process.getActiveResourcesInfo().filter((name) => name === 'ProcessWrap').length;

describe('a search that would take for ever', () => {
  it('is ended with its work, for counts, facets, bars, pages and sessions alike', async (t) => {
    const engine = await ground(t, { timeout_ms: 500 });
    const query = { tenant: 'acme', filter: FOREVER };
    const asks = [
      () => engine.count(query),
      () => engine.facets(query, 'type', 10),
      () => engine.histogram(query, 60_000),
      () => engine.search(query, { limit: 50, order: 'newest' }),
      () => engine.sessions(query, { limit: 50 }),
    ];
    const before = children();
    for (const ask of asks) {
      assert.equal((await answered(engine, 'acme')).value, 100);
      await assert.rejects(ask, { code: 'query.timeout', status: 504 });
      while (children() > before) await pause(10);
    }
  });

  it('is ended when whoever asked goes away, long before its time is over', async (t) => {
    const engine = await ground(t, { timeout_ms: 3_600_000 });
    const before = children();
    assert.equal((await answered(engine, 'acme')).value, 100);
    assert.equal(children(), before + 1);
    const gone = new AbortController();
    const search = forever(engine, gone.signal);
    const waiting = forever(engine, gone.signal);
    gone.abort();
    await assert.rejects(search, { code: 'query.timeout' });
    await assert.rejects(waiting, { code: 'query.timeout' });
    while (children() > before) await pause(10);
    await assert.rejects(forever(engine, AbortSignal.abort()), { code: 'query.timeout' });
    assert.equal((await answered(engine, 'acme')).value, 100);
  });

  it("keeps no reader from another tenant's searches, however many there are", async (t) => {
    const engine = await ground(t, { timeout_ms: 3_600_000, readers: 2 });
    const gone = new AbortController();
    let ended = 0;
    const slow = Array.from({ length: 20 }, () =>
      forever(engine, gone.signal).catch(() => {
        ended++;
      }),
    );
    for (let i = 0; i < 5; i++) assert.equal((await answered(engine, 'globex')).value, 1);
    assert.equal(ended, 0, 'the slow ones were still at work');
    gone.abort();
    await Promise.all(slow);
  });

  it('is refused where its tenant has too many that wait, and other tenants are not', async (t) => {
    const engine = await ground(t, { timeout_ms: 3_600_000, readers: 2 });
    const gone = new AbortController();
    const asks = Array.from({ length: 260 }, () =>
      forever(engine, gone.signal).then(
        () => 'answered',
        (error: { code: string }) => error.code,
      ),
    );
    assert.equal((await answered(engine, 'globex')).value, 1);
    gone.abort();
    const codes = await Promise.all(asks);
    assert.equal(codes.filter((code) => code === 'queue.full').length, 9);
    assert.equal(codes.filter((code) => code === 'query.timeout').length, 251);
  });
});

/** Also where a new reader must begin first, for longer than a search may take here. */
async function answered(engine: Engine, tenant: string): ReturnType<Engine['count']> {
  try {
    return await engine.count({ tenant, filter: ALL });
  } catch {
    return answered(engine, tenant);
  }
}
