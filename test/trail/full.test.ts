/** A disk that is really full: a small tmpfs, which only root may mount. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { loadConfig } from '../../src/trail/config.ts';
import { openTrail } from '../../src/trail/open.ts';
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
