/** A query as the index answers it: every engine the same, or refused by every one. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openMemoryEngine } from '../../../src/engine/memory.ts';
import { openSqliteEngine } from '../../../src/engine/sqlite.ts';
import { parseQuery } from '../../../src/search/query.ts';
import { NOW_MS } from '../../engine/generate.ts';
import { sample } from '../../engine/ground.ts';
import { optionsOf } from '../../engine/suite.ts';
import { type Target, tried, triedLater } from '../target.ts';
import { QUERIES } from './text.ts';

const RECORDS = 60;
const CLOCK = { now_ms: NOW_MS, zone: 'UTC' };
const NEWEST = { limit: 20, order: 'newest' } as const;

export async function engines(): Promise<Target> {
  const dir = mkdtempSync(join(tmpdir(), 'claw-fuzz-engine-'));
  const records = sample(RECORDS, 7);
  const options = optionsOf(records);
  const memory = openMemoryEngine(options);
  const key = Buffer.alloc(32, 7);
  const sqlite = await openSqliteEngine({ ...options, dir, key, readers: 1, rows_per_file: 40 });
  await memory.apply(records);
  await sqlite.apply(records);
  const tenant = records[0]?.tenant ?? '';
  return {
    ...QUERIES,
    name: 'engine',
    check: async (input) => {
      const filter = tried(() => parseQuery(input.toString(), CLOCK));
      if (filter === undefined) return;
      const query = { tenant, filter };
      const answers = [memory, sqlite].map(async (engine) => ({
        hits: await triedLater(() => engine.search(query, NEWEST)),
        count: await triedLater(() => engine.count(query)),
        tools: await triedLater(() => engine.facets(query, 'tool', 10)),
      }));
      const [wanted, found] = await Promise.all(answers);
      assert.deepEqual(found, wanted);
    },
    cost: 20,
    close: async () => {
      await sqlite.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
