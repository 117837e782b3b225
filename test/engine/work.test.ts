/** What the engine does while it works: time limits, late facts, calls that never end. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EngineRecord, Filter } from '../../src/engine/engine.ts';
import { OPEN_CALLS } from '../../src/engine/sqlite/calls.ts';
import { idOf, NOW_MS } from './generate.ts';
import { folder, NEWEST, open } from './ground.ts';
import { record } from './suite.ts';

describe('index at work', () => {
  it('goes on recording while a search is slow, ends the search in time, and answers again', async (t) => {
    const { records, slow } = slowGround();
    const engine = await open(t, records, { dir: folder(t), query_timeout_ms: 3_000 });
    await engine.apply(records);
    let ended = false;
    const search = engine.count({ tenant: 'acme', filter: slow }).finally(() => {
      ended = true;
    });
    const rejected = assert.rejects(search, { code: 'query.timeout' });
    await engine.apply([
      record(records.length, { type: 'prompt', session_id: 's', content: 'meanwhile' }),
    ]);
    assert.equal(ended, false, 'recorded before the search ended');
    await rejected;
    const filter = { kind: 'text', text: 'meanwhile', prefix: false } as const;
    assert.equal((await engine.count({ tenant: 'acme', filter })).value, 1);
    await engine.close();
  });

  it('ends a search that waits for its turn for too long', async (t) => {
    const { records, slow } = slowGround();
    const engine = await open(t, records, { dir: folder(t), query_timeout_ms: 500 });
    await engine.apply(records);
    const asks = [1, 2, 3].map(() => engine.count({ tenant: 'acme', filter: slow }));
    for (const ask of asks) await assert.rejects(ask, { code: 'query.timeout' });
    await engine.close();
  });

  it('puts another reader in the place of one that is stuck in a single row', async (t) => {
    const resources = Array.from({ length: 256 }, (_, i) => {
      return { kind: `${'ab'.repeat(2000)}${i}`, id: `/${i}`, access: 'read' };
    });
    const draft = { type: 'file_operation', session_id: 's', resources };
    const records = [record(0, draft), record(1, { type: 'prompt', session_id: 's' })];
    const engine = await open(t, records, { dir: folder(t), query_timeout_ms: 300 });
    await engine.apply(records);
    const slow = engine.count({ tenant: 'acme', filter: slowFilter('*a*b*a*b*a*b*a*bx') });
    await assert.rejects(slow, { code: 'query.timeout' });
    const filter = { kind: 'keyword', field: 'type', value: 'prompt' } as const;
    const answered = async (): Promise<number> => {
      try {
        return (await engine.count({ tenant: 'acme', filter })).value;
      } catch {
        return answered();
      }
    };
    assert.equal(await answered(), 1);
  });

  it('keeps no more than its limit of open calls: the oldest become unknown', async (t) => {
    const records = Array.from({ length: OPEN_CALLS + 10 }, (_, i) =>
      record(i, { type: 'tool_call', session_id: 's', call_id: `c${i}`, status: 'pending' }),
    );
    const dir = folder(t);
    const engine = await open(t, records, { dir, query_timeout_ms: 60_000 });
    await engine.apply(records);
    await engine.apply([record(records.length, { type: 'prompt', session_id: 's' })]);
    assert.equal((await engine.status()).open_calls, OPEN_CALLS);
    const { value } = await engine.session('acme', 's');
    assert.deepEqual(value?.statuses, { pending: OPEN_CALLS, unknown: 10 });
  });

  it('reads the facts of a written row again when a late one comes, and keeps the places of erased ones', async (t) => {
    const call = { type: 'tool_call', session_id: 's', call_id: 'c' };
    const records = [
      record(0, { ...call, status: 'success', result: 'done' }),
      record(1, { ...call, status: 'pending', tool: 'Bash' }, NOW_MS - 5),
      record(2, { ...call, status: 'blocked', detail: 'afterwards' }),
    ];
    const asked: number[][] = [];
    const engine = await open(t, records, {
      dir: folder(t),
      fetch: async (_tenant, indices) => {
        asked.push([...indices]);
        return records.filter(({ index }) => indices.includes(index) && index !== 0);
      },
    });
    for (const one of records) await engine.apply([one]);
    assert.deepEqual(asked, [[0], [0, 1]]);
    const query = {
      tenant: 'acme',
      filter: { kind: 'keyword', field: 'tool', value: 'bash' },
    } as const;
    const { value } = await engine.search(query, NEWEST);
    assert.deepEqual(value, [{ time_ms: NOW_MS - 5, seq: 0, facts: [0, 1, 2], status: 'blocked' }]);
    assert.equal(await engine.locate('acme', idOf(0)), 0);
    await engine.close();
  });

  it('calls a call unknown as soon as its time is over, and again pending never', async (t) => {
    let now = NOW_MS;
    const dir = folder(t);
    const records = [
      record(0, { type: 'tool_call', session_id: 's', call_id: 'c', status: 'pending' }),
      record(1, { type: 'prompt', session_id: 't' }),
    ];
    const engine = await open(t, records, { dir: dir, now: () => now });
    await engine.apply(records.slice(0, 1));
    const statuses = async () => (await engine.session('acme', 's')).value?.statuses;
    assert.deepEqual(await statuses(), { pending: 1 });
    assert.equal((await engine.status()).open_calls, 1);
    now += 600_001;
    assert.deepEqual(await statuses(), { unknown: 1 });
    await engine.apply(records.slice(1));
    assert.equal((await engine.status()).open_calls, 0);
    now = NOW_MS;
    assert.deepEqual(await statuses(), { unknown: 1 });
    await engine.close();
  });
});

/** Rows and a filter that take SQLite many seconds together, and little each. */
function slowGround(): { records: EngineRecord[]; slow: Filter } {
  const resources = Array.from({ length: 60 }, (_, i) => {
    return { kind: `${'ab'.repeat(60)}${i}`, id: `/${i}`, access: 'read' };
  });
  const draft = { type: 'file_operation', session_id: 's', resources };
  const records = Array.from({ length: 600 }, (_, i) => record(i, draft));
  return { records, slow: slowFilter('*a*b*a*x') };
}

function slowFilter(pattern: string): Filter {
  const of = Array.from({ length: 500 }, (_, i) => {
    return { kind: 'pattern', field: 'resources.kind', pattern: `${pattern}${i}` } as const;
  });
  return { kind: 'or', of };
}
