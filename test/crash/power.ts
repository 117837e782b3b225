/** The simulated disk: every change and every call of a piece of work meets its trouble. */
import { newJournalWork } from './journal_work.ts';
import { type Kind, type KindOptions, type KindResult, newTally } from './kind.ts';
import { measure, runScenario } from './scenario.ts';
import type { Trouble } from './simulated_disk.ts';
import { newStoreWork } from './store_work.ts';
import { newTrailWork } from './trail_work.ts';
import type { NewWork } from './work.ts';

/** Seeds of each point: where the power goes, the process ends, a sync or any call fails. */
type Seeds = {
  readonly power: number;
  readonly kill: number;
  readonly sync: number;
  readonly error: number;
};

const SIMULATED =
  'on a simulated disk that knows what was synced: at every change the power goes (unsynced bytes ' +
  'and names are dropped, torn, reordered, kept), the process ends, a sync loses its bytes, and at ' +
  'every call EIO or ENOSPC; starts are interrupted too, and the power goes again after them.';

export const journal = simulated({
  name: 'journal',
  what: 'The journal alone',
  begin: newJournalWork,
  seeds: { power: 6, kill: 3, sync: 3, error: 2 },
});

export const store = simulated({
  name: 'store',
  what: 'The store alone',
  begin: newStoreWork,
  seeds: { power: 3, kill: 2, sync: 1, error: 1 },
});

export const trail = simulated({
  name: 'trail',
  what: 'The whole trail (journal, keys, large values, heads, tiles, archive)',
  begin: newTrailWork,
  seeds: { power: 1.5, kill: 0.75, sync: 0.4, error: 0.3 },
});

type Simulated = {
  readonly name: string;
  readonly what: string;
  readonly begin: NewWork;
  readonly seeds: Seeds;
};

function simulated({ name, what, begin, seeds }: Simulated): Kind {
  const kind = { name, about: `${what}, ${SIMULATED}` };
  return { ...kind, run: (options) => runAll(kind, { begin, seeds, options }) };
}

type Running = Pick<Simulated, 'begin' | 'seeds'> & { readonly options: KindOptions };

async function runAll(
  kind: Pick<Kind, 'name' | 'about'>,
  { begin, seeds, options }: Running,
): Promise<KindResult> {
  const { seed, rounds, progress } = options;
  const tally = newTally(kind, seed);
  const { calls, changes } = await measure(begin);
  const troubles = [...planned({ calls, changes, seeds, rounds })];
  for (const [i, trouble] of troubles.entries()) {
    const own = seed * 1_000_000 + i;
    const again = `--only ${kind.name}, ${JSON.stringify(trouble)} seed ${own}`;
    const { recovery_ms, ...ran } = await runScenario(begin, { trouble, seed: own });
    tally.ran({ ...ran, recovery_ms: [recovery_ms], again });
    progress(i + 1, troubles.length);
  }
  return tally.result();
}

type Plan = {
  readonly calls: number;
  readonly changes: number;
  readonly seeds: Seeds;
  readonly rounds: number;
};

/** Fewer than one seed a point takes points at even distances. */
function* planned({ calls, changes, seeds, rounds }: Plan): Generator<Trouble> {
  for (const kind of ['power', 'kill', 'sync'] as const) {
    for (const change of points(changes, seeds[kind] * rounds)) yield { kind, change };
  }
  for (const code of ['EIO', 'ENOSPC'] as const) {
    for (const call of points(calls, seeds.error * rounds)) {
      yield { kind: 'error', call, code, times: 1 + (call % 3) };
    }
  }
}

function* points(count: number, seeds: number): Generator<number> {
  const total = Math.ceil(count * seeds);
  for (let i = 0; i < total; i++) yield 1 + (Math.floor(i / seeds) % count);
}
