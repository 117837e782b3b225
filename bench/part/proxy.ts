/** What each proxy adds to the first byte, beside the same upstream without it, in turn. */
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
  about: 'time to the first byte through each proxy and without it, in turn',
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

async function model(ground: Ground, upstream: string): Promise<void> {
  const args = ['model-proxy', '--port', '0', '--anthropic', upstream];
  const through = await startProxy(ground, await ground.serving(), args);
  const headers = {
    'content-type': 'application/json',
    'x-api-key': 'sk-ant-bench',
    'anthropic-version': '2023-06-01',
    'user-agent': 'claude-cli/2.1.330',
  };
  const post = (base: string) => {
    const ask = poster(`${base}/v1/messages`, headers);
    return (n: number) => ask(JSON.stringify(questionOf(n)));
  };
  const ways = { direct: post(upstream), proxied: post(through.url) };
  const added = await compare(ground, 'proxy.model', ways);
  ground.note('proxy.added', { values: { value: added } });
  await through.stop();
}

function questionOf(n: number): object {
  const content = `Question ${n}: what do the tests of this module say? ${'context '.repeat(500)}`;
  return { model: 'm', stream: true, max_tokens: 100, messages: [{ role: 'user', content }] };
}

async function mcpHttp(ground: Ground, upstream: string): Promise<void> {
  const args = ['mcp-proxy', '--name', 'bench', '--upstream', `${upstream}/mcp`];
  const through = await startProxy(ground, await ground.serving(), args);
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  const post = (url: string) => {
    const ask = poster(url, headers);
    return (n: number) => ask(callOf(n));
  };
  const ways = { direct: post(`${upstream}/mcp`), proxied: post(through.url) };
  await compare(ground, 'proxy.mcp_http', ways);
  await through.stop();
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
  const direct = lines(spawn(process.execPath, own.slice(1), { stdio: PIPES }));
  const args = [main, 'mcp-proxy', '--name', 'bench', '--', ...own];
  const proxied = lines(spawn(process.execPath, args, { env, stdio: PIPES }));
  const ask = (to: typeof direct) => (n: number) => to.ask(callOf(n));
  await compare(ground, 'proxy.mcp_stdio', { direct: ask(direct), proxied: ask(proxied) });
  await Promise.all([direct.stop(), proxied.stop()]);
}

const PIPES: ['pipe', 'pipe', 'inherit'] = ['pipe', 'pipe', 'inherit'];

/** A plain request by its absolute address, as HTTP_PROXY makes it. */
async function egress(ground: Ground, upstream: string): Promise<void> {
  const args = ['egress-proxy', '--port', '0'];
  const through = await startProxy(ground, await ground.serving(), args);
  const { host } = new URL(upstream);
  const via = new URL(through.url);
  const agent = new Agent({ keepAlive: true });
  const proxied = () => {
    const { hostname, port } = via;
    return exchange({ agent, hostname, port, path: `${upstream}/page`, headers: { host } });
  };
  const direct = () => exchange({ agent, ...addressOf(`${upstream}/page`) });
  await compare(ground, 'proxy.egress', { direct, proxied });
  agent.destroy();
  await through.stop();
}

type Ways = Readonly<Record<'direct' | 'proxied', (n: number) => Promise<number>>>;

/** In turn, so that what else the machine does meets both alike. Gives what is added at p99. */
async function compare(ground: Ground, id: string, { direct, proxied }: Ways): Promise<number> {
  const took: Record<keyof Ways, number[]> = { direct: [], proxied: [] };
  for (let n = 0; n < WARM_UP + EXCHANGES; n++) {
    const [plain, through] = [await direct(2 * n), await proxied(2 * n + 1)];
    if (n < WARM_UP) continue;
    took.direct.push(plain);
    took.proxied.push(through);
  }
  const [plain, through] = [spread(took.direct), spread(took.proxied)];
  const over = (of: string) => rounded((through[of] ?? 0) - (plain[of] ?? 0));
  const ratio = rounded((through['p50'] ?? 0) / (plain['p50'] || 1));
  ground.notePeer('direct', id, { values: plain });
  ground.note(id, {
    values: { ...through, ratio },
    note: `adds ${over('p50')} ms at p50, ${over('p99')} at p99; ${ratio} × direct at p50`,
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
