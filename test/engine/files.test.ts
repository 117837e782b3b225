/** What the files promise: secrecy, notice of damage, survival of a crash, and time limits. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import type { Engine, EngineRecord, Filter } from '../../src/engine/engine.ts';
import { openSqliteEngine, type SqliteEngineOptions } from '../../src/engine/sqlite.ts';
import { drafts, idOf, NOW_MS, recordsOf, tenantOf } from './generate.ts';
import * as oracle from './oracle.ts';
import { optionsOf, pages, record } from './suite.ts';

const KEY = Buffer.alloc(32, 7);
const ALL = { kind: 'all' } as const;
const NEWEST = { limit: 50, order: 'newest' } as const;

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'claw-files-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Closed with the test, also where it fails. */
async function open(
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

function sample(count: number, seed: number): EngineRecord[] {
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

async function compare(engine: Engine, records: readonly EngineRecord[]): Promise<void> {
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

describe('index files', () => {
  it('hold nothing that can be read, in the files or beside them, and let nobody else read', async (t) => {
    const dir = folder(t);
    const secret = 'Kr0nl3uchter';
    const draft = { type: 'tool_call', session_id: secret, tool: secret, content: secret };
    const records = Array.from({ length: 40 }, (_, i) =>
      record(i, {
        ...draft,
        ...(i % 2 === 0 ? { status: 'pending', call_id: `${secret}${i}` } : {}),
        resources: [{ kind: 'file', id: `/${secret}`, access: 'read' }],
      }),
    );
    const engine = await open(t, records, { dir: join(dir, 'index'), rows_per_file: 15 });
    await engine.apply(records);
    const text = { kind: 'text', text: secret, prefix: false } as const;
    assert.equal((await engine.count({ tenant: 'acme', filter: text })).value, 40);
    const searchAll = () => {
      const names = readdirSync(join(dir, 'index'));
      assert.ok(names.length >= 3);
      for (const name of names) {
        const bytes = readFileSync(join(dir, 'index', name));
        for (const planted of [
          secret,
          secret.toLowerCase(),
          'acme',
          'SQLite format',
          'CREATE TABLE',
        ]) {
          assert.ok(!bytes.includes(planted), `${planted} in ${name}`);
        }
        assert.equal(statSync(join(dir, 'index', name)).mode & 0o077, 0, name);
      }
    };
    searchAll();
    await engine.close();
    searchAll();
    assert.equal(statSync(join(dir, 'index')).mode & 0o077, 0);
  });

  it('answer as before or say that they are damaged, whichever byte is changed', async (t) => {
    const dir = folder(t);
    const records = sample(14, 3);
    const whole = await open(t, records, { dir: dir, rows_per_file: 30 });
    await whole.apply(records);
    await whole.close();
    const names = readdirSync(dir);
    let noticed = 0;
    const spot = fc.tuple(
      fc.nat(names.length - 1),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.integer({ min: 1, max: 255 }),
    );
    for (const [file, at, mask] of fc.sample(spot, { numRuns: 16, seed: 5 })) {
      const copy = folder(t);
      cpSync(dir, copy, { recursive: true });
      const path = join(copy, names[file] ?? '');
      const bytes = readFileSync(path);
      const offset = Math.floor(at * bytes.length);
      bytes[offset] = (bytes[offset] ?? 0) ^ mask;
      writeFileSync(path, bytes);
      try {
        const engine = await open(t, records, { dir: copy, rows_per_file: 30 });
        try {
          await compare(engine, records);
        } finally {
          await engine.close();
        }
      } catch (error) {
        assert.ok(
          error instanceof Error && 'code' in error && error.code === 'engine.damaged',
          String(error),
        );
        assert.match(error.message, /Index file \d{16}\.db is damaged/);
        assert.match(JSON.stringify(error), /clawctl reindex/);
        noticed++;
      }
    }
    assert.ok(noticed > 0);
  });

  it('do not open with another key, nor with a file missing, nor cut short', async (t) => {
    const dir = folder(t);
    const records = sample(14, 4);
    const engine = await open(t, records, { dir, rows_per_file: 20 });
    await engine.apply(records);
    await engine.close();
    const damaged = { code: 'engine.damaged' };
    await assert.rejects(open(t, records, { dir, key: randomBytes(32) }), damaged);
    await assert.rejects(open(t, records, { dir, key: Buffer.alloc(5) }), {
      code: 'config.invalid',
    });
    const [first = '', second = '', third = ''] = readdirSync(dir);
    const bytes = readFileSync(join(dir, second));
    writeFileSync(join(dir, second), bytes.subarray(0, bytes.length >> 1));
    const use = async () => {
      const cut = await open(t, records, { dir });
      await compare(cut, records);
    };
    await assert.rejects(use, damaged);
    writeFileSync(join(dir, second), readFileSync(join(dir, first)));
    await assert.rejects(use, damaged);
    rmSync(join(dir, second));
    await assert.rejects(use, { ...damaged, message: /Index file \d{16}\.db is missing/ });
    writeFileSync(join(dir, second), bytes);
    for (const name of readdirSync(dir)) if (name >= third) rmSync(join(dir, name));
    const again = await open(t, records, { dir, rows_per_file: 20 });
    assert.equal(await again.cursor(), 40, 'without its last files it reads on from there');
    await again.apply(records);
    await compare(again, records);
  });

  it('lose nothing below the cursor when the process is killed at any time', async (t) => {
    const dir = folder(t);
    const records = sample(30, 6);
    const file = join(dir, 'records.json');
    const text = records.map((one) => ({ ...one, event: Buffer.from(one.event).toString() }));
    writeFileSync(file, JSON.stringify(text));
    for (const lines of [1, 4, 11]) {
      const said = await killAfter(lines, [join(dir, 'index'), file]);
      const engine = await open(t, records, { dir: join(dir, 'index'), rows_per_file: 50 });
      const cursor = await engine.cursor();
      assert.ok(cursor >= Math.min(said, records.length), `${cursor} after ${said}`);
      const tenant = tenantOf('acme', 0);
      const hits = await pages(engine, { tenant, filter: ALL }, NEWEST);
      const found = new Set(hits.flatMap((hit) => hit.facts));
      for (const one of records.slice(0, cursor)) {
        assert.ok(one.tenant !== tenant || found.has(one.index), `${one.seq} below ${cursor}`);
      }
      await engine.close();
    }
    const engine = await open(t, records, { dir: join(dir, 'index'), rows_per_file: 50 });
    await engine.apply(records);
    await compare(engine, records);
    await engine.close();
  });

  it('give equal answers when they are built again from the beginning', async (t) => {
    const records = sample(30, 8);
    for (const [batch, rows_per_file] of [
      [13, 31],
      [1000, 1000],
    ] as const) {
      const engine = await open(t, records, { dir: folder(t), rows_per_file });
      for (let i = 0; i < records.length; i += batch)
        await engine.apply(records.slice(i, i + batch));
      await compare(engine, records);
      assert.equal((await engine.status()).files, Math.ceil(records.length / rows_per_file));
      await engine.close();
    }
  });
});

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
  const of = Array.from({ length: 500 }, (_, i) => {
    return { kind: 'pattern', field: 'resources.kind', pattern: `*a*b*a*x${i}` } as const;
  });
  return { records, slow: { kind: 'or', of } };
}

/** Kills the child with SIGKILL once it has said so many lines; resolves with the last number. */
async function killAfter(lines: number, args: readonly string[]): Promise<number> {
  const script = join(import.meta.dirname, 'apply-child.ts');
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
    if (out.split('\n').length > lines) child.kill('SIGKILL');
  });
  await new Promise((resolve) => child.on('close', resolve));
  return Number(out.split('\n').at(-2) ?? 0);
}
