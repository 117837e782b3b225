/** `clawctl hook RUNTIME`: hands a hook's record to Claw; it never holds or breaks the agent. */
import { fs } from './builtin.ts';
import { moment, readInput } from './input.ts';
import { replay, send } from './replay.ts';
import { type Entry, openSpool } from './spool.ts';
import { type Env, targetOf } from './target.ts';

const LIMIT_MS = 1000;
/** Kept of the limit for the spool, when the server does not answer. */
const RESERVE_MS = 200;

/**
 * Reads a record from standard input, sends it to `/v1/capture/RUNTIME`, prints `{}` and
 * resolves to 0, whatever happens. What cannot be sent goes to the spool; the next call that
 * reaches the server sends what waits there, oldest first. `CLAW_HOOK_TIMEOUT_MS` bounds it all.
 * With `--enforce` or `--mode` it asks first: see `enforce.ts`.
 */
export async function runHook(argv: readonly string[], env: Env): Promise<number> {
  if (argv.includes('--enforce') || argv.includes('--mode')) {
    const { runAsking } = await import('./enforce.ts');
    return runAsking(argv, env);
  }
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

async function hand(argv: readonly string[], env: Env, ends_at: number): Promise<void> {
  const captured_at = moment();
  const target = targetOf(argv, env);
  if (!target) return;
  const record = await readInput(ends_at - RESERVE_MS);
  const spool = openSpool(env, `${target.server.href}\n${target.token}`);
  if (record === undefined) return spool.drop();
  if (record.length === 0) return;
  const entry: Entry = { runtime: target.runtime, captured_at, record };
  const answer = await send(target, entry, ends_at - RESERVE_MS);
  if (answer === 'refused') return spool.drop();
  if (answer === 'away') return spool.keep(entry);
  await replay(spool, target, ends_at - RESERVE_MS);
}

function limitOf(env: Env): number {
  const wanted = Number(env['CLAW_HOOK_TIMEOUT_MS']);
  return Number.isFinite(wanted) && wanted > 0 ? wanted : LIMIT_MS;
}
