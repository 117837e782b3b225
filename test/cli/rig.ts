/** A real server in a folder of its own, and the real clawctl as a child process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { startServer } from '../../src/cli/compose.ts';
import type { TrailStatus } from '../../src/trail/trail.ts';

const CHECKOUT = join(import.meta.dirname, '..', '..');
const CLAWCTL = join(CHECKOUT, 'bin', 'clawctl.js');
/** Shared, so that children start in half the time. */
const CODE = join(CHECKOUT, 'node_modules', '.cache', 'claw-code');

export type Done = {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  readonly json: any;
};

export type Running = {
  readonly child: ChildProcess;
  readonly done: Promise<Done>;
  /** Resolves when a stream has said, at any time, what is waited for. */
  readonly said: (stream: 'out' | 'err', pattern: RegExp) => Promise<string>;
};

export type Rig = Awaited<ReturnType<typeof openRig>>;

/** A folder for home, configuration, data and output; `close` removes it. */
export function openFolder() {
  const root = mkdtempSync(join(tmpdir(), 'claw-cli-'));
  const { PATH } = process.env;
  const home = { HOME: root, XDG_CONFIG_HOME: join(root, 'config') };
  const base = { PATH, ...home, TZ: 'UTC', LANG: 'C', NODE_COMPILE_CACHE: CODE };
  const start = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Running =>
    launch(args, { cwd: root, env: { ...base, ...env } });
  return {
    root,
    env: base,
    start,
    run: (args: readonly string[], env: NodeJS.ProcessEnv = {}) => start(args, env).done,
    close: () => rmSync(root, { recursive: true }),
  };
}

/** The same with a server on a free port, whose folder is found by `CLAW_DATA`. */
export async function openRig() {
  const folder = openFolder();
  const data = join(folder.root, 'data');
  const server = await startServer({
    flags: { data, port: 0, checkpoint_interval_ms: 100 },
    env: {},
    replay: 'nothing',
    onFault: (fault) => {
      throw fault;
    },
  });
  const env = { CLAW_URL: server.url, CLAW_DATA: data };
  const start = (args: readonly string[], more: NodeJS.ProcessEnv = {}) =>
    folder.start(args, { ...env, ...more });
  return {
    ...folder,
    data,
    url: server.url,
    token: server.token ?? '',
    start,
    run: (args: readonly string[], more: NodeJS.ProcessEnv = {}) => start(args, more).done,
    /** Recorded and, when it resolves, in the index and under a checkpoint. */
    record: (events: readonly object[]) => record(server.url, server.token ?? '', events),
    close: async () => {
      await server.close();
      folder.close();
    },
  };
}

type Launch = { readonly cwd: string; readonly env: NodeJS.ProcessEnv };

function launch(args: readonly string[], { cwd, env }: Launch): Running {
  const child = spawn(process.execPath, [CLAWCTL, ...args], { cwd, env });
  const text = { out: '', err: '' };
  const waiting = new Set<() => void>();
  const hear = (stream: 'out' | 'err') => (more: string) => {
    text[stream] += more;
    for (const look of waiting) look();
  };
  child.stdout.setEncoding('utf8').on('data', hear('out'));
  child.stderr.setEncoding('utf8').on('data', hear('err'));
  child.stdin.end();
  const done = new Promise<Done>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...text, json: parsed(text.out) }));
  });
  const said = (stream: 'out' | 'err', pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const look = () => pattern.test(text[stream]) && resolve(text[stream]);
      waiting.add(look);
      look();
      done.then(() => reject(new Error(`ended without ${pattern}: ${text.out}${text.err}`)));
    });
  return { child, done, said };
}

async function record(url: string, token: string, events: readonly object[]): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const body = JSON.stringify(events);
  const answer = await fetch(`${url}/v1/events`, { method: 'POST', headers, body });
  const { rejected, results } = (await answer.json()) as { rejected: number; results: unknown };
  if (rejected !== 0) throw new Error(JSON.stringify(results));
  // Asking for the status is no reading that is recorded: the lag comes to an end.
  for (;;) {
    const status = await fetch(`${url}/v1/status`, { headers });
    const { engine, tenants } = (await status.json()) as TrailStatus;
    const signed = tenants.every(({ recorded, tree_size }) => tree_size >= recorded);
    if (engine.lag === 0 && signed) return;
    await setTimeout(10);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
