/** How many events a second each adapter makes of its runtime's records, alone and through Claw. */
import { request } from 'node:http';
import { rememberCalls } from '../../src/adapter/memory.ts';
import { adapterNamed } from '../../src/adapter/menu.ts';
import { exportOf, RECORDS, type RecordMaker } from '../corpus/record.ts';
import { median, perSecond, repeated, timed } from '../measure.ts';
import type { Server } from '../server.ts';
import type { Ground, Part } from './part.ts';

/** Calls of a round: each is two records. */
const CALLS = 5000;
/** Calls of one request. */
const BATCH = 50;
/** Requests that wait for their answers at once. */
const AT_ONCE = 4;
/** The first round warms up and does not count. */
const BUDGET = { times: 4, budget_ms: 40_000, least: 2 };

export const adapter: Part = {
  name: 'adapter',
  about: 'events/s of each runtime’s adapter: alone in one thread, and acknowledged by the server',
  run: async (ground) => {
    for (const [runtime, make] of Object.entries(RECORDS)) await measure(ground, runtime, make);
    await telemetry(ground);
  },
};

async function measure(ground: Ground, runtime: string, make: RecordMaker): Promise<void> {
  const alone = await repeated(BUDGET, async (round) => adaptAll(runtime, make, round));
  ground.note(`adapter.${runtime}`, { values: median(alone.slice(1)) });
  const server = await ground.serving();
  const rates = await repeated(BUDGET, async (round) => {
    const from = fresh(round);
    const bodies = Array.from({ length: CALLS / BATCH }, (_, i) => {
      const records = Array.from({ length: BATCH }, (_, j) => make(from + i * BATCH + j));
      return records
        .flat()
        .map((record) => JSON.stringify(record))
        .join('\n');
    });
    const to = { path: `/v1/capture/${runtime}`, type: 'application/x-ndjson' };
    const ms = await timed(() => sendAll(server, to, bodies));
    await server.caughtUp();
    return perSecond(CALLS * 2, ms);
  });
  ground.note(`capture.${runtime}`, { values: median(rates.slice(1)) });
}

/** Sessions and calls of another round, and of another run on the same trail. */
function fresh(round: number): number {
  return (Math.floor(Date.now() / 1000) % 1_000_000) * 1_000_000 + round * 2 * CALLS;
}

async function adaptAll(runtime: string, make: RecordMaker, round: number): Promise<number> {
  const { adapt } = adapterNamed(runtime);
  const memory = rememberCalls(50_000);
  const calls = memory.of('bench');
  const records = Array.from({ length: CALLS }, (_, i) => make(round * CALLS + i)).flat();
  let drafts = 0;
  const ms = await timed(async () => {
    for (const [i, record] of records.entries()) {
      const adapted = adapt(record, { now_ms: i, calls });
      if ('skipped' in adapted) continue;
      for (const draft of adapted.drafts) memory.note('bench', draft);
      drafts += adapted.drafts.length;
    }
  });
  if (drafts < CALLS * 2)
    throw new Error(`${runtime}: ${CALLS * 2} records made ${drafts} events.`);
  return perSecond(drafts, ms);
}

async function telemetry(ground: Ground): Promise<void> {
  const server = await ground.serving();
  const rates = await repeated(BUDGET, async (round) => {
    const from = fresh(round);
    const bodies = Array.from({ length: CALLS / BATCH }, (_, i) =>
      JSON.stringify(exportOf(from + i * BATCH, BATCH)),
    );
    const to = { path: '/v1/logs', type: 'application/json' };
    const ms = await timed(() => sendAll(server, to, bodies));
    await server.caughtUp();
    return perSecond(CALLS, ms);
  });
  ground.note('capture.otlp', { values: median(rates.slice(1)) });
}

type To = { readonly path: string; readonly type: string };

async function sendAll(server: Server, to: To, bodies: readonly string[]): Promise<void> {
  const waiting = [...bodies];
  const sender = async () => {
    for (let body = waiting.pop(); body !== undefined; body = waiting.pop()) {
      await post(server, to, body);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sender));
}

function post({ url, token }: Server, { path, type }: To, body: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const headers = { authorization: `Bearer ${token}`, 'content-type': type };
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method: 'POST', headers }, (answer) => {
      answer.resume();
      answer.once('end', () => {
        if (answer.statusCode === 200) resolve();
        else reject(new Error(`${path} was answered with ${answer.statusCode}.`));
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}
