/**
 * Measures what encrypts an SQLite index at rest: write rate, read time, what is readable in the
 * files, and whether a changed byte is noticed. `node bench/index-encryption.ts`; a driver that is
 * not installed is passed over. The figures are in docs/decisions/0002-index-encryption.md.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

type Statement = {
  run(...values: unknown[]): unknown;
  all(...values: unknown[]): unknown[];
  get(...values: unknown[]): unknown;
};
type Db = { exec(sql: string): unknown; prepare(sql: string): Statement; close(): unknown };
type Driver = { readonly name: string; readonly open: (path: string) => Promise<Db> };
type Constructor = new (path: string, options?: object) => Db;

const ROWS = 20_000;
const BATCH = 500;
const FLIPS = 60;
const KEY = '5a'.repeat(32);
const PLANTED = 'kronleuchter';

const drivers: readonly Driver[] = [
  { name: 'node:sqlite', open: async (path) => new DatabaseSync(path) },
  { name: 'libsql', open: async (path) => new (await load('libsql'))(path) },
  {
    name: 'libsql aes256cbc',
    open: async (path) => {
      const options = { encryptionCipher: 'aes256cbc', encryptionKey: KEY };
      return new (await load('libsql'))(path, options);
    },
  },
  ...['none', 'aegis', 'chacha20', 'sqlcipher', 'aes256cbc'].map((cipher) => ({
    name: `better-sqlite3-multiple-ciphers ${cipher}`,
    open: async (path: string) => {
      const db = new (await load('better-sqlite3-multiple-ciphers'))(path);
      if (cipher === 'none') return db;
      db.exec(`PRAGMA cipher = '${cipher}'`);
      db.exec(
        `PRAGMA key = "${['aegis', 'chacha20'].includes(cipher) ? `raw:${KEY}` : `x'${KEY}'`}"`,
      );
      return db;
    },
  })),
];

for (const driver of drivers) {
  const dir = mkdtempSync(join(tmpdir(), 'claw-bench-'));
  try {
    console.log(JSON.stringify(await measure(driver, join(dir, 'index.db'))));
  } catch (error) {
    console.log(JSON.stringify({ driver: driver.name, passed_over: String(error) }));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

async function measure(driver: Driver, path: string): Promise<object> {
  const db = await driver.open(path);
  const { version } = db.prepare('SELECT sqlite_version() AS version').get() as { version: string };
  create(db);
  const cpu = process.cpuUsage();
  const began = performance.now();
  for (let row = 0; row < ROWS; row += BATCH) write(db, row);
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const wal = readFileSync(`${path}-wal`);
  const times = Array.from({ length: 200 }, (_, i) => readTime(db, i)).sort((a, b) => a - b);
  const before = answer(db);
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
  const file = readFileSync(path);
  return {
    driver: driver.name,
    sqlite: version,
    rows_per_s: Math.round(ROWS / seconds),
    cpu_us_per_row: Math.round((user + system) / ROWS),
    read_ms: { p50: round(times[100]), p95: round(times[190]) },
    readable: { file: file.includes(PLANTED), wal: wal.includes(PLANTED) },
    flips: await flips(driver, { path, file, before }),
  };
}

function create(db: Db): void {
  db.exec('PRAGMA journal_mode = WAL');
  db.exec('PRAGMA synchronous = FULL');
  db.exec('CREATE TABLE row(id INTEGER PRIMARY KEY, session TEXT, tool TEXT, text TEXT)');
  db.exec('CREATE INDEX row_session ON row(session, id)');
  const options = "content = '', contentless_delete = 1";
  db.exec(`CREATE VIRTUAL TABLE word USING fts5(text, ${options}, tokenize = 'ascii')`);
  db.exec(
    `CREATE VIRTUAL TABLE part USING fts5(text, ${options}, tokenize = 'trigram', detail = none)`,
  );
}

function write(db: Db, from: number): void {
  const row = db.prepare('INSERT INTO row VALUES (?, ?, ?, ?)');
  const word = db.prepare('INSERT INTO word(rowid, text) VALUES (?, ?)');
  const part = db.prepare('INSERT INTO part(rowid, text) VALUES (?, ?)');
  db.exec('BEGIN');
  for (let id = from; id < from + BATCH; id++) {
    const text = `${PLANTED} ${Array.from({ length: 30 }, (_, i) => `w${(id * 31 + i * 7919) % 5000}`).join(' ')}`;
    row.run(id, `session-${id % 400}`, 'Bash', text);
    word.run(id, text);
    part.run(id, `/home/user/project/${id % 3000}.ts`);
  }
  db.exec('COMMIT');
}

function readTime(db: Db, i: number): number {
  const began = performance.now();
  const found = db.prepare(
    `SELECT r.id, r.text FROM word CROSS JOIN row r ON r.id = word.rowid
      WHERE word MATCH ? ORDER BY word.rowid DESC LIMIT 50`,
  );
  found.all(`w${(i * 37) % 5000}`);
  return performance.now() - began;
}

function answer(db: Db): string {
  const rows = db.prepare('SELECT id, session, tool, text FROM row ORDER BY id').all();
  const words = db
    .prepare("SELECT rowid FROM word WHERE word MATCH 'w77 OR w78 OR kronleuchter'")
    .all();
  return JSON.stringify([rows.map((row) => Object.values(row as object).slice(0, 4)), words]);
}

/** Changes one byte at a time: is it noticed, does it change the answer unnoticed, or neither? */
async function flips(driver: Driver, given: { path: string; file: Buffer; before: string }) {
  const { path, file, before } = given;
  const counts = { noticed: 0, wrong_answer: 0, no_matter: 0 };
  for (let i = 0; i < FLIPS; i++) {
    const bytes = Buffer.from(file);
    const at = Math.floor((bytes.length * (i + 0.5)) / FLIPS);
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    writeFileSync(path, bytes);
    for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true });
    let db: Db | undefined;
    try {
      db = await driver.open(path);
      counts[answer(db) === before ? 'no_matter' : 'wrong_answer']++;
    } catch {
      counts.noticed++;
    }
    db?.close();
  }
  return counts;
}

async function load(name: string): Promise<Constructor> {
  const module = (await import(name)) as { default: Constructor };
  return module.default;
}

function round(value = 0): number {
  return Math.round(value * 100) / 100;
}
