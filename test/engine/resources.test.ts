/** Names of resources are a tenant's own: no other's are read, and each is kept once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFile, emptyState, openFile, type Prepare } from '../../src/engine/sqlite/file.ts';
import { namesLike, resourceWriter } from '../../src/engine/sqlite/resources.ts';
import { folder, KEY } from './ground.ts';

const MANY = 600;

test('a pattern lists a tenant’s names, however many others have, also over several openings', (t) => {
  const place = { dir: folder(t), key: KEY };
  const made = createFile(place, emptyState(0, 0), Buffer.alloc(0));
  const write = (db: typeof made, names: (tenant: number) => readonly string[]) => {
    const writer = resourceWriter(db);
    db.exec('BEGIN');
    // Tenants take turns, so that names do not come in the order of their ids.
    for (const tenant of [3, 1, 2, 1, 3]) writer.add(tenant, names(tenant));
    writer.save();
    db.exec('COMMIT');
  };
  const many = Array.from({ length: MANY }, (_, i) => `/srv/Ledger-${i}.ts`);
  write(made, (tenant) => (tenant === 1 ? many : [`/srv/ledger-of-${tenant}.ts`]));
  made.close();
  const again = openFile(place, 0, 'write');
  write(again, (tenant) => [`/srv/ledger-of-${tenant}.ts`, '/srv/LEDGER-of-all.ts']);
  again.close();

  const db = openFile(place, 0, 'read');
  t.after(() => db.close());
  db.function('tick', (_id: number) => 1);
  const prepare = ((sql: string) => db.prepare(sql)) as Prepare;
  const list = (tenantId: number, pattern: string) =>
    namesLike({ prepare, tenantId }, pattern)?.toSorted();
  assert.equal(list(1, '*ledger*'), undefined);
  assert.deepEqual(list(1, '*ledger-of*'), ['/srv/ledger-of-1.ts', '/srv/ledger-of-all.ts']);
  assert.deepEqual(list(2, '*Ledger*'), ['/srv/ledger-of-2.ts', '/srv/ledger-of-all.ts']);
  assert.deepEqual(list(3, '*ledger*'), ['/srv/ledger-of-3.ts', '/srv/ledger-of-all.ts']);
  assert.deepEqual(list(4, '*ledger*'), []);
  const kept = db.prepare<number>('SELECT count(*) FROM resource').pluck().get();
  assert.equal(kept, MANY + 3 * 2);
});
