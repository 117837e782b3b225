/** Work of a whole trail: tenants, subjects, large values, trees, archive, its own records. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/trail/config.ts';
import { composeTrail } from '../../src/trail/open.ts';
import { openParts, type PartOptions } from '../../src/trail/part.ts';
import type { Trail } from '../../src/trail/trail.ts';
import { type Account, openAccount } from './account.ts';
import { checkTrail, look, verifyData } from './check.ts';
import type { SimulatedDisk } from './simulated_disk.ts';
import type { Problem, Work } from './work.ts';

const START_MS = 1_767_225_600_000;
const SESSIONS = 2;
const ROUNDS = 2;
const TENANTS = ['a', 'b', 'c'] as const;
/** Events a round: the first tenant's fill a tile, so that there are whole ones too. */
const COUNTS = { a: { count: 75 }, b: { count: 3 }, c: { count: 2 } } as const;

/** Lock and root key are on the machine's own disk, made once; the rest is simulated. */
const home = mkdtempSync(join(tmpdir(), 'claw-crash-'));
const data = join(home, 'data');
process.once('exit', () => rmSync(home, { recursive: true, force: true }));

/** No timer decides: the work itself signs and archives. */
const LIMITS = {
  checkpoint_interval_ms: 2_000_000_000,
  heartbeat_interval_s: 1_000_000,
  journal_file_bytes: 16_384,
  archive_segment_bytes: 40_000,
  inline_bytes: 1024,
};

type State = { readonly account: Account; clock_ms: number; slowest_ms: number };

export function newTrailWork(): Work {
  const size = (n: number) => (n % 61 === 5 ? 20_000 : (n * 131) % 300);
  const account = openAccount({ start_ms: START_MS, run: 0, size });
  const state: State = { account, clock_ms: START_MS, slowest_ms: 0 };
  return {
    home,
    run: async (disk) => {
      for (let n = 0; n < SESSIONS; n++) await session(state, disk);
    },
    check: (disk) => check(state, disk),
    acknowledged: account.acknowledged,
    recovery_ms: () => state.slowest_ms,
    clear: () => {},
  };
}

type Open = { readonly trail: Trail; readonly settle: () => Promise<void> };

async function open(state: State, disk: SimulatedDisk): Promise<Open> {
  const config = loadConfig({ flags: { ...LIMITS, data }, env: {} });
  const now = () => state.clock_ms++;
  const onFault = () => {};
  const options: PartOptions = { config, version: 'crash', now, onFault, index: 'memory', disk };
  const parts = await openParts(options);
  const { ledger } = parts;
  const settle = async () => {
    await ledger.integrate();
    await ledger.archive();
  };
  try {
    return { trail: await composeTrail(options, parts), settle };
  } catch (error) {
    await parts.close().catch(() => {});
    throw error;
  }
}

async function session(state: State, disk: SimulatedDisk): Promise<void> {
  const opened = await open(state, disk).catch(() => undefined);
  if (opened === undefined) return;
  const { trail, settle } = opened;
  for (let round = 0; round < ROUNDS; round++) {
    const tenants = TENANTS.slice(0, 2 + round);
    await Promise.all(tenants.map((tenant) => send(state, trail, { tenant, ...COUNTS[tenant] })));
    await settle().catch(() => {});
    await look(trail, state.account);
  }
  await readAndNote(trail).catch(() => {});
  await trail.close().catch(() => {});
}

async function send(
  { account }: State,
  trail: Trail,
  { tenant, count }: { readonly tenant: string; readonly count: number },
): Promise<void> {
  const sent = account.draft(tenant, count);
  const receipts = await trail.ingest(sent, { tenant_id: tenant }).catch(() => []);
  account.receive(sent, receipts);
}

async function readAndNote(trail: Trail): Promise<void> {
  const tool = 'logs.search';
  await trail.note({ type: 'access', tenant: 'a', user: 'somebody', tool, arguments: {} });
}

async function check(state: State, disk: SimulatedDisk): Promise<readonly Problem[]> {
  const began = performance.now();
  const opened = await open(state, disk).catch((error: unknown) => error as Error);
  state.slowest_ms = Math.max(state.slowest_ms, performance.now() - began);
  if (opened instanceof Error) return [{ kind: 'broken', what: `start: ${opened.message}` }];
  try {
    const problems = await checkTrail({ ...opened, account: state.account });
    await opened.trail.close();
    return [...problems, ...(await verifyData(data, disk))];
  } catch (error) {
    return [{ kind: 'broken', what: `after a start: ${(error as Error).stack}` }];
  } finally {
    await opened.trail.close().catch(() => {});
  }
}
