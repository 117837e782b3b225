/** A real server whose clock jumps, while it runs and from one start to the next. */
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Account, openAccount } from './account.ts';
import { type Chance, newChance, pick } from './chance.ts';
import { openClient } from './client.ts';
import type { Jump } from './jumping_clock.ts';
import { type Kind, type KindOptions, kindOfLives, type Run } from './kind.ts';
import { startLoad } from './load.ts';
import { restart } from './restart.ts';
import { dataOf, startServer, tokenOf } from './server_process.ts';
import type { Problem } from './work.ts';

const LIVES = 8;
const STARTS = 4;
const TENANTS = ['a', 'b'];
const PRELOAD = resolve(import.meta.dirname, 'jumping_clock.ts');
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Hours and days, back and forth; the last is before the epoch's year 2000. */
const OFFSETS = [-HOUR_MS, -7 * HOUR_MS, -3 * DAY_MS, HOUR_MS, 2 * DAY_MS, 40 * DAY_MS, 0];
const SETTINGS = {
  checkpoint_interval_ms: 40,
  heartbeat_interval_s: 1,
  journal_file_bytes: 60_000,
  archive_segment_bytes: 120_000,
};

const about =
  'A real server under load whose clock jumps back by hours or forward by days (a preloaded ' +
  'module shifts Date in all its threads), twice a run, and from one start to the next.';

export const clock: Kind = kindOfLives({ name: 'clock', about, lives: LIVES, live });

async function live({ home: parent }: KindOptions, seed: number): Promise<Run> {
  const chance = newChance(seed);
  const home = join(parent, `life-${seed}`);
  mkdirSync(home);
  const size = (n: number) => 100 + ((n * 131) % 900);
  const account = openAccount({ start_ms: Date.now(), run: seed, size });
  const faults: string[] = [];
  const problems: Problem[] = [];
  for (let starts = 0; starts < STARTS; starts++) {
    problems.push(...(await runOnce({ home, account, chance, faults })));
  }
  const restarted = await restart({ data: dataOf({ home }), account, settings: SETTINGS });
  problems.push(...restarted.problems);
  if (problems.length === 0) rmSync(home, { recursive: true });
  const again = `--only clock, life ${seed}`;
  const { recovery_ms } = restarted;
  const acknowledged = account.acknowledged();
  return { faults, problems, acknowledged, recovery_ms: [recovery_ms], again };
}

type Life = {
  readonly home: string;
  readonly account: Account;
  readonly chance: Chance;
  readonly faults: string[];
};

async function runOnce({ home, account, chance, faults }: Life): Promise<readonly Problem[]> {
  const jumps: Jump[] = [0, 1500, 1900].map((after_ms) => ({
    after_ms,
    off_ms: pick(chance, OFFSETS),
  }));
  const server = await startServer({
    ...{ home, settings: SETTINGS, node: ['--import', PRELOAD] },
    env: { CLOCK_JUMPS: JSON.stringify(jumps) },
  });
  if ('refused' in server) return [{ kind: 'broken', what: `no start: ${server.errors}` }];
  const client = openClient({ url: server.url, token: tokenOf({ home }), account });
  for (const tenant of account.tenants()) await client.send(account.waiting(tenant));
  const load = startLoad({ client, account, tenants: TENANTS, batch: 20 });
  const jumped = Math.max(0, 2000 - server.ready_ms);
  await pause(jumped);
  faults.push(...jumps.map(({ off_ms }, i) => named(off_ms - (jumps[i - 1]?.off_ms ?? 0))));
  const before = account.acknowledged();
  await pause(300);
  const problems: Problem[] = [];
  if (account.acknowledged() === before && !(await client.send(account.draft('a', 1)))) {
    problems.push({ kind: 'broken', what: 'nothing is taken after the clock jumped' });
  }
  const exit = chance(2) === 0 ? await server.kill() : await server.stop();
  await load.stop();
  client.close();
  if (exit.signal === null && exit.code !== 0) {
    problems.push({ kind: 'broken', what: `it ended with ${exit.code}: ${server.errors()}` });
  }
  return problems;
}

function named(by_ms: number): string {
  if (by_ms === 0) return 'no jump';
  return by_ms < 0 ? 'clock back' : 'clock forward';
}
