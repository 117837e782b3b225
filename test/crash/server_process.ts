/** A real server as a child process: started, called, ended by force or in peace. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const MAIN = resolve(import.meta.dirname, '../../src/cli/main.ts');

/** Beyond all tests. */
const FAR_MS = 2 ** 30;

export type ServerOptions = {
  /** A folder of this run: data, notes and caches go below it. */
  readonly home: string;
  /** Settings by the names of the configuration. */
  readonly settings: Readonly<Record<string, string | number>>;
  /** What runs the server: a program and its arguments. */
  readonly under?: readonly string[];
  readonly node?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** It is killed so many milliseconds after it was started, ready or not. */
  readonly doom_ms?: number;
};

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type ServerProcess = {
  readonly url: string;
  /** Milliseconds from its start until it answers. */
  readonly ready_ms: number;
  readonly exited: Promise<Exit>;
  /** What it said on standard error. */
  readonly errors: () => string;
  /** kill -9. */
  readonly kill: () => Promise<Exit>;
  /** Asks it to close. */
  readonly stop: () => Promise<Exit>;
};

/** A server that ended before it was ready. */
export type Refusal = { readonly refused: Exit; readonly errors: string };

export async function startServer(options: ServerOptions): Promise<ServerProcess | Refusal> {
  const began = performance.now();
  const child = spawnServer(options);
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    errors += text;
  });
  const doom = setTimeout(() => child.kill('SIGKILL'), options.doom_ms ?? FAR_MS);
  const exited = once(child, 'close').then(([code, signal]) => ({ code, signal }) as Exit);
  const ready = await Promise.race([announced(child), exited]);
  if (options.doom_ms === undefined || !('url' in ready)) clearTimeout(doom);
  if (!('url' in ready)) return { refused: ready, errors };
  const signal = (name: NodeJS.Signals) => {
    for (const pid of options.under ? childrenOf(child) : [child.pid]) {
      if (pid !== undefined) kill(pid, name);
    }
    return exited;
  };
  return {
    url: ready.url,
    ready_ms: performance.now() - began,
    exited,
    errors: () => errors,
    kill: () => signal('SIGKILL'),
    stop: () => signal('SIGTERM'),
  };
}

export function dataOf({ home }: Pick<ServerOptions, 'home'>): string {
  return join(home, 'data');
}

/** The operator's token, as it is kept beside the data. */
export function tokenOf(options: Pick<ServerOptions, 'home'>): string {
  const { tokens } = JSON.parse(readFileSync(join(dataOf(options), 'credentials.json'), 'utf8'));
  return tokens[0].token;
}

function spawnServer({ home, settings, under = [], node = [], env = {} }: ServerOptions) {
  const [program = '', ...args] = [
    ...under,
    ...[process.execPath, ...node, MAIN, 'serve', '--json', '--port', '0'],
    ...['--data', join(home, 'data')],
  ];
  const set = Object.entries(settings).map(([name, value]) => [
    `CLAW_${name.toUpperCase()}`,
    String(value),
  ]);
  return spawn(program, args, {
    cwd: home,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      // Compiled code may be shared: it is none of what is tested.
      XDG_CACHE_HOME: process.env['CRASH_CACHE'] ?? join(home, 'cache'),
      ...Object.fromEntries(set),
      ...env,
    },
  });
}

/** The line in which it says where it answers. */
function announced(child: ChildProcess): Promise<{ readonly url: string }> {
  let text = '';
  return new Promise((resolve) => {
    child.stdout?.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      if (text.endsWith('\n')) resolve(JSON.parse(text));
    });
  });
}

function childrenOf(child: ChildProcess): number[] {
  try {
    const path = `/proc/${child.pid}/task/${child.pid}/children`;
    return readFileSync(path, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself meanwhile.
  }
}
