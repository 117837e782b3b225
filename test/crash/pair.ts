/** Two servers on one data folder: one is refused, the other does not notice. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Account, openAccount } from './account.ts';
import { openClient } from './client.ts';
import { type Kind, type KindOptions, kindOfLives, type Run } from './kind.ts';
import { startLoad } from './load.ts';
import { restart } from './restart.ts';
import {
  dataOf,
  type Refusal,
  type ServerProcess,
  startServer,
  tokenOf,
} from './server_process.ts';
import type { Problem } from './work.ts';

const LIVES = 5;
/** Servers that try to start while the first is at work. */
const SECONDS = 3;
const TENANTS = ['a', 'b'];
const SETTINGS = { checkpoint_interval_ms: 40, heartbeat_interval_s: 1 };

const about =
  'Two servers at once on one data folder, new and used: one serves, the other is refused and ' +
  'says by whom; the first is loaded meanwhile, then killed, and another starts at once.';

export const pair: Kind = kindOfLives({ name: 'pair', about, lives: LIVES, live });

type Life = { readonly home: string; readonly account: Account; readonly problems: Problem[] };

async function live({ home: parent, rounds }: KindOptions, seed: number): Promise<Run> {
  const home = join(parent, `life-${seed}`);
  mkdirSync(home);
  const account = openAccount({ start_ms: Date.now(), run: seed, size: (n) => (n * 131) % 700 });
  const life: Life = { home, account, problems: [] };
  const recovery_ms: number[] = [];
  const faults: string[] = [];
  const seconds = rounds > 0 ? SECONDS : 1;
  for (const ground of ['new', 'left'] as const) {
    const first = await race(life);
    if (first === undefined) break;
    if (ground === 'left') recovery_ms.push(first.ready_ms);
    faults.push('two starts at once');
    await intrude(life, first, seconds);
    const intruders = Array.from({ length: seconds }, () => 'second server');
    faults.push(...intruders, 'SIGKILL of the first');
  }
  const restarted = await restart({ data: dataOf({ home }), account, settings: SETTINGS });
  const problems = [...life.problems, ...restarted.problems];
  recovery_ms.push(restarted.recovery_ms);
  if (problems.length === 0) rmSync(home, { recursive: true });
  const again = `--only pair, life ${seed}`;
  return { faults, problems, acknowledged: account.acknowledged(), recovery_ms, again };
}

/** Two starts at the same time: the one that serves. */
async function race({ home, problems }: Life): Promise<ServerProcess | undefined> {
  const both = [
    startServer({ home, settings: SETTINGS }),
    startServer({ home, settings: SETTINGS }),
  ];
  const ended = await Promise.all(both);
  const serving = ended.filter((one): one is ServerProcess => 'url' in one);
  for (const one of ended) if ('refused' in one) problems.push(...wrongRefusal(one));
  if (serving.length !== 1) {
    problems.push({ kind: 'broken', what: `${serving.length} of two servers serve` });
  }
  for (const extra of serving.slice(1)) await extra.kill();
  return serving[0];
}

/** Others try to start while the first is at work; then it is killed. */
async function intrude(
  { home, account, problems }: Life,
  first: ServerProcess,
  seconds: number,
): Promise<void> {
  const client = openClient({ url: first.url, token: tokenOf({ home }), account });
  const load = startLoad({ client, account, tenants: TENANTS, batch: 20 });
  for (let n = 0; n < seconds; n++) {
    const before = account.acknowledged();
    const second = await startServer({ home, settings: SETTINGS });
    if ('refused' in second) problems.push(...wrongRefusal(second));
    else {
      problems.push({ kind: 'broken', what: 'a second server started' });
      await second.kill();
    }
    if (account.acknowledged() === before && !(await client.send(account.draft('a', 1)))) {
      problems.push({ kind: 'broken', what: 'the first server was harmed' });
    }
  }
  await first.kill();
  await load.stop();
  client.close();
}

function wrongRefusal({ errors, refused }: Refusal): Problem[] {
  if (errors.includes('"data.locked"') && refused.code !== 0) return [];
  return [{ kind: 'broken', what: `a second server is refused as ${errors}` }];
}
