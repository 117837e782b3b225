/** Folders, engines and records for tests of the SQLite engine alone. */
import assert from 'node:assert/strict';
import { mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import fc from 'fast-check';
import type { Engine, EngineRecord, Filter } from '../../src/engine/engine.ts';
import { openSqliteEngine, type SqliteEngineOptions } from '../../src/engine/sqlite.ts';
import { drafts, recordsOf, tenantOf } from './generate.ts';
import * as oracle from './oracle.ts';
import { optionsOf, pages } from './suite.ts';

export const KEY = Buffer.alloc(32, 7);
export const ALL = { kind: 'all' } as const;
export const NEWEST = { limit: 50, order: 'newest' } as const;

export function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'claw-files-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Closed with the test, also where it fails. */
export async function open(
  t: TestContext,
  records: readonly EngineRecord[],
  options: Partial<SqliteEngineOptions> & { dir: string },
): Promise<Engine> {
  const engine = await openSqliteEngine({
    ...optionsOf(records),
    key: KEY,
    readers: 1,
    ...options,
  });
  t.after(engine.close);
  return engine;
}

export function sample(count: number, seed: number): EngineRecord[] {
  const records: EngineRecord[] = [];
  for (const list of fc.sample(drafts, { numRuns: count, seed })) {
    records.push(...recordsOf(list, { seq: records.length, run: 0 }));
  }
  // Places in a tenant's tree go on from list to list.
  const sizes = new Map<string, number>();
  return records.map((one) => {
    const index = sizes.get(one.tenant) ?? 0;
    sizes.set(one.tenant, index + 1);
    return { ...one, index };
  });
}

export async function compare(engine: Engine, records: readonly EngineRecord[]): Promise<void> {
  const rows = oracle.rowsOf(records);
  const filters: Filter[] = [
    ALL,
    { kind: 'text', text: '京都', prefix: false },
    { kind: 'keyword', field: 'status', value: 'unknown' },
  ];
  for (const tenant of [tenantOf('acme', 0), tenantOf('globex', 0)]) {
    for (const filter of filters) {
      const query = { tenant, filter };
      assert.deepEqual(await pages(engine, query, NEWEST), oracle.hits(rows, query, 'newest'));
      const { value } = await engine.sessions(query, { limit: 100 });
      assert.deepEqual(value, oracle.sessions(rows, query));
    }
  }
}

/** Where a file descriptor leads; nothing where it was closed meanwhile. */
export function targetOf(link: string): string[] {
  try {
    return [readlinkSync(link)];
  } catch {
    return [];
  }
}
