/** What each proxy adds to the first byte, and what deciding adds to that, in turn. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, type RequestOptions, request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import { rounded, spread } from '../measure.ts';
import { startProxy } from '../server.ts';
import type { Ground, Part } from './part.ts';

const UPSTREAM = join(import.meta.dirname, '..', 'peer', 'upstream.ts');
const EXCHANGES = 2000;
/** The first do not count: connections are made, and code is compiled. */
const WARM_UP = 200;

export const proxy: Part = {
  name: 'proxy',
  about: 'time to the first byte through each proxy, without it, and with its decisions, in turn',
  run: async (ground) => {
    const worker = new Worker(UPSTREAM);
    const [upstream] = (await once(worker, 'message')) as [string];
    try {
      await model(ground, upstream);
      await mcpHttp(ground, upstream);
      await mcpStdio(ground);
      await egress(ground, upstream);
    } finally {
      await worker.terminate();
    }
  },
};

/** What asks once, through something or not: milliseconds to the first byte. */
type Way = { readonly ask: (n: number) => Promise<number>; readonly stop: () => unknown };
/** Without arguments there is no proxy between. */
type Open = (args: readonly string[] | undefined) => Promise<Way>;

/** A proxy beside none, and one that has each action decided beside one that only records. */
async function both(ground: Ground, id: string, open: Open): Promise<number> {
  const [direct, recording] = [await open(undefined), await open([])];
  const added = await compare(ground, id, { peer: 'direct', before: direct, after: recording });
  await direct.stop();
  const enforcing = await open(['--enforce']);
  const ways = { peer: 'recording', before: recording, after: enforcing };
  await compare(ground, `${id}_enforced`, ways);
  await Promise.all([recording.stop(), enforcing.stop()]);
  return added;
}

async function model(ground: Ground, upstream: string): Promise<void> {
  const open = (streamed: boolean) => async (more: readonly string[] | undefined) => {
    const args = ['model-proxy', '--port', '0', '--anthropic', upstream, ...(more ?? [])];
    const through = more && (await startProxy(ground, await ground.serving(), args));
    const headers = {
      'content-type': 'application/json',
      'x-api-key': 'sk-ant-bench',
      'anthropic-version': '2023-06-01',
      'user-agent': 'claude-cli/2.1.330',
    };
    const ask = poster(`${through?.url ?? upstream}/v1/messages`, headers);
    const post = (n: number) => ask(JSON.stringify(questionOf(n, streamed)));
    return { ask: post, stop: () => through?.stop() };
  };
  const added = await both(ground, 'proxy.model', open(true));
  ground.note('proxy.added', { values: { value: added } });
  await both(ground, 'proxy.model_tool', open(false));
}

function questionOf(n: number, stream: boolean): object {
  const content = `Question ${n}: what do the tests of this module say? ${'context '.repeat(500)}`;
  return { model: 'm', stream, max_tokens: 100, messages: [{ role: 'user', content }] };
}

async function mcpHttp(ground: Ground, upstream: string): Promise<void> {
  await both(ground, 'proxy.mcp_http', async (more) => {
    const args = ['mcp-proxy', '--name', 'bench', '--upstream', `${upstream}/mcp`, ...(more ?? [])];
    const through = more && (await startProxy(ground, await ground.serving(), args));
    const headers = { 'content-type': 'application/json', accept: 'application/json' };
    const ask = poster(through?.url ?? `${upstream}/mcp`, headers);
    return { ask: (n) => ask(callOf(n)), stop: () => through?.stop() };
  });
}

function callOf(n: number): string {
  const params = { name: 'read_text_file', arguments: { path: `/srv/files/${n}.txt` } };
  return JSON.stringify({ jsonrpc: '2.0', id: n, method: 'tools/call', params });
}

