/** What the files promise: secrecy, notice of damage, survival of a crash. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { tenantOf } from './generate.ts';
import { ALL, compare, folder, NEWEST, open, sample, targetOf } from './ground.ts';
import { pages, record } from './suite.ts';

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

  it('are closed when they are full, however many there are, and take late facts all the same', async (t) => {
    const dir = folder(t);
    const records = Array.from({ length: 400 }, (_, i) =>
      record(i, { type: 'tool_call', session_id: 's', status: 'pending', call_id: `c${i}` }),
    );
    const late = record(400, { type: 'tool_result', session_id: 's', call_id: 'c3' });
    const engine = await open(t, [...records, late], {
      dir,
      rows_per_file: 20,
      call_timeout_ms: 1,
    });
    await engine.apply(records);
    assert.equal((await engine.status()).files, 20);
    if (process.platform === 'linux') {
      const held = readdirSync('/proc/self/fd').flatMap((fd) => targetOf(`/proc/self/fd/${fd}`));
      const files = held.filter((path) => path.startsWith(dir) && path.endsWith('.db'));
      assert.ok(files.length <= 2, `${files.length} are open`);
    }
    await engine.apply([late]);
    const call = { kind: 'keyword', field: 'call_id', value: 'c3' } as const;
    const found = await engine.search({ tenant: 'acme', filter: call }, NEWEST);
    assert.deepEqual(
      found.value.map(({ facts }) => facts),
      [[3, 400]],
    );
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
    for (const [file, at, mask] of fc.sample(spot, { numRuns: 10, seed: 5 })) {
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
