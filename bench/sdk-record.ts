/**
 * What record() costs the agent's own process, in microseconds: `node bench/sdk-record.ts`, with
 * the server that `CLAW_URL` and `CLAW_TOKEN` name. Prints JSON; the part `sdk` runs it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { connect } from '../src/sdk/sdk.ts';
import { spread, type Values } from './measure.ts';

const folder = mkdtempSync(join(tmpdir(), 'claw-bench-sdk-'));
const claw = connect({ spool: join(folder, 'spool'), agent: 'bench', onError: () => {} });
const session_id = `sdk-record-${process.pid}-${Date.now()}`;
const draft = (i: number) => ({
  type: 'tool_call' as const,
  session_id,
  tool: 'Bash',
  call_id: `toolu_${session_id}_${i}`,
  status: 'pending' as const,
  arguments: { command: `git log --oneline -n ${i}`, description: 'Shows the latest commits' },
  channel: 'cli',
});

const busy = await measure({ from: 0, events: 50_000, burst: 100 });
const idle = await measure({ from: 50_000, events: 3000, burst: 1 });
const { recorded, dropped, spool_bytes } = claw.status();
await claw.close();
rmSync(folder, { recursive: true });
console.log(JSON.stringify({ unit: 'µs', busy, idle, recorded, dropped, spool_bytes }));

type Load = { readonly from: number; readonly events: number; readonly burst: number };

/** Busy: bursts in one turn of the event loop. Idle: one a millisecond, with cold caches. */
async function measure({ from, events, burst }: Load): Promise<Values> {
  const costs: number[] = [];
  for (let i = 0; i < events; i++) {
    const event = draft(from + i);
    const began = process.hrtime.bigint();
    claw.record(event);
    costs.push(Number(process.hrtime.bigint() - began) / 1000);
    if (i % burst === burst - 1) await wait(burst === 1 ? 1 : 0);
  }
  return spread(costs);
}