async function mcpStdio(ground: Ground): Promise<void> {
  const server = await ground.serving();
  const own = [process.execPath, UPSTREAM];
  const main = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');
  const env = {
    ...process.env,
    HOME: ground.home,
    XDG_STATE_HOME: ground.home,
    CLAW_URL: server.url,
    CLAW_TOKEN: server.token,
  };
  await both(ground, 'proxy.mcp_stdio', async (more) => {
    const proxy = more && [main, 'mcp-proxy', '--name', 'bench', ...more, '--', ...own];
    const child = spawn(process.execPath, proxy ?? own.slice(1), { env, stdio: PIPES });
    const to = lines(child);
    return { ask: (n) => to.ask(callOf(n)), stop: to.stop };
  });
}

const PIPES: ['pipe', 'pipe', 'inherit'] = ['pipe', 'pipe', 'inherit'];

/** A plain request by its absolute address, as HTTP_PROXY makes it. */
async function egress(ground: Ground, upstream: string): Promise<void> {
  await both(ground, 'proxy.egress', async (more) => {
    const args = ['egress-proxy', '--port', '0', ...(more ?? [])];
    const through = more && (await startProxy(ground, await ground.serving(), args));
    const agent = new Agent({ keepAlive: true });
    const { host } = new URL(upstream);
    const via = through && new URL(through.url);
    const plain = addressOf(`${upstream}/page`);
    const options = via
      ? { hostname: via.hostname, port: via.port, path: `${upstream}/page`, headers: { host } }
      : plain;
    const stop = async () => {
      agent.destroy();
      await through?.stop();
    };
    return { ask: () => exchange({ agent, ...options }), stop };
  });
}

type Ways = { readonly peer: string; readonly before: Way; readonly after: Way };

/** In turn, so that what else the machine does meets both alike. Gives what is added at p99. */
async function compare(ground: Ground, id: string, ways: Ways): Promise<number> {
  const took = { before: [] as number[], after: [] as number[] };
  for (let n = 0; n < WARM_UP + EXCHANGES; n++) {
    const [before, after] = [await ways.before.ask(2 * n), await ways.after.ask(2 * n + 1)];
    if (n < WARM_UP) continue;
    took.before.push(before);
    took.after.push(after);
  }
  const [plain, through] = [spread(took.before), spread(took.after)];
  const over = (of: string) => rounded((through[of] ?? 0) - (plain[of] ?? 0));
  const ratio = rounded((through['p50'] ?? 0) / (plain['p50'] || 1));
  ground.notePeer(ways.peer, id, { values: plain });
  ground.note(id, {
    values: { ...through, ratio },
    note: `adds ${over('p50')} ms at p50, ${over('p99')} at p99; ${ratio} × ${ways.peer} at p50`,
  });
  return over('p99');
}

/** Milliseconds to the first byte of the answer, which is read to its end. */
function poster(url: string, headers: Readonly<Record<string, string>>) {
  const agent = new Agent({ keepAlive: true });
  const options = { ...addressOf(url), agent, method: 'POST', headers };
  return (body: string) => exchange(options, body);
}

function addressOf(url: string): RequestOptions {
  const { hostname, port, pathname } = new URL(url);
  return { hostname, port, path: pathname };
}

function exchange(options: RequestOptions, body?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const sent = request(options, (answer) => {
      let first: number | undefined;
      answer.on('data', () => {
        first ??= performance.now() - began;
      });
      answer.once('error', reject);
      answer.once('end', () => {
        if (answer.statusCode === 200) resolve(first ?? performance.now() - began);
        else reject(new Error(`Answered with ${answer.statusCode}.`));
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

function lines(child: ChildProcess) {
  const { stdin, stdout } = child;
  if (!stdin || !stdout) throw new TypeError('The server has no pipes.');
  const waiting: (() => void)[] = [];
  createInterface({ input: stdout }).on('line', () => waiting.shift()?.());
  return {
    ask: async (line: string): Promise<number> => {
      const began = performance.now();
      const answered = new Promise<void>((resolve) => waiting.push(resolve));
      stdin.write(`${line}\n`);
      await answered;
      return performance.now() - began;
    },
    stop: async () => {
      stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}
