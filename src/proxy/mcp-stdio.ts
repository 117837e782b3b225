/** Stands between an MCP client and a server that is a command, run as child, over stdio. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { Side } from '../adapter/mcp/message.ts';
import { Fault } from '../fault/fault.ts';
import { openLines } from './line.ts';
import { MESSAGE_BYTES, type Watching } from './mcp-watching.ts';

export type StdioOptions = {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** The client's end: our own standard input and output. */
  readonly input: Readable;
  readonly output: Writable;
  readonly watching: Watching;
};

/** How the server ended: what we end with too. */
export type Ended = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** Passed on to the server, which decides what becomes of them. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Wait for output that a server's own children still hold open, in milliseconds. */
const LINGER_MS = 500;

/**
 * Resolves when the server has ended and all that it said was passed on. Every byte is relayed
 * before it is looked at. Throws `usage.invalid` where the command cannot be started.
 */
export async function relayStdio(options: StdioOptions): Promise<Ended> {
  const { command, args, env, input, output, watching } = options;
  const child = spawn(command, [...args], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const signals = SIGNALS.map((name) => [name, () => child.kill(name)] as const);
  for (const [name, pass] of signals) process.on(name, pass);
  try {
    const ended = ending(child);
    relay(input, child.stdin, { from: 'client', watching });
    relay(child.stdout, output, { from: 'server', watching });
    // A server that no longer reads, or a client that is gone, is told as without us.
    child.stdin.on('error', () => input.destroy());
    output.on('error', () => child.stdout.destroy());
    return await ended;
  } finally {
    for (const [name, pass] of signals) process.off(name, pass);
    input.destroy();
    watching.end();
  }
}

type Watched = { readonly from: Side; readonly watching: Watching };

/** Bytes go on first, with backpressure; the watcher sees the same chunks afterwards. */
function relay(source: Readable, target: Writable, { from, watching }: Watched): void {
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

function ending(child: ChildProcess): Promise<Ended> {
  return new Promise((resolve, reject) => {
    child.on('error', (cause: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) return;
      const reason = cause.code ?? cause.message;
      const message = `The server's command cannot be started: ${reason}.`;
      const hint = 'Give it after --, as in: clawctl mcp-proxy -- npx -y SERVER.';
      reject(new Fault('usage.invalid', message, { hint, cause }));
    });
    child.on('close', (code, signal) => resolve({ code, signal }));
    child.on('exit', (code, signal) => {
      setTimeout(() => resolve({ code, signal }), LINGER_MS).unref();
    });
  });
}
