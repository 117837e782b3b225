/** `npm run test:crash`: breaks journal, store and servers on purpose, and reports what held. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { clock } from './clock.ts';
import { full } from './full.ts';
import { kill } from './kill.ts';
import type { Kind, KindResult } from './kind.ts';
import { pair } from './pair.ts';
import { journal, store, trail } from './power.ts';
import { summary, writeReport } from './report.ts';
import { syscall } from './syscall.ts';

/** The longest first: two run at a time. */
const KINDS: readonly Kind[] = [syscall, trail, kill, full, clock, pair, store, journal];
const LANES = 2;

const HELP = `npm run test:crash -- [options]

  --only KIND     one kind, or several: ${KINDS.map(({ name }) => name).join(', ')}
  --seed N        chooses every fault; the same seed makes the same faults (default 1)
  --rounds X      multiplies what is sampled (default 1, about half an hour; 0.1 for a short look)
  --json          prints the results as JSON and writes no report
  --write         puts the results into bench/results/crash.json and bench/CRASH.md;
                  a whole run does so by itself
  --help          this text

Ends with 1 where anything was lost, doubled, taken back or broken.
`;

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    seed: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  if (flags.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const unknown = flags.only?.find((name) => !KINDS.some((kind) => kind.name === name));
  if (unknown !== undefined) {
    process.stderr.write(`There is no kind ${unknown}.\n\n${HELP}`);
    return 2;
  }
  const kinds = KINDS.filter(({ name }) => flags.only?.includes(name) ?? true);
  const [only] = kinds;
  const results = kinds.length === 1 && only ? [await runHere(only)] : await runApart(kinds);
  if (flags.json) process.stdout.write(`${JSON.stringify(results)}\n`);
  else process.stdout.write(summary(results));
  if (flags.write || (flags.only === undefined && !flags.json)) writeReport(results);
  return results.every(isClean) ? 0 : 1;
}

function isClean({ problems }: KindResult): boolean {
  return Object.values(problems).every((count) => count === 0);
}

async function runHere(kind: Kind): Promise<KindResult> {
  const home = mkdtempSync(join(tmpdir(), 'claw-crash-'));
  // Servers share their compiled code: hundreds of starts take half the time.
  process.env['CRASH_CACHE'] ??= join(home, 'cache');
  mkdirSync(join(home, kind.name));
  const say = progressOf(kind.name);
  try {
    const result = await kind.run({
      ...{ seed: Number(flags.seed), rounds: Number(flags.rounds) },
      home: join(home, kind.name),
      progress: say,
    });
    const kept = isClean(result) ? '' : `: what was left is in ${home}`;
    process.stderr.write(`${kind.name} took ${result.duration_s} s${kept}\n`);
    if (isClean(result)) rmSync(home, { recursive: true, force: true });
    return result;
  } catch (error) {
    process.stderr.write(`${kind.name} stopped: what was left is in ${home}\n`);
    throw error;
  }
}

/** A line at each tenth of the way. */
function progressOf(name: string): (done: number, total: number) => void {
  let tenths = 0;
  return (done, total) => {
    const reached = Math.floor((done * 10) / total);
    if (reached === tenths) return;
    tenths = reached;
    process.stderr.write(`${name} ${done} of ${total}\n`);
  };
}

/** Each kind in a process of its own, two at a time. */
async function runApart(kinds: readonly Kind[]): Promise<KindResult[]> {
  const results = new Map<string, KindResult>();
  const queue = kinds.values();
  const lane = async () => {
    for (const { name } of queue) results.set(name, await runAsChild(name));
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return KINDS.flatMap(({ name }) => results.get(name) ?? []);
}

async function runAsChild(name: string): Promise<KindResult> {
  const args = ['--only', name, '--seed', flags.seed, '--rounds', flags.rounds, '--json'];
  const child = spawn(process.execPath, [import.meta.filename, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  await once(child, 'close');
  const [result] = JSON.parse(text || '[]') as KindResult[];
  if (result === undefined) throw new Error(`the crash tests of kind ${name} ended early`);
  return result;
}
