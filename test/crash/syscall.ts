/** A real server whose nth system call on its data fails, or during which it is killed. */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Account, openAccount } from './account.ts';
import { type Chance, newChance } from './chance.ts';
import { type Client, openClient } from './client.ts';
import { type Kind, type KindOptions, newTally, type Run, skipped } from './kind.ts';
import { restart } from './restart.ts';
import { dataOf, type ServerProcess, startServer, tokenOf } from './server_process.ts';
import {
  CALLS,
  type CallName,
  type Counts,
  countCalls,
  FAULTS,
  type FaultName,
  GROUPS,
  injected,
  injecting,
  keyOf,
  ONE_THREAD,
  type Point,
  straceMissing,
  watching,
} from './strace.ts';
import type { Problem } from './work.ts';

/** Small, so that files rotate and segments are archived within a few dozen events. */
const SETTINGS = {
  checkpoint_interval_ms: 25,
  heartbeat_interval_s: 1,
  journal_file_bytes: 4000,
  archive_segment_bytes: 7000,
  inline_bytes: 1024,
};
/** Sampled points of one call and one fault, times the root of how many there are. */
const SHARE = 0.55;
const ROUNDS = 4;
const ROUND_MS = 40;
/** A server that was asked to close and does not is a finding. */
const CLOSE_MS = 30_000;

const about =
  'A real server (one file thread) under strace: its nth fsync, fdatasync, write, rename, open, ' +
  'unlink, ftruncate or mkdir on the data folder, the index included, fails with EIO or ENOSPC, ' +
  'or it is killed there; on a new folder, and on one that a killed server left.';

/** `new`: an empty folder; `left`: what a server under load left when it was killed. */
type Ground = { readonly name: 'new' | 'left'; readonly counts: Counts; readonly from?: string };
type Case = { readonly ground: Ground; readonly point: Point; readonly fault: FaultName };

export const syscall: Kind = {
  name: 'syscall',
  about,
  async run(options) {
    const { seed, rounds, progress } = options;
    const missing = straceMissing();
    if (missing !== undefined) return skipped(syscall, seed, missing);
    const tally = newTally(syscall, seed);
    const left = openAccount(accountOptions(seed));
    const grounds = await survey(options, left);
    tally.points(pointsOf(grounds));
    const cases = grounds.flatMap((ground) => sample(ground, newChance(seed), rounds));
    for (const [i, one] of cases.entries()) {
      const account = one.ground.name === 'left' ? left.copy() : openAccount(accountOptions(seed));
      tally.ran(await runCase(options, one, account));
      progress(i + 1, cases.length);
    }
    return tally.result();
  },
};

function accountOptions(run: number) {
  const size = (n: number) => (n % 13 === 5 ? 20_000 : 50 + ((n * 131) % 300));
  return { start_ms: Date.now(), run, size };
}

/** Runs without a fault count the calls; the second is killed, and what it left is the ground. */
async function survey({ home }: KindOptions, left: Account): Promise<readonly Ground[]> {
  const from = join(home, 'ground');
  mkdirSync(from);
  const first = await watched(from, left);
  await first.server.kill();
  const counts = countCalls(from);
  const again = join(home, 'again');
  cpSync(from, again, { recursive: true });
  const second = await watched(again, left.copy());
  await stopped(second.server);
  const found = countCalls(again);
  rmSync(again, { recursive: true });
  return [
    { name: 'new', counts },
    { name: 'left', counts: found, from },
  ];
}

async function watched(home: string, account: Account) {
  const server = await startServer({
    ...{ home, settings: SETTINGS, env: ONE_THREAD },
    under: watching(home),
  });
  if ('refused' in server) throw new Error(`no server under strace: ${server.errors}`);
  await exercise({ home, server, account });
  return { server };
}

type Exercise = {
  readonly home: string;
  readonly server: ServerProcess;
  readonly account: Account;
};

