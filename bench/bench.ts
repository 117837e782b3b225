/** `npm run bench`: the main job measured on one machine, in one run, through the real server. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { generateEvents } from './generate.ts';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '100000' },
    singles: { type: 'string', default: '5000' },
    data: { type: 'string' },
  },
});
const EVENTS = Number(values.events);
const SINGLES = Number(values.singles);
const BATCH = 100;
const LANES = 8;

const QUERIES: readonly (readonly [string, string])[] = [
  ['one session’s timeline', '/v1/sessions/session-17/timeline?limit=200'],
  ['tool and day, newest 50', '/v1/events?query=tool:Bash&from=-1d'],
  ['blocked, newest 50', '/v1/events?query=status:blocked'],
  ['two rare words', '/v1/events?query=word4711%20word3999'],
  ['a common word, newest 50', '/v1/events?query=word1'],
  ['a common word, counted', '/v1/count?query=word1'],
  ['Japanese, two characters', '/v1/events?query=%E7%9B%A3%E6%9F%BB'],
  ['substring of a resource', '/v1/events?query=resource:*report-42*'],
  ['facets of tools', '/v1/facets?field=tool'],
  ['histogram by hour', '/v1/histogram?interval=1h'],
];

type Figure = { readonly what: string; readonly value: string };
const figures: Figure[] = [];
const note = (what: string, value: string) => {
  figures.push({ what, value });
  console.log(`${what.padEnd(58)} ${value}`);
};

type Running = { readonly child: ChildProcess; readonly url: URL; readonly token: string };

/** One event a request at a paced 1,000 requests a second. */
async function singles(): Promise<void> {
  const took: number[] = [];
  const waiting: Promise<void>[] = [];
  const began = performance.now();
  let sent = 0;
  for (const event of generateEvents({ seed: 1, count: SINGLES })) {
    const due = began + sent++;
    const early = due - performance.now();
    if (early > 0.5) await pause(early);
    const body = JSON.stringify(event);
    const from = performance.now();
    waiting.push(
      call('POST', '/v1/events', body).then(() => void took.push(performance.now() - from)),
    );
  }
  await Promise.all(waiting);
  const rate = Math.round((SINGLES / (performance.now() - began)) * 1000);
  note(`acknowledged single events, ${rate}/s asked`, percentiles(took));
}

/** Batches of 100 from a few clients, acknowledged; then how long index and tree lag behind. */
async function batches(): Promise<void> {
  const events = generateEvents({ seed: 2, count: EVENTS });
  const began = performance.now();
  const lane = async (): Promise<void> => {
    for (;;) {
      const batch: string[] = [];
      while (batch.length < BATCH) {
        const { value, done } = events.next();
        if (done) break;
        batch.push(JSON.stringify(value));
      }
      if (batch.length === 0) return;
      await call('POST', '/v1/events', batch.join('\n'), 'application/x-ndjson');
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  const acknowledged = performance.now() - began;
  note(`batches of ${BATCH}, acknowledged durable`, perSecond(EVENTS, acknowledged));
  for (;;) {
    const status = JSON.parse(await call('GET', '/v1/status'));
    if (status.engine.lag <= 10) break;
    await pause(50);
  }
  note('the same with tree and index caught up', perSecond(EVENTS, performance.now() - began));
}

async function searches(): Promise<void> {
  for (const [what, path] of QUERIES) {
    const took: number[] = [];
    for (let i = 0; i < 30; i++) {
      const from = performance.now();
      await call('GET', path);
      took.push(performance.now() - from);
    }
    note(`search: ${what}`, percentiles(took));
  }
}

async function restart(): Promise<void> {
  const began = performance.now();
  const again = await start(data);
  note('start to ready', `${Math.round(performance.now() - began)} ms`);
  again.child.kill('SIGTERM');
  await once(again.child, 'exit');
}

async function verification(): Promise<void> {
  for (const flags of [['--tree-only'], []]) {
    const began = performance.now();
    const child = clawctl(['verify', data, '--json', ...flags]);
    const chunks: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`verify ended with ${code}: ${Buffer.concat(chunks)}`);
    const { tenants } = JSON.parse(Buffer.concat(chunks).toString());
    const entries = tenants.reduce((sum: number, one: { entries: number }) => sum + one.entries, 0);
    const what = flags.length > 0 ? 'verify, tree only' : 'verify, with unsealing';
    note(what, perSecond(entries, performance.now() - began));
  }
}

function clawctl(args: readonly string[]) {
  const main = join(import.meta.dirname, '..', 'bin', 'clawctl.js');
  return spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function start(folder: string): Promise<Running> {
  const child = clawctl(['serve', '--data', folder, '--port', '0', '--json']);
  const [chunk] = await once(child.stdout as NodeJS.ReadableStream, 'data');
  const { url, token } = JSON.parse(String(chunk));
  return { child, url: new URL(url), token: token ?? server.token };
}

async function rss(): Promise<number> {
  const metrics = await call('GET', '/metrics');
  return Number(/^process_resident_memory_bytes(?:\{[^}]*\})? (\S+)/m.exec(metrics)?.[1] ?? 0);
}

function call(method: string, path: string, body = '', type = 'application/json'): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${server.token}`, 'content-type': type };
    const { hostname, port } = server.url;
    const sent = request({ agent, hostname, port, method, path, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (answer.statusCode === 200) resolve(text);
        else reject(new Error(`${method} ${path}: ${answer.statusCode} ${text.slice(0, 300)}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function percentiles(took: readonly number[]): string {
  const sorted = took.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  return `p50 ${at(0.5).toFixed(2)} ms, p95 ${at(0.95).toFixed(2)}, p99 ${at(0.99).toFixed(2)}`;
}

function perSecond(count: number, ms: number): string {
  return `${Math.round((count / ms) * 1000).toLocaleString('en')}/s (${count.toLocaleString('en')})`;
}

const data = values.data ?? mkdtempSync(join(tmpdir(), 'claw-bench-'));
const server = await start(data);
const agent = new Agent({ keepAlive: true, maxSockets: 64 });
try {
  console.log(`${cpus()[0]?.model} × ${cpus().length}, ${Math.round(totalmem() / 2 ** 30)} GiB, `);
  console.log(`Node ${process.version}, ${new Date().toISOString()}\n`);
  await singles();
  await batches();
  await searches();
  note('memory of the server', `${Math.round((await rss()) / 2 ** 20)} MiB`);
} finally {
  agent.destroy();
  server.child.kill('SIGTERM');
  await once(server.child, 'exit');
}
await restart();
await verification();
if (values.data === undefined) rmSync(data, { recursive: true });
