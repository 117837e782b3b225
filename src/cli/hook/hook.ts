/** `clawctl hook RUNTIME`: hands a hook's record to Claw; it never holds or breaks the agent. */
import { fs } from './builtin.ts';
import { type Answer, post } from './post.ts';
import { type Entry, openSpool, RUNTIME, type Spool } from './spool.ts';
import { readTokenFile, tokenFor, tokenPath } from './token.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Bytes of one record; a longer one is dropped, and the drop is recorded. */
const RECORD_BYTES = 16 * 1024 * 1024;
const LIMIT_MS = 1000;
/** Kept of the limit for the spool, when the server does not answer. */
const RESERVE_MS = 200;

/**
 * Reads a record from standard input, sends it to `/v1/capture/RUNTIME`, prints `{}` and
 * resolves to 0, whatever happens. What cannot be sent goes to the spool; the next call that
 * reaches the server sends what waits there, oldest first. `CLAW_HOOK_TIMEOUT_MS` bounds it all.
 */
export async function runHook(argv: readonly string[], env: Env): Promise<number> {
  const ends_at = performance.now() + limitOf(env);
  const over = setTimeout(() => finish(), limitOf(env) + RESERVE_MS);
  try {
    await hand(argv, env, ends_at);
  } catch {
    // The agent must not notice: what could not even be spooled is lost, like any failed write.
  }
  clearTimeout(over);
  process.stdin.destroy();
  say('{}\n');
  return 0;
}

/** The disk or the server hangs: the agent goes on. */
function finish(): void {
  say('{}\n');
  process.exit(0);
}

/** At once: `process.stdout` takes milliseconds to make. */
function say(text: string): void {
  try {
    fs.writeSync(1, text);
  } catch {
    // Nobody reads it: that is no failure of ours.
  }
}

type Target = { readonly server: URL; readonly token: string; readonly runtime: string };

async function hand(argv: readonly string[], env: Env, ends_at: number): Promise<void> {
  const captured_at = moment();
  const target = targetOf(argv, env);
  if (!target) return;
  const record = await readInput(ends_at - RESERVE_MS);
  const spool = openSpool(env, `${target.server.href}\n${target.token}`);
  if (record === undefined) return spool.drop();
  if (record.length === 0) return;
  const entry = { runtime: target.runtime, captured_at, record };
  const answer = await send(target, entry, ends_at - RESERVE_MS);
  if (answer === 'refused') return spool.drop();
  if (answer === 'away') return spool.keep(entry);
  await replay(spool, target, ends_at - RESERVE_MS);
}

function send(target: Target, entry: Entry, ends_at: number): Promise<Answer> {
  const url = new URL(`/v1/capture/${entry.runtime}`, target.server);
  const headers = { 'X-Claw-Captured-At': entry.captured_at };
  return post(url, { token: target.token, headers, body: entry.record, ends_at });
}

/** Oldest first, until the limit: the first that cannot be sent ends it. */
async function replay(spool: Spool, target: Target, ends_at: number): Promise<void> {
  await spool.reportDrops((gap) => {
    const url = new URL('/v1/events', target.server);
    const body = Buffer.from(JSON.stringify(gap));
    return post(url, { token: target.token, headers: {}, body, ends_at });
  });
  for (const name of spool.waiting()) {
    if (performance.now() > ends_at) return;
    const claimed = spool.claim(name);
    if (!claimed) continue;
    const answer = await send(target, claimed.entry, ends_at);
    if (answer === 'away') return claimed.release();
    if (answer === 'refused') spool.drop();
    claimed.done();
  }
}

function targetOf(argv: readonly string[], env: Env): Target | undefined {
  const [runtime = '', ...options] = argv;
  const server = valueAfter(options, '--server') ?? env['CLAW_URL'] ?? DEFAULT_SERVER;
  if (!RUNTIME.test(runtime) || !URL.canParse(server)) return undefined;
  const url = new URL(server);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
  return { server: url, token: tokenOf(options, { server, runtime, env }), runtime };
}

function valueAfter(options: readonly string[], name: string): string | undefined {
  const at = options.indexOf(name);
  return at < 0 ? undefined : options[at + 1];
}

type Asked = { readonly server: string; readonly runtime: string; readonly env: Env };

/**
 * The private file comes first: a runtime that another one has started inherits that one's
 * CLAW_TOKEN. Claude Code's own token stands in its settings, which set that variable.
 */
function tokenOf(options: readonly string[], { server, runtime, env }: Asked): string {
  const path = valueAfter(options, '--tokens') ?? tokenPath(env);
  const own =
    runtime === 'claude-code' ? undefined : tokenFor(readTokenFile(path), server, runtime);
  return own ?? env['CLAW_TOKEN'] ?? '';
}

const DEFAULT_SERVER = 'http://127.0.0.1:4620';

/** Undefined where the record is longer than the limit, or does not end in time. */
function readInput(ends_at: number): Promise<Buffer | undefined> {
  const { stdin } = process;
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const done = (result: Buffer | undefined) => {
      clearTimeout(timer);
      stdin.removeAllListeners('data').pause();
      resolve(result);
    };
    const timer = setTimeout(() => done(undefined), Math.max(0, ends_at - performance.now()));
    stdin.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > RECORD_BYTES) done(undefined);
      else chunks.push(chunk);
    });
    stdin.once('end', () => done(Buffer.concat(chunks)));
    stdin.once('error', () => done(undefined));
  });
}

function limitOf(env: Env): number {
  const wanted = Number(env['CLAW_HOOK_TIMEOUT_MS']);
  return Number.isFinite(wanted) && wanted > 0 ? wanted : LIMIT_MS;
}

function moment(): string {
  const now = performance.timeOrigin + performance.now();
  const micros = String(Math.floor((now % 1) * 1000)).padStart(3, '0');
  return new Date(now).toISOString().replace('Z', `${micros}Z`);
}