/** What the server does between its start and its end. */
async function exercise({ home, server, account }: Exercise): Promise<void> {
  const client = openClient({ url: server.url, token: tokenOf({ home }), account });
  for (let round = 0; round < ROUNDS; round++) {
    await client.send(account.draft('a', 4));
    await client.send(account.draft('b', 1));
    if (round % 2 === 1) await client.send(account.draft('c', 2));
    await pause(ROUND_MS);
    await read(client);
  }
  client.close();
}

async function read(client: Client): Promise<void> {
  await client.get('/v1/events?query=ledger&tenant=a');
  for (const tenant of ['a', 'b', 'c']) await client.look(tenant);
}

async function runCase(options: KindOptions, one: Case, account: Account): Promise<Run> {
  const { ground, point, fault } = one;
  const home = join(options.home, 'case');
  rmSync(home, { recursive: true, force: true });
  if (ground.from === undefined) mkdirSync(home);
  else cpSync(ground.from, home, { recursive: true });
  const server = await startServer({
    ...{ home, settings: SETTINGS, env: ONE_THREAD },
    under: injecting(home, point, fault),
  });
  const problems: Problem[] = [];
  if ('refused' in server) {
    const { refused, errors } = server;
    const said = refused.signal !== null || isNamed(errors);
    if (!said) problems.push({ kind: 'broken', what: `no start, and no reason: ${errors}` });
  } else {
    await exercise({ home, server, account });
    if (!(await stopped(server))) problems.push({ kind: 'broken', what: 'it does not close' });
    const thrown = /\n\s+at .*:\d+:\d+/.test(server.errors());
    if (thrown) problems.push({ kind: 'broken', what: `it ended by ${server.errors()}` });
  }
  const faults = injected(home) ? [`${point.call} ${fault}`] : [];
  const data = dataOf({ home });
  const { problems: found, recovery_ms } = await restart({ data, account, settings: SETTINGS });
  problems.push(...found);
  const again = `--only syscall, ${ground.name} ${point.group} ${point.call} ${fault} ${point.n}`;
  const recovery = faults.length > 0 ? [recovery_ms] : [];
  const acknowledged = account.acknowledged();
  return { faults, acknowledged, problems, recovery_ms: recovery, again };
}

/** Whether a refusal says what failed, and not that something did. */
function isNamed(errors: string): boolean {
  return /"code":"(?!internal)/.test(errors);
}

/** Whether it ended when it was asked to. */
async function stopped(server: ServerProcess): Promise<boolean> {
  const late = new AbortController();
  const waiting = pause(CLOSE_MS, false, { signal: late.signal }).catch(() => false);
  const ended = await Promise.race([server.stop().then(() => true), waiting]);
  late.abort();
  if (!ended) await server.kill();
  return ended;
}

/** Every call is an own lot; of many like each other, a seeded share. */
function sample(ground: Ground, chance: Chance, rounds: number): readonly Case[] {
  const cases: Case[] = [];
  for (const [group, call, count] of countsOf(ground)) {
    const wanted = Math.min(count, Math.ceil(Math.sqrt(count) * SHARE * rounds));
    for (const fault of FAULTS) {
      for (let i = 0; i < wanted; i++) {
        const from = Math.floor((count * i) / wanted);
        const to = Math.floor((count * (i + 1)) / wanted);
        const n = 1 + from + chance(to - from);
        cases.push({ ground, point: { group, call, n }, fault });
      }
    }
  }
  return cases;
}

function* countsOf({ counts }: Ground): Generator<readonly [Point['group'], CallName, number]> {
  for (const group of GROUPS) {
    for (const call of CALLS) {
      const count = counts.get(keyOf(group, call)) ?? 0;
      if (count > 0) yield [group, call, count];
    }
  }
}

function pointsOf(grounds: readonly Ground[]): Record<string, number> {
  const points: Record<string, number> = {};
  for (const ground of grounds) {
    for (const [group, call, count] of countsOf(ground)) {
      points[`${ground.name}, ${group}, ${call}`] = count * FAULTS.length;
    }
  }
  return points;
}
