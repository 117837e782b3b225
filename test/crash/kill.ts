/** kill -9 at any time under load, again and again on the same data. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openAccount } from './account.ts';
import { type Chance, newChance } from './chance.ts';
import { openClient } from './client.ts';
import { type Kind, type KindOptions, kindOfLives } from './kind.ts';
import { startLoad } from './load.ts';
import { restart } from './restart.ts';
import { startServer, tokenOf } from './server_process.ts';
import type { Problem } from './work.ts';

const LIVES = 16;
const KILLS = 5;
const TENANTS = ['a', 'b', 'c'];
const DELAY_MS = 900;
/** A start takes about so long. */
const START_MS = 700;

/** Small, so that files rotate and segments are archived while it is killed. */
const SETTINGS = {
  checkpoint_interval_ms: 40,
  heartbeat_interval_s: 1,
  journal_file_bytes: 100_000,
  archive_segment_bytes: 250_000,
  inline_bytes: 4096,
};

const about =
  'A real server under eight lanes of batches, single events and searches gets SIGKILL after a ' +
  'seeded delay, also while it starts; it is started again on the same data.';

export const kill: Kind = kindOfLives({ name: 'kill', about, lives: LIVES, live });

/** One data folder from its first start through all its kills. */
async function live({ home: parent, rounds }: KindOptions, seed: number) {
  const chance = newChance(seed);
  const home = join(parent, `life-${seed}`);
  mkdirSync(home);
  const size = (n: number) => (n % 97 === 5 ? 30_000 : 100 + ((n * 131) % 900));
  const account = openAccount({ start_ms: Date.now(), run: seed, size });
  const problems: Problem[] = [];
  const recovery_ms: number[] = [];
  const faults: string[] = [];
  const most = rounds > 0 ? KILLS : 2;
  for (let kills = 0; kills < most; kills++) {
    const killed = await liveOnce(home, account, chance);
    problems.push(...killed.problems);
    faults.push(...killed.faults);
    if (kills > 0) recovery_ms.push(...killed.ready_ms);
  }
  const checked = await restart({ data: join(home, 'data'), account, settings: SETTINGS });
  problems.push(...checked.problems);
  recovery_ms.push(checked.recovery_ms);
  if (problems.length === 0) rmSync(home, { recursive: true });
  const again = `--only kill, life ${seed}`;
  return { faults, problems, recovery_ms, acknowledged: account.acknowledged(), again };
}

type Lived = {
  readonly faults: readonly string[];
  readonly problems: readonly Problem[];
  readonly ready_ms: readonly number[];
};

async function liveOnce(
  home: string,
  account: ReturnType<typeof openAccount>,
  chance: Chance,
): Promise<Lived> {
  const options = { home, settings: SETTINGS };
  const faults = ['SIGKILL'];
  if (chance(2) === 0) {
    const doomed = await startServer({ ...options, doom_ms: chance(START_MS) });
    if ('url' in doomed) await doomed.kill();
    faults.push('SIGKILL at start');
  }
  const server = await startServer(options);
  if ('refused' in server) {
    return { faults, problems: [{ kind: 'broken', what: server.errors }], ready_ms: [] };
  }
  const client = openClient({ url: server.url, token: tokenOf(options), account });
  const problems: Problem[] = [];
  for (const tenant of account.tenants()) {
    const waiting = account.waiting(tenant);
    if (waiting.length > 0 && !(await client.send(waiting))) {
      problems.push({ kind: 'broken', what: `${tenant}: what is sent again is refused` });
    }
  }
  const load = startLoad({ client, account, tenants: TENANTS, batch: 40 });
  await pause(chance(DELAY_MS));
  const exit = await server.kill();
  await load.stop();
  client.close();
  if (exit.signal !== 'SIGKILL') {
    problems.push({ kind: 'broken', what: `it ended by itself: ${server.errors()}` });
  }
  return { faults, problems, ready_ms: [server.ready_ms] };
}
