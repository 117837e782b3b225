/** Stands between an MCP client and a server that is a command, run as child, over stdio. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { finished, PassThrough, type Readable, type Writable } from 'node:stream';
import type { Side } from '../adapter/mcp/message.ts';
import { Fault } from '../fault/fault.ts';
import { openLines } from './line.ts';
import type { McpGate } from './mcp-gate.ts';
import { relayHeld } from './mcp-stdio-held.ts';
import { MESSAGE_BYTES, type Watching } from './mcp-watching.ts';

export type Command = {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
};

/** A server that runs. Nothing of what it says is read before it is relayed. */
export type Started = {
  readonly child: Child;
  /** Rejects with `usage.invalid` where the command cannot be started. */
  readonly exited: Promise<Ended>;
  /** What it says: Node throws away what nobody reads when the command exits. */
  readonly said: Readable;
};

/** How the server ended: what we end with too. */
export type Ended = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type Relaying = {
  /** The client's end: our own standard input and output. */
  readonly input: Readable;
  readonly output: Writable;
  readonly watching: Watching;
  /** Decides what is held; without it every byte is relayed before it is looked at. */
  readonly gate?: McpGate | undefined;
};

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** Passed on to the server, which decides what becomes of them. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** A server's own children may hold its output open: silence of so many milliseconds ends it. */
const LINGER_MS = 500;

/** A client waits for its server: it is started first, and all else while it starts. */
export function startServer({ command, args, env }: Command): Started {
  const child = spawn(command, [...args], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const signals = SIGNALS.map((name) => [name, () => child.kill(name)] as const);
  for (const [name, pass] of signals) process.on(name, pass);
  const exited = exit(child).finally(() => {
    for (const [name, pass] of signals) process.off(name, pass);
  });
  // It may end before anybody waits for it.
  exited.catch(() => undefined);
  return { child, exited, said: child.stdout.pipe(new PassThrough()) };
}

/** Resolves when the server has ended and all that it said was passed on. */
export async function relayStdio(started: Started, relaying: Relaying): Promise<Ended> {
  const { child, exited, said } = started;
  const { input, output, watching, gate } = relaying;
  let stop = () => {};
  try {
    if (gate === undefined) {
      relay(input, child.stdin, { ...relaying, from: 'client' });
      relay(said, output, { ...relaying, from: 'server' });
    } else stop = relayHeld({ ...relaying, gate, stdin: child.stdin, said });
    // A server that no longer reads, or a client that is gone, is told as without us.
    child.stdin.on('error', () => input.destroy());
    output.on('error', () => child.stdout.destroy());
    const ended = await exited;
    await silence(said, output);
    return ended;
  } finally {
    stop();
    input.destroy();
    child.stdout.destroy();
    watching.end();
  }
}

type Watched = Relaying & { readonly from: Side };

/** Bytes go on first, with backpressure; the watcher sees the same chunks afterwards. */
function relay(source: Readable, target: Writable, watched: Watched): void {
  const { from, watching } = watched;
  const lines = openLines({
    limit_bytes: MESSAGE_BYTES,
    onLine: ({ bytes, size_bytes, tail }) => {
      if (tail === undefined) watching.bytes(from, bytes);
      else watching.tooLong(from, { head: bytes, tail, size_bytes });
    },
  });
  // Our own output outlives the server's: how the process ends is decided later.
  source.pipe(target, { end: from === 'client' });
  source.on('data', lines.push);
  source.on('end', lines.end);
  source.on('error', () => target.end());
}

/** Resolves when all was said, and the client took it. */
function silence(source: Readable, target: Writable): Promise<void> {
  return new Promise((resolve) => {
    const look = () => (target.writableNeedDrain ? timer.refresh() : resolve());
    const timer = setTimeout(look, LINGER_MS);
    source.on('data', () => timer.refresh());
    finished(source, () => {
      clearTimeout(timer);
      if (target.writableNeedDrain) target.once('drain', resolve);
      else resolve();
    });
  });
}

function exit(child: Child): Promise<Ended> {
  return new Promise((resolve, reject) => {
    child.on('error', (cause: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) return;
      const reason = cause.code ?? cause.message;
      const message = `The server's command cannot be started: ${reason}.`;
      const hint = 'Give it after --, as in: clawctl mcp-proxy -- npx -y SERVER.';
      reject(new Fault('usage.invalid', message, { hint, cause }));
    });
    child.on('exit', (code, signal) => resolve({ code, signal }));
  });
}
