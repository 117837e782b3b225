/** A wrapped `node:fs` records file operations of all kinds, and behaves as the module does. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs, * as namespace from 'node:fs';
import promises from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { wrapFs } from '../../../src/sdk/integration/fs.ts';
import { applyPlan } from '../../../src/sdk/rollback/apply.ts';
import { planRollback } from '../../../src/search/rollback/plan.ts';
import { type Ground, openGround } from './ground.ts';

let ground: Ground;
let folder: string;
before(async () => {
  ground = await openGround();
});
after(() => ground.close());
beforeEach((context) => {
  folder = fs.mkdtempSync(join(tmpdir(), 'claw-fs-'));
  'after' in context && context.after(() => fs.rmSync(folder, { recursive: true, force: true }));
});

const session = (session_id: string) => ground.claw.session({ session_id });

async function facts(session_id: string) {
  return (await ground.rows(session_id)).map(({ operation, path, status, bytes }) => [
    operation,
    path?.replace(folder, ''),
    status,
    bytes,
  ]);
}

test('promises: read, write, rename, delete, with bytes; failures are thrown as they were', async () => {
  const files = wrapFs(promises, { session: session('fs-1') });
  const path = join(folder, 'a.txt');
  await files.writeFile(path, 'hello');
  assert.equal(await files.readFile(path, 'utf8'), 'hello');
  await files.appendFile(pathToFileURL(path), Buffer.from('!!'));
  await files.rename(path, join(folder, 'b.txt'));
  assert.deepEqual(await files.readdir(folder), ['b.txt']);
  await files.unlink(join(folder, 'b.txt'));
  await assert.rejects(files.readFile(path), { code: 'ENOENT', syscall: 'open' });
  assert.ok((await files.stat(folder)).isDirectory());
  assert.deepEqual(await facts('fs-1'), [
    ['write', '/a.txt', 'success', 5],
    ['read', '/a.txt', 'success', 5],
    ['append', '/a.txt', 'success', 2],
    ['rename', '/a.txt', 'success', undefined],
    ['list', '', 'success', undefined],
    ['delete', '/b.txt', 'success', undefined],
    ['read', '/a.txt', 'error', undefined],
  ]);
  const rows = await ground.rows('fs-1');
  assert.deepEqual(
    rows[3]?.resources?.map(({ access, id }) => [access, id.replace(folder, '')]),
    [
      ['delete', '/a.txt'],
      ['write', '/b.txt'],
    ],
  );
  assert.equal(rows[6]?.error?.code, 'ENOENT');
});

test('sync, callback, promisified and nested functions, and streams', async () => {
  const files = wrapFs(fs, { session: session('fs-2') });
  const path = join(folder, 'a.txt');
  files.writeFileSync(path, 'hello');
  assert.equal(files.readFileSync(path, 'utf8'), 'hello');
  assert.throws(() => files.readFileSync(join(folder, 'no')), { code: 'ENOENT' });
  const called = await new Promise<string>((resolve, reject) => {
    files.readFile(path, 'utf8', (error, text) => (error ? reject(error) : resolve(text)));
  });
  assert.equal(called, 'hello');
  await promisify(files.copyFile)(path, join(folder, 'c.txt'));
  await files.promises.mkdir(join(folder, 'd'));
  let streamed = '';
  const stream = files.createReadStream(path);
  const closed = new Promise<void>((resolve) => stream.on('close', resolve));
  for await (const chunk of stream) streamed += chunk;
  await closed;
  assert.equal(streamed, 'hello');
  assert.deepEqual(await facts('fs-2'), [
    ['write', '/a.txt', 'success', 5],
    ['read', '/a.txt', 'success', 5],
    ['read', '/no', 'error', undefined],
    ['read', '/a.txt', 'success', 5],
    ['copy', '/a.txt', 'success', undefined],
    ['create', '/d', 'success', undefined],
    ['read', '/a.txt', 'success', 5],
  ]);
});

test('a namespace of the module can be wrapped too, and functions keep name and identity', () => {
  const files = wrapFs(namespace, { session: session('fs-3') });
  assert.equal(files.readFileSync, files.readFileSync);
  assert.equal(files.readFileSync.name, 'readFileSync');
  assert.equal(files.constants, fs.constants);
  assert.equal(files.existsSync(folder), true);
});

test('a rejection that nobody handles stays one', () => {
  const module = new URL('../../../src/sdk/integration/fs.ts', import.meta.url).href;
  const code = `
    import { wrapFs } from ${JSON.stringify(module)};
    import fs from 'node:fs/promises';
    wrapFs(fs, { session: () => undefined }).readFile('/nowhere/at/all');
  `;
  const done = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
  });
  assert.equal(done.status, 1);
  assert.match(done.stderr, /ENOENT/);
});

test('a session that cannot be found costs the record, never the operation', async () => {
  const files = wrapFs(promises, {
    session: () => {
      throw new Error('no session');
    },
  });
  await files.writeFile(join(folder, 'x'), '1');
  assert.equal(
    await wrapFs(promises, { session: () => undefined }).readFile(join(folder, 'x'), 'utf8'),
    '1',
  );
});

test('with snapshots what a file held before is recorded, and undone to the byte', async () => {
  const files = wrapFs(fs, { session: session('fs-snap'), snapshots: { file_bytes: 100 } });
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => join(folder, name));
  assert.ok(a && b && c && d);
  const odd = Buffer.from([0xff, 0xfe, 0, 13, 10, 0xe9]);
  fs.writeFileSync(a, odd);
  fs.chmodSync(a, 0o750);
  fs.writeFileSync(b, 'kept\r\n');
  fs.writeFileSync(d, 'x'.repeat(101));
  files.writeFileSync(a, 'changed');
  await promisify(files.appendFile)(a, ' twice');
  await files.promises.rename(b, c);
  files.unlinkSync(a);
  files.writeFileSync(d, 'large');
  assert.equal(files.readFileSync(c, 'utf8'), 'kept\r\n');
  const rows = await ground.rows('fs-snap');
  const deeds = rows.map((row) => ({ ...row, action: row.action ?? 'write' }));
  const steps = planRollback({ deeds: deeds as never, existed: new Set() });
  assert.deepEqual(
    steps.map(({ kind, path, reason }) => [kind, path?.replace(folder, ''), reason]),
    [
      ['manual', '/d', 'no_content'],
      ['create', '/a', undefined],
      ['create', '/b', undefined],
      ['delete', '/c', undefined],
    ],
  );
  const plan = { rollback_id: '0199a3f2-7c11-7e2a-9d55-3f0a1b2c3d4e', steps };
  await applyPlan(plan, { roots: [folder], apply: true, state: join(folder, 'state') });
  assert.deepEqual(fs.readFileSync(a), odd);
  assert.equal(fs.statSync(a).mode & 0o777, 0o750);
  assert.equal(fs.readFileSync(b, 'utf8'), 'kept\r\n');
  assert.equal(fs.existsSync(c), false);
  assert.equal(fs.readFileSync(d, 'utf8'), 'large');
});
