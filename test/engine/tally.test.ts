/** Counts that are kept by hour say what the rows say, whatever the edges of the time. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { openMemoryEngine } from '../../src/engine/memory.ts';
import { openFile } from '../../src/engine/sqlite/file.ts';
import { TALLIED } from '../../src/engine/sqlite/schema.ts';
import { NOW_MS, tenantOf } from './generate.ts';
import { ALL, folder, KEY, open, sample } from './ground.ts';
import { optionsOf, record } from './suite.ts';

const HOUR_MS = 3_600_000;
const STEP = 5;

const edge = fc.option(
  fc.oneof(
    fc.integer({ min: -2, max: 2 }).map((ms) => NOW_MS + ms),
    fc.integer({ min: NOW_MS - 30 * HOUR_MS, max: NOW_MS + 2 * HOUR_MS }),
    fc.integer({ min: -30, max: 2 }).map((hours) => NOW_MS + hours * HOUR_MS),
  ),
  { nil: undefined },
);

const range = fc.tuple(edge, edge).map(([from_ms, to_ms]) => ({
  ...(from_ms === undefined ? {} : { from_ms }),
  ...(to_ms === undefined ? {} : { to_ms }),
}));

describe('counts kept by hour', () => {
  for (const seed of [1, 2]) {
    it(`agree with the rows, also where calls got more facts later (${seed})`, async (t) => {
      const records = sample(60, seed);
      const engine = await open(t, records, { dir: folder(t), rows_per_file: 200 });
      const memory = openMemoryEngine(optionsOf(records));
      for (let at = 0; at < records.length; at += STEP) {
        const some = records.slice(at, at + STEP);
        await engine.apply(some);
        await memory.apply(some);
      }
      const tenants = fc.constantFrom(tenantOf('acme', 0), tenantOf('globex', 0));
      await fc.assert(
        fc.asyncProperty(tenants, range, async (tenant, times) => {
          const query = { tenant, filter: ALL, ...times };
          assert.deepEqual((await engine.count(query)).value, (await memory.count(query)).value);
          for (const field of TALLIED) {
            const [kept, counted] = [engine, memory].map((one) => one.facets(query, field, 100));
            assert.deepEqual((await kept)?.value, (await counted)?.value, field);
          }
          for (const bar_ms of [60_000, HOUR_MS, 24 * HOUR_MS]) {
            const [kept, counted] = [engine, memory].map((one) => one.histogram(query, bar_ms));
            assert.deepEqual((await kept)?.value, (await counted)?.value, String(bar_ms));
          }
        }),
        { numRuns: 60, seed },
      );
    });
  }

  it('follow a row that got another status, and forget the one that it had', async (t) => {
    const dir = folder(t);
    const call = { type: 'tool_call', session_id: 's', call_id: 'c' };
    const records = [
      record(0, { ...call, status: 'success' }, NOW_MS - HOUR_MS),
      record(1, { ...call, status: 'error' }, NOW_MS - HOUR_MS + 1),
    ];
    const engine = await open(t, records, { dir });
    for (const one of records) await engine.apply([one]);
    const { value } = await engine.facets({ tenant: 'acme', filter: ALL }, 'status', 10);
    assert.deepEqual(value, [{ value: 'error', count: 1 }]);
    const db = openFile({ dir, key: KEY }, 0, 'read');
    t.after(() => db.close());
    const status = TALLIED.indexOf('status') + 1;
    const kept = db.prepare('SELECT value, n FROM tally WHERE field = ?').raw().all(status);
    assert.deepEqual(kept, [['error', 1]]);
  });
});
