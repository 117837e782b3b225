/** What record() costs the agent's own process, in microseconds, while the server is away. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { connect } from '../src/sdk/sdk.ts';

const folder = mkdtempSync(join(tmpdir(), 'claw-bench-sdk-'));
const claw = connect({
  url: 'http://127.0.0.1:9',
  spool: join(folder, 'spool'),
  agent: 'bench',
  onError: () => {},
});
const draft = (i: number) => ({
  type: 'tool_call' as const,
  session_id: 'bench-session',
  tool: 'Bash',
  call_id: `toolu_${i}`,
  status: 'pending' as const,
  arguments: { command: `git log --oneline -n ${i}`, description: 'Shows the latest commits' },
  channel: 'cli',
});

await measure('busy (100 a turn)', 50_000, 100);
await measure('idle (one a millisecond, caches cold)', 3000, 1);
const { recorded, dropped, spool_bytes } = claw.status();
console.log(`recorded ${recorded}, dropped ${dropped}, spool ${spool_bytes} bytes`);
await claw.close();
rmSync(folder, { recursive: true });

async function measure(name: string, events: number, burst: number): Promise<void> {
  const costs: number[] = [];
  for (let i = 0; i < events; i++) {
    const event = draft(i);
    const began = process.hrtime.bigint();
    claw.record(event);
    costs.push(Number(process.hrtime.bigint() - began) / 1000);
    if (i % burst === burst - 1) await wait(burst === 1 ? 1 : 0);
  }
  costs.sort((a, b) => a - b);
  const at = (share: number) => (costs[Math.floor(costs.length * share)] ?? 0).toFixed(1);
  console.log(`record(), ${name}: p50 ${at(0.5)} µs, p99 ${at(0.99)} µs, p99.9 ${at(0.999)} µs`);
}
