/** A child process that records until it is killed, and prints what was acknowledged. */
import { loadConfig } from '../../src/trail/config.ts';
import { openTrail } from '../../src/trail/open.ts';

const config = loadConfig({
  flags: { data: process.argv[2], checkpoint_interval_ms: 20, archive_segment_bytes: 16_384 },
  env: {},
});
const trail = await openTrail({ config, version: 'child', now: Date.now, onFault: () => {} });
for (;;) {
  const batch = Array.from({ length: 20 }, (_, i) => ({
    type: 'prompt',
    session_id: `s${i}`,
    content: 'until the end',
  }));
  const receipts = await trail.ingest(batch, { tenant_id: 'acme' });
  process.stdout.write(`${JSON.stringify(receipts)}\n`);
}
