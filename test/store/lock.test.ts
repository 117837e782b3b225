import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault } from '../../src/fault/fault.ts';
import { lockFolder, readHolder } from '../../src/store/lock.ts';
import { temporaryFolder } from './temporary_folder.ts';

const now = new Date('2026-11-21T10:00:00Z');

async function holder(folder: string, at_ms = 0): Promise<{ child: ChildProcess; said: string }> {
  const script = join(import.meta.dirname, 'lock_holder.ts');
  const args = [script, folder, String(at_ms)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [chunk] = await once(child.stdout, 'data');
  return { child, said: String(chunk).trim() };
}

test('a folder is locked once, and again after its release', (t) => {
  const folder = temporaryFolder(t);
  const lock = lockFolder(folder, now);
  assert.deepEqual(readHolder(folder), lock.holder);
  assert.equal(lock.holder.started_at, '2026-11-21T10:00:00.000Z');
  assert.throws(() => lockFolder(folder, now), { code: 'data.locked' });
  assert.throws(() => lockFolder(folder, now), { code: 'data.locked' });
  lock.release();
  lock.release();
  assert.deepEqual(readdirSync(folder), ['lock.db']);
  assert.equal(statSync(join(folder, 'lock.db')).mode & 0o777, 0o600);
  lockFolder(folder, now).release();
});

test('a second process is refused while the first holds the lock, and gets it after', async (t) => {
  const folder = temporaryFolder(t);
  const lock = lockFolder(folder, now);
  const refused = await holder(folder);
  t.after(() => refused.child.kill('SIGKILL'));
  assert.equal(refused.said, 'data.locked');
  lock.release();
  const granted = await holder(folder);
  t.after(() => granted.child.kill('SIGKILL'));
  assert.equal(granted.said, 'locked');
});

test('the refusal names the holder, and kill -9 of the holder frees the folder', async (t) => {
  const folder = temporaryFolder(t);
  for (let round = 0; round < 3; round++) {
    const { child, said } = await holder(folder);
    t.after(() => child.kill('SIGKILL'));
    assert.equal(said, 'locked');
    assert.throws(
      () => lockFolder(folder, now),
      (error) => {
        assert.ok(error instanceof Fault);
        assert.equal(error.code, 'data.locked');
        assert.match(error.message, new RegExp(`process ${child.pid} on .+ since 20`));
        assert.ok(error.detail.hint);
        return true;
      },
    );
    child.kill('SIGKILL');
    await once(child, 'exit');
    lockFolder(folder, now).release();
  }
});

test('of processes that lock a folder at the same moment, exactly one gets it', async (t) => {
  for (let round = 0; round < 4; round++) {
    const folder = temporaryFolder(t);
    const at_ms = Date.now() + 500;
    const racers = await Promise.all([holder(folder, at_ms), holder(folder, at_ms)]);
    for (const { child } of racers) child.kill('SIGKILL');
    assert.deepEqual(racers.map(({ said }) => said).sort(), ['data.locked', 'locked']);
  }
});

test('a lock holds where nothing can be written beside it, as on a full disk', (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'lock.json'));
  const lock = lockFolder(folder, now);
  assert.deepEqual(readdirSync(folder), ['lock.db', 'lock.json'], 'not even a journal of its own');
  assert.throws(() => lockFolder(folder, now), { code: 'data.locked' });
  lock.release();
  lockFolder(folder, now).release();
});

test('a folder that is not there is named as unwritable', (t) => {
  const folder = join(temporaryFolder(t), 'nowhere');
  assert.throws(() => lockFolder(folder, now), { code: 'data.unwritable' });
});
