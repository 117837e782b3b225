/** A disk that is really full: a small tmpfs, which only root may mount. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { loadConfig } from '../../src/trail/config.ts';
import { composeTrail, openTrail } from '../../src/trail/open.ts';
import { openParts } from '../../src/trail/part.ts';
import { targetOf } from '../engine/ground.ts';
import { failingDisk } from '../store/failing_disk.ts';
import { ACME, verified } from './place.ts';

const disk = mkdtempSync(join(tmpdir(), 'claw-full-'));
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', disk]).status === 0;
after(() => {
  if (mounted) spawnSync('umount', [disk]);
  rmSync(disk, { recursive: true });
});

const skip = mounted ? false : 'no tmpfs can be mounted here';

test('a full disk is said, loses nothing acknowledged, and is over when there is room', {
  skip,
}, async () => {
  const ballast = join(disk, 'ballast');
  writeFileSync(ballast, Buffer.alloc(6 * 1024 * 1024));
  const data = join(disk, 'data');
  const config = loadConfig({ flags: { data, checkpoint_interval_ms: 100 }, env: {} });
  const trail = await openTrail({ config, version: 'test', now: Date.now, onFault: () => {} });
  const batch = Array.from({ length: 50 }, () => ({
    type: 'prompt',
    session_id: 's',
    content: 'x'.repeat(1000),
  }));
  let kept = 0;
  const send = async () => {
    const receipts = await trail.ingest(batch, ACME);
    kept += receipts.filter(({ status }) => status === 'accepted').length;
  };
  let full: unknown;
  while (full === undefined) await send().catch((error: unknown) => (full = error));
  assert.equal((full as { code?: string }).code, 'data.full');
  assert.equal((await trail.status()).journal.state, 'full');
  rmSync(ballast);
  await send();
  assert.equal((await trail.status()).journal.state, 'open');
  const counted = async () => trail.count({ tenant: 'acme', query: 'type:prompt' });
  while (!(await counted()).read_to.complete) await pause(100);
  assert.equal((await counted()).count, kept);
  await trail.close();
  assert.ok((await verified(data)).ok);
});

for (const operation of ['write', 'append'] as const) {
  test(`a disk whose last ${operation} fails has every file closed all the same`, {
    skip: process.platform === 'linux' ? false : 'open files are listed on Linux alone',
  }, async () => {
    const disk = failingDisk();
    const data = join(mkdtempSync(join(tmpdir(), 'claw-last-')), 'data');
    after(() => rmSync(dirname(data), { recursive: true }));
    const config = loadConfig({ flags: { data, checkpoint_interval_ms: 2 ** 30 }, env: {} });
    const onFault = () => {};
    const options = { config, version: 'test', now: Date.now, onFault, index: 'memory' as const };
    const parts = await openParts({ ...options, disk });
    const trail = await composeTrail({ ...options, disk }, parts);
    await trail.ingest([{ type: 'prompt', session_id: 's', content: 'x' }], ACME);
    disk.trouble({ operation, code: 'ENOSPC', from: 1 });
    await trail.close().catch(() => undefined);
    const held = readdirSync('/proc/self/fd').flatMap((fd) => targetOf(`/proc/self/fd/${fd}`));
    assert.deepEqual(
      held.filter((path) => path.startsWith(data)),
      [],
    );
  });
}
