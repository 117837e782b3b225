/** `clawctl hook RUNTIME --enforce`: a call runs only where Claw said that it may. */
import { type Gate, gateOf } from '../../adapter/gate.ts';
import { fs } from './builtin.ts';
import { moment, readInput } from './input.ts';
import { REFUSED } from './post.ts';
import { type Missing, question, type Reply } from './question.ts';
import { replay, send } from './replay.ts';
import { type Entry, openSpool, type Spool } from './spool.ts';
import { type Env, type Target, targetOf, valueAfter } from './target.ts';

/** For an answer that waits for nobody. */
const LIMIT_MS = 5000;
/** Kept for the spool, and for records that ask nothing. */
const RESERVE_MS = 200;
const RECORDING_MS = 1000;
/** The longest that the server holds an answer, in seconds. */
const WAIT_S = 600;

type Asking = {
  readonly runtime: string;
  readonly gate: Gate | undefined;
  readonly target: Target | undefined;
  readonly env: Env;
  /** Whether nobody's answer blocks. */
  readonly enforced: boolean;
  readonly wait_s: number;
  /** On the clock of `performance.now()`, in milliseconds. */
  readonly ends_at: number;
};

/** What the runtime is to be told, and what is done when it was told. */
type Ruling = { readonly refusal?: string; readonly afterwards?: () => void | Promise<void> };

/**
 * Reads a record and, where it asks before a call, posts it to `/v1/enforce/RUNTIME` and prints
 * what was decided in the runtime's own words. Where nobody decides, the call is blocked and kept
 * for the trail as such; with `--mode observe` it goes on. Other records are only recorded.
 */
export async function runAsking(argv: readonly string[], env: Env): Promise<number> {
  const asking = askingOf(argv, env);
  const left_ms = asking.ends_at - performance.now();
  const hung = () => process.exit(tell(asking, unanswered(asking, 'late')));
  const over = setTimeout(hung, left_ms + RESERVE_MS);
  const ruling = await rule(asking).catch(() => unanswered(asking, 'wrong'));
  clearTimeout(over);
  process.stdin.destroy();
  const code = tell(asking, ruling);
  await after(ruling);
  return code;
}

function askingOf(argv: readonly string[], env: Env): Asking {
  const [runtime = '', ...options] = argv;
  const observes = !options.includes('--enforce') && valueAfter(options, '--mode') === 'observe';
  const wished = Number(valueAfter(options, '--wait') ?? 0);
  const wait_s = !observes && wished > 0 ? Math.min(wished, WAIT_S) : 0;
  const ends_at = performance.now() + limitOf(env) + wait_s * 1000;
  const shared = { runtime, env, enforced: !observes, wait_s, ends_at };
  return { ...shared, gate: gateOf(runtime), target: targetOf(argv, env) };
}

function limitOf(env: Env): number {
  const wanted = Number(env['CLAW_HOOK_TIMEOUT_MS']);
  return Number.isFinite(wanted) && wanted > 0 ? wanted : LIMIT_MS;
}

async function rule(asking: Asking): Promise<Ruling> {
  const captured_at = moment();
  const { target, gate, env, ends_at } = asking;
  if (!target || !gate) return unanswered(asking, 'wrong');
  const record = await readInput(ends_at - RESERVE_MS);
  const spool = openSpool(env, `${target.server.href}\n${target.token}`);
  if (record === undefined)
    return { ...unanswered(asking, 'late'), afterwards: () => spool.drop() };
  const entry: Entry = { runtime: target.runtime, captured_at, record };
  if (!asks(gate, record)) return recorded(target, spool, entry);
  const reply = await question(urlOf(asking, target), {
    token: target.token,
    headers: { 'X-Claw-Captured-At': captured_at },
    body: record,
    ends_at: ends_at - RESERVE_MS,
  });
  return ruled(asking, { target, spool, entry }, reply);
}

/** What is no JSON is asked about too: nobody knows that it asks nothing. */
function asks(gate: Gate, record: Buffer): boolean {
  try {
    return gate.asks(JSON.parse(record.toString()));
  } catch {
    return true;
  }
}

async function recorded(target: Target, spool: Spool, entry: Entry): Promise<Ruling> {
  const ends_at = performance.now() + RECORDING_MS - RESERVE_MS;
  const answer = await send(target, entry, ends_at);
  if (answer === 'refused') return { afterwards: () => spool.drop() };
  if (answer === 'away') return { afterwards: () => spool.keep(entry) };
  return { afterwards: () => replay(spool, target, ends_at) };
}

