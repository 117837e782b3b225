/** The real server and the real command line, as people start them, and requests to them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { Agent, type RequestOptions, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { TrailStatus } from '../src/trail/trail.ts';
import { cpuOf, cpuOfEnded } from './process.ts';

export type Server = {
  readonly pid: number;
  readonly url: string;
  readonly token: string;
  /** One body of events, one a line; resolves with the answer's status and text. */
  readonly record: (body: Buffer) => Promise<Answer>;
  readonly post: (path: string, body: Buffer) => Promise<Answer>;
  /** Throws for any status but 200. */
  readonly get: (path: string) => Promise<string>;
  readonly status: () => Promise<TrailStatus>;
  /** Resolves when index and tree have read all that was recorded; throws if they never will. */
  readonly caughtUp: () => Promise<TrailStatus>;
  /** Calls back with each piece of a long answer. */
  readonly stream: (path: string, piece: (bytes: Buffer) => void) => Promise<void>;
  /** Seconds of processor time so far. */
  readonly cpu_s: () => number;
  readonly stop: () => Promise<void>;
};

export type Answer = { readonly status: number; readonly text: string };

export type Place = {
  /** The data folder. */
  readonly trail: string;
  /** The folder that stands for the user's home. */
  readonly home: string;
};

const CLAWCTL = join(import.meta.dirname, '..', 'bin', 'clawctl.js');
/** How often the server is asked whether it has caught up. */
const ASK_MS = 50;

/** Resolves when the server says that it answers. */
export async function startServer(place: Place): Promise<Server> {
  const child = launch(place, ['serve', '--data', place.trail, '--port', '0', '--json']);
  const ended = once(child, 'exit');
  const kill = () => child.kill('SIGKILL');
  process.prependOnceListener('exit', kill);
  const [chunk] = await Promise.race([once(child.stdout as NodeJS.ReadableStream, 'data'), ended]);
  if (child.exitCode !== null) throw new Error(`The server ended with ${child.exitCode}.`);
  const { url, token = tokenOf(place) } = JSON.parse(String(chunk)) as Announced;
  const pid = child.pid ?? 0;
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const ask = openClient({ agent, url, token });
  const get = async (path: string) => whole(path, await ask({ method: 'GET', path }));
  const status = async () => JSON.parse(await get('/v1/status')) as TrailStatus;
  return {
    pid,
    url,
    token,
    record: (body) => ask({ method: 'POST', path: '/v1/events', body }),
    post: (path, body) => ask({ method: 'POST', path, body }),
    get,
    status,
    caughtUp: () => caughtUp(status),
    stream: async (path, piece) => {
      whole(path, await ask({ method: 'GET', path, piece }));
    },
    cpu_s: () => cpuOf(pid) ?? 0,
    stop: async () => {
      agent.destroy();
      child.kill('SIGTERM');
      await ended;
      process.off('exit', kill);
    },
  };
}

type Announced = { readonly url: string; readonly token?: string };

/** Starts one of the proxies, which records to the server; resolves when it listens. */
export async function startProxy(place: Place, { url, token }: Server, args: readonly string[]) {
  const child = launch(place, [...args, '--json'], { CLAW_URL: url, CLAW_TOKEN: token });
  const ended = once(child, 'exit');
  const kill = () => child.kill('SIGKILL');
  process.prependOnceListener('exit', kill);
  const [chunk] = await Promise.race([once(child.stdout as NodeJS.ReadableStream, 'data'), ended]);
  if (child.exitCode !== null) throw new Error(`The proxy ended with ${child.exitCode}.`);
  const own = (JSON.parse(String(chunk)) as Announced).url;
  return {
    url: own,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      process.off('exit', kill);
    },
  };
}

/** Runs a command to its end: what it printed, how long it took, what it cost. */
export async function clawctl(place: Place, args: readonly string[]) {
  const began = performance.now();
  const before = cpuOfEnded() ?? 0;
  const child = launch(place, args);
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  const [code] = await once(child, 'close');
  const text = Buffer.concat(chunks).toString();
  if (code !== 0) throw new Error(`clawctl ${args.join(' ')} ended with ${code}: ${text}`);
  return { text, ms: performance.now() - began, cpu_s: (cpuOfEnded() ?? 0) - before };
}

function launch({ home }: Place, args: readonly string[], more: object = {}): ChildProcess {
  mkdirSync(home, { recursive: true });
  // Its own home: a benchmark must not become the server that the user's clawctl asks.
  const own = { HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home, XDG_STATE_HOME: home };
  const env = { ...process.env, ...own, ...more };
  return spawn(process.execPath, [CLAWCTL, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
}

/** The administrator's, which is printed on the first start alone. */
function tokenOf({ trail }: Place): string {
  const file = join(trail, 'credentials.json');
  if (!existsSync(file)) return '';
  const { tokens } = JSON.parse(readFileSync(file, 'utf8')) as { tokens: { token?: string }[] };
  return tokens.find(({ token }) => token !== undefined)?.token ?? '';
}

type Client = { readonly agent: Agent; readonly url: string; readonly token: string };

type Sending = {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: Buffer;
  readonly piece?: (bytes: Buffer) => void;
};

function openClient({ agent, url, token }: Client) {
  const { hostname, port } = new URL(url);
  const authorization = `Bearer ${token}`;
  return ({ method, path, body, piece }: Sending): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const headers = {
        authorization,
        ...(body && { 'content-type': 'application/x-ndjson', 'content-length': body.length }),
      };
      const options: RequestOptions = { agent, hostname, port, method, path, headers };
      const sent = request(options, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', piece ?? ((chunk: Buffer) => chunks.push(chunk)));
        answer.once('error', reject);
        answer.once('end', () => {
          resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
        });
      });
      sent.once('error', reject);
      sent.end(body);
    });
}

/** Throws for any status but 200. */
export function whole(path: string, { status, text }: Answer): string {
  if (status === 200) return text;
  throw new Error(`${path} was answered with ${status}: ${text.slice(0, 300)}`);
}

async function caughtUp(status: () => Promise<TrailStatus>): Promise<TrailStatus> {
  for (;;) {
    const found = await status();
    const { engine, tenants } = found;
    if (engine.failure) throw new Error(`The index has stopped: ${engine.failure.message}`);
    const signed = tenants.every(({ recorded, tree_size }) => tree_size >= recorded);
    if (engine.lag === 0 && signed) return found;
    await pause(ASK_MS);
  }
}
