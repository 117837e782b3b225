/** A real server on a disk that fills up, by its own writing and by somebody else's. */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Account, openAccount } from './account.ts';
import { type Chance, newChance, pick } from './chance.ts';
import { type Client, openClient } from './client.ts';
import { type Kind, kindOfLives, type Run, skipped } from './kind.ts';
import { startLoad } from './load.ts';
import { restart } from './restart.ts';
import { dataOf, startServer, tokenOf } from './server_process.ts';
import type { Problem } from './work.ts';

const LIVES = 10;
const FILLS = 3;
const DISK_MIB = 96;
/** Events of one fill, so that they alone never take the disk. */
const MOST = 4000;
const TENANTS = ['a', 'b', 'c'];
const SETTINGS = {
  checkpoint_interval_ms: 40,
  heartbeat_interval_s: 1,
  journal_file_bytes: 100_000,
  archive_segment_bytes: 200_000,
  inline_bytes: 4096,
};
/** How long service may take to come back when there is room again. */
const BACK_MS = 60_000;
const LOOK_MS = 50;

const about =
  'A real server on a tmpfs of 96 MiB that somebody else fills to the last byte; then room is ' +
  'made (service must come back by itself), or it is killed or asked to close while it is full.';

const lives = kindOfLives({
  name: 'full',
  about,
  lives: LIVES,
  live: async ({ home }, seed) => {
    const disk = join(home, 'disk');
    mount(disk);
    try {
      return await live(disk, seed);
    } finally {
      unmount(disk);
    }
  },
});

export const full: Kind = {
  ...lives,
  async run(options) {
    const disk = join(options.home, 'disk');
    mkdirSync(disk);
    if (!mount(disk)) return skipped(full, options.seed, 'only root may mount a tmpfs');
    unmount(disk);
    return lives.run(options);
  },
};

function mount(disk: string): boolean {
  const args = ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'tmpfs', disk];
  return spawnSync('mount', args).status === 0;
}

function unmount(disk: string): void {
  spawnSync('umount', ['-l', disk]);
}

type Life = {
  readonly home: string;
  readonly account: Account;
  readonly chance: Chance;
  readonly faults: string[];
  readonly problems: Problem[];
  readonly recovery_ms: number[];
};

async function live(home: string, seed: number): Promise<Run> {
  const size = (n: number) => (n % 97 === 5 ? 30_000 : 100 + ((n * 131) % 900));
  const account = openAccount({ start_ms: Date.now(), run: seed, size });
  const chance = newChance(seed);
  const life: Life = { home, account, chance, faults: [], problems: [], recovery_ms: [] };
  // The very first start may find the disk full too.
  if (chance(4) === 0) await startOnFull(life);
  for (let fills = 0; fills < FILLS; fills++) await fillOnce(life);
  const { problems, recovery_ms } = await restart({
    data: dataOf({ home }),
    account,
    settings: SETTINGS,
  });
  life.problems.push(...problems);
  life.recovery_ms.push(recovery_ms);
  const again = `--only full, life ${seed}`;
  return { ...life, acknowledged: account.acknowledged(), again };
}

async function fillOnce(life: Life): Promise<void> {
  const { home, account, chance, problems } = life;
  const server = await startServer({ home, settings: SETTINGS });
  if ('refused' in server) {
    problems.push({ kind: 'broken', what: `no start with room: ${server.errors}` });
    return;
  }
  const client = openClient({ url: server.url, token: tokenOf({ home }), account });
  const load = startLoad({ client, account, tenants: TENANTS, batch: 30, most: MOST });
  await pause(chance(400));
  fill(home, chance(3) * 20_000);
  await untilFull(client);
  life.faults.push('full disk');
  await pause(chance(200));
  const end = pick(chance, ['room', 'kill', 'close'] as const);
  if (end === 'room') {
    empty(home);
    if (!(await back(client, account))) {
      problems.push({ kind: 'broken', what: 'service did not come back with room' });
    }
  }
  if (end === 'kill') await server.kill();
  await load.stop();
  const exit = await server.stop();
  client.close();
  if (end !== 'kill' && exit.signal !== null) {
    problems.push({ kind: 'broken', what: `it ended by ${exit.signal}: ${server.errors()}` });
  }
  if (end === 'kill' && chance(2) === 0) await startOnFull(life);
  empty(home);
}

/** A start on a full disk may be refused, but only as what it is. */
async function startOnFull({ home, faults, problems }: Life): Promise<void> {
  fill(home, 0);
  const server = await startServer({ home, settings: SETTINGS });
  faults.push('full disk at start');
  if ('refused' in server) {
    const full = server.errors.includes('"data.full"');
    if (!full) problems.push({ kind: 'broken', what: `start on a full disk: ${server.errors}` });
  } else await server.stop();
  empty(home);
}

const ballast = (home: string) => join(home, 'ballast');

/** Takes all room but the last few bytes. */
function fill(home: string, leave_bytes: number): void {
  const file = openSync(ballast(home), 'a');
  try {
    for (const size of [1_000_000, 4096, 1]) writeUntilFull(file, Buffer.alloc(size, 'x'));
    const { size } = statSync(ballast(home));
    if (leave_bytes > 0) ftruncateSync(file, Math.max(0, size - leave_bytes));
  } finally {
    closeSync(file);
  }
}

function writeUntilFull(file: number, bytes: Buffer): void {
  try {
    for (;;) writeSync(file, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

function empty(home: string): void {
  rmSync(ballast(home), { force: true });
}

/** The load takes what is left of the room. */
async function untilFull(client: Client): Promise<void> {
  for (let waited = 0; waited < BACK_MS; waited += LOOK_MS) {
    if ((await client.get('/healthz'))?.status === 503) return;
    await pause(LOOK_MS);
  }
}

/** Events are taken again, the index catches up, and a checkpoint covers them. */
async function back(client: Client, account: Account): Promise<boolean> {
  for (let waited = 0; waited < BACK_MS; waited += LOOK_MS) {
    if (await client.send(account.draft('a', 1))) break;
    await pause(LOOK_MS);
  }
  for (let waited = 0; waited < BACK_MS; waited += LOOK_MS) {
    const status = await client.get('/v1/status');
    const { journal, engine } = JSON.parse(status?.text ?? '{}');
    if (engine?.failure) return false;
    if (journal?.state === 'open' && engine?.lag < 1000) return true;
    await pause(LOOK_MS);
  }
  return false;
}
