/** One fault in a piece of work on a simulated disk, the starts after it, and what they find. */
import { type Chance, newChance, pick } from './chance.ts';
import { type FolderNode, newFolder } from './media.ts';
import { type SimulatedDisk, simulatedDisk, type Trouble } from './simulated_disk.ts';
import { LOSSES, type Loss, survivors } from './survive.ts';
import type { NewWork, Problem } from './work.ts';

export type Scenario = {
  readonly trouble: Trouble;
  /** Chooses all else: what survives, and what happens in the starts that follow. */
  readonly seed: number;
};

export type Ran = {
  /** Faults that were met: the one that was asked for, and those of later starts. */
  readonly faults: readonly string[];
  readonly problems: readonly Problem[];
  readonly acknowledged: number;
  readonly recovery_ms: number;
};

/** A start has fewer changes than this; some of the interrupted starts end without their fault. */
const START_CHANGES = 30;

/** Changes after a disk's error within which the power may go too. */
const SOON_CHANGES = [4, 40, 400];

/**
 * After the fault: a start that may be interrupted too, a start that is checked, and one more
 * after the power went at once, since what a start shows must be there for ever.
 */
export async function runScenario(begin: NewWork, scenario: Scenario): Promise<Ran> {
  const chance = newChance(scenario.seed);
  const work = begin();
  const faults: string[] = [];
  let root = folderOf(work.home);

  /** A process from its start to its end; what is left when the power goes too. */
  async function live<T>(
    troubles: readonly Trouble[],
    act: (disk: SimulatedDisk) => Promise<T>,
  ): Promise<{ readonly met: readonly Trouble[]; readonly result: T }> {
    const disk = simulatedDisk({ root, chance, troubles });
    const result = await act(disk);
    disk.end();
    const met = disk.met();
    faults.push(...met.map((each) => (each.kind === 'error' ? each.code : each.kind)));
    if (met.some(({ kind }) => kind === 'power')) loseAll(pick(chance, LOSSES));
    return { met, result };
  }

  function loseAll(loss: Loss): void {
    root = survivors(root, loss, chance);
  }

  function ran(problems: readonly Problem[]): Ran {
    const acknowledged = work.acknowledged();
    return { faults, problems, acknowledged, recovery_ms: work.recovery_ms() };
  }

  try {
    const { met } = await live(withMore(scenario.trouble, chance), work.run);
    if (met.length === 0) return ran([]);
    if (chance(2) === 0) {
      const kind = chance(2) === 0 ? 'power' : 'kill';
      await live([{ kind, change: 1 + chance(START_CHANGES) }], work.check);
    }
    const checked = await live([], work.check);
    loseAll(pick(chance, LOSSES));
    const last = await live([], work.check);
    return ran([...checked.result, ...last.result]);
  } finally {
    work.clear();
  }
}

/** An error alone leaves the process running: at times it, or the machine, ends soon after. */
function withMore(trouble: Trouble, chance: Chance): readonly Trouble[] {
  if (trouble.kind === 'power' || trouble.kind === 'kill' || chance(3) === 0) return [trouble];
  const kind = chance(3) === 0 ? 'kill' : 'power';
  return [trouble, { kind, change: 1 + chance(pick(chance, SOON_CHANGES)) }];
}

/** How many calls and changes the work makes when nothing goes wrong. */
export async function measure(begin: NewWork): Promise<{ calls: number; changes: number }> {
  const work = begin();
  const root = folderOf(work.home);
  const disk = simulatedDisk({ root, chance: newChance(0), troubles: [] });
  await work.run(disk);
  disk.end();
  work.clear();
  return { calls: disk.calls(), changes: disk.changes() };
}

/** A disk with nothing but one empty folder. */
function folderOf(path: string): FolderNode {
  const names = path.split('/').filter((name) => name !== '');
  return names.reduceRight((inner, name) => newFolder([[name, inner]]), newFolder());
}