function urlOf({ runtime, enforced, wait_s }: Asking, { server }: Target): URL {
  const mode = enforced ? 'enforce' : 'observe';
  return new URL(`/v1/enforce/${runtime}?mode=${mode}&wait_s=${wait_s}`, server);
}

type Sent = { readonly target: Target; readonly spool: Spool; readonly entry: Entry };

/** Only the server's own word lets the call run; its body never more than that. */
function ruled(asking: Asking, { target, spool, entry }: Sent, reply: Reply | Missing): Ruling {
  const allowed = typeof reply === 'string' ? undefined : reply.headers.get('x-claw-allowed');
  if (typeof reply === 'string' || reply.status !== 200 || !isRuling(allowed)) {
    return undecided(asking, { spool, entry }, reply);
  }
  const body = objectIn(reply.body);
  if (body === undefined) return undecided(asking, { spool, entry }, 'wrong');
  const late = performance.now() + RECORDING_MS;
  const afterwards = reply.headers.has('x-claw-fault')
    ? () => spool.keep({ ...entry, blocked: 'refused' })
    : () => replay(spool, target, late);
  if (allowed === 'true') return { afterwards };
  return { refusal: reasonIn(body), afterwards };
}

function isRuling(allowed: string | undefined): boolean {
  return allowed === 'true' || allowed === 'false';
}

function undecided(
  asking: Asking,
  { spool, entry }: Omit<Sent, 'target'>,
  reply: Reply | Missing,
): Ruling {
  const status = typeof reply === 'string' ? undefined : reply.status;
  const why = typeof reply === 'string' ? reply : status === 200 ? 'wrong' : 'refused';
  const blocked = asking.enforced ? { ...entry, blocked: why } : entry;
  const lost = status !== undefined && REFUSED.has(status);
  const afterwards = () => (lost ? spool.drop() : spool.keep(blocked));
  return { ...unanswered(asking, why, status), afterwards };
}

const WHY = {
  away: 'Claw could not be reached',
  late: 'Claw did not answer in time',
  wrong: 'Claw could not be asked, or its answer was not understood',
  refused: 'Claw did not take the question',
} as const;

/** Nobody decided: with `--enforce` the call is blocked. */
function unanswered(asking: Asking, why: keyof typeof WHY, status?: number): Ruling {
  const { enforced, runtime, target } = asking;
  if (!enforced) return {};
  const where = target === undefined ? '' : ` (${target.server.origin})`;
  const said = status === undefined ? '' : `: it answered ${status}`;
  const refusal =
    `${WHY[why]}${where}${said}, so this call was not run. The call itself was not judged: tell ` +
    `your user to look with "clawctl doctor ${runtime}" or to start Claw with "clawctl serve", ` +
    'then try again.';
  return { refusal };
}

/** Prints the answer; the exit code that goes with it. */
function tell({ gate }: Asking, { refusal }: Ruling): number {
  const answer =
    refusal === undefined ? {} : gate?.answer({ allowed: false, reason: refusal.slice(0, 4000) });
  if (answer !== undefined && say(1, `${JSON.stringify(answer)}\n`)) return 0;
  if (refusal === undefined) return 0;
  // Claude Code, Codex and Gemini all take it for a refusal, and this stream for its reason.
  say(2, `${refusal}\n`);
  return 2;
}

/** At once: `process.stdout` takes milliseconds to make. */
function say(descriptor: 1 | 2, text: string): boolean {
  try {
    const bytes = Buffer.from(text);
    return fs.writeSync(descriptor, bytes) === bytes.length;
  } catch {
    return false;
  }
}

/** The answer stands; what could not even be spooled is lost, like any failed write. */
async function after({ afterwards }: Ruling): Promise<void> {
  try {
    await afterwards?.();
  } catch {
    // As above.
  }
}

function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function reasonIn(body: Readonly<Record<string, unknown>>): string {
  const own = objectIn(JSON.stringify(body['hookSpecificOutput'] ?? null)) ?? body;
  const reason = own['permissionDecisionReason'] ?? own['reason'];
  return typeof reason === 'string' && reason !== '' ? reason : 'Claw blocked this call.';
}
