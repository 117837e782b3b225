/** The SQLite engine passes the suite, with files so small that rows of one test lie in many. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteEngine } from '../../src/engine/sqlite.ts';
import { engineSuite } from './suite.ts';

for (const rows_per_file of [7, 1000]) {
  engineSuite(`SQLite engine, ${rows_per_file} facts a file`, () => {
    const dir = mkdtempSync(join(tmpdir(), 'claw-engine-'));
    const key = randomBytes(32);
    return {
      open: (options) => openSqliteEngine({ ...options, dir, key, rows_per_file, readers: 2 }),
      lasts: true,
      remove: () => rmSync(dir, { recursive: true }),
    };
  });
}
