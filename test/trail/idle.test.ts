/** When the trail says that nobody waits for its disk. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { loadConfig } from '../../src/trail/config.ts';
import { openTrail } from '../../src/trail/open.ts';
import { failingDisk } from '../store/failing_disk.ts';

const ACME = { tenant_id: 'acme' };
const prompt = { type: 'prompt', session_id: 's', content: 'x' };

test('it is told after the last of those who wait, also where the disk refuses', async () => {
  const data = join(mkdtempSync(join(tmpdir(), 'claw-idle-')), 'data');
  const disk = failingDisk();
  const told: (() => boolean)[] = [];
  const trail = await openTrail({
    config: loadConfig({ flags: { data, checkpoint_interval_ms: 2 ** 30 }, env: {} }),
    ...{ version: 'test', now: Date.now, onFault: () => {}, index: 'memory', disk },
    onIdle: (stillIdle) => told.push(stillIdle),
  });
  after(async () => {
    await trail.close();
    rmSync(dirname(data), { recursive: true });
  });
  await trail.ingest([prompt], ACME);
  told.length = 0;
  const batches = Array.from({ length: 3 }, () => trail.ingest([prompt, prompt], ACME));
  assert.equal(told.length, 0);
  await Promise.all(batches);
  assert.deepEqual(
    told.map((stillIdle) => stillIdle()),
    [true],
  );
  const next = trail.ingest([prompt], ACME);
  assert.equal(told[0]?.(), false);
  await next;
  assert.equal(told.length, 2);
  disk.trouble({ operation: 'append', code: 'ENOSPC', from: 1, times: 1 });
  await assert.rejects(trail.ingest([prompt], ACME), { code: 'data.full' });
  assert.equal(told.length, 3);
});
