/** Applies the records of a file, batch by batch, and says how far it is, until it is killed. */
import { readFileSync } from 'node:fs';
import type { EngineRecord } from '../../src/engine/engine.ts';
import { openSqliteEngine } from '../../src/engine/sqlite.ts';
import { optionsOf } from './suite.ts';

const [dir = '', file = ''] = process.argv.slice(2);
const stored = JSON.parse(readFileSync(file, 'utf8')) as (Omit<EngineRecord, 'event'> & {
  event: string;
})[];
const records = stored.map((record) => ({ ...record, event: Buffer.from(record.event) }));
const key = Buffer.alloc(32, 7);
const engine = await openSqliteEngine({ ...optionsOf(records), dir, key, rows_per_file: 50 });
for (let from = await engine.cursor(); from < records.length; from += 9) {
  await engine.apply(records.slice(from, from + 9));
  process.stdout.write(`${from + 9}\n`);
}
await engine.close();
