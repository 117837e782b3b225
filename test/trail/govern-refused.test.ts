/** A decision that cannot be recorded is none: what is enforced is denied, and nothing is spent. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { loadConfig } from '../../src/trail/config.ts';
import { composeTrail } from '../../src/trail/open.ts';
import { openParts } from '../../src/trail/part.ts';
import { failingDisk } from '../store/failing_disk.ts';

const BOT = {
  tenant: 'acme',
  credential_id: 'bot',
  name: 'bot',
  producer: { tenant_id: 'acme' },
};

test('on a disk that is full an enforced action is denied, and permitted when there is room', async () => {
  const disk = failingDisk();
  const data = join(mkdtempSync(join(tmpdir(), 'claw-govern-')), 'data');
  const config = loadConfig({ flags: { data, checkpoint_interval_ms: 2 ** 30 }, env: {} });
  const onFault = () => {};
  const options = { config, version: 'test', now: Date.now, onFault, index: 'memory' as const };
  const trail = await composeTrail({ ...options, disk }, await openParts({ ...options, disk }));
  after(async () => {
    await trail.close();
    rmSync(dirname(data), { recursive: true });
  });
  const { govern } = trail;
  const task = { task_id: 't1', session_id: 's1', goal: 'g', budget: { calls: 1 } };
  await govern.declareTask(task, BOT);
  const read = { session_id: 's1', tool: 'Read', arguments: { file_path: '/work/a' } };
  assert.equal((await govern.validate({ ...read, session_id: 's2' }, BOT)).outcome, 'permit');
  disk.trouble({ operation: 'append', code: 'ENOSPC', from: 1 });
  const refused = await govern.validate({ ...read, call_id: 'c1' }, BOT);
  assert.deepEqual([refused.outcome, refused.allowed, refused.recorded], ['deny', false, false]);
  const observed = await govern.validate({ ...read, call_id: 'c2', mode: 'observe' }, BOT);
  assert.deepEqual([observed.allowed, observed.recorded], [true, false]);
  await assert.rejects(govern.closeTask('t1', {}, BOT), { code: 'data.full' });
  assert.equal((await govern.task('acme', 't1')).state, 'open');
  disk.heal();
  const again = await govern.validate({ ...read, call_id: 'c1' }, BOT);
  assert.deepEqual([again.outcome, again.recorded], ['permit', undefined]);
  assert.equal((await govern.task('acme', 't1')).used.calls, 1);
});
