/** The contract of a kind of crash test, and the counting that all kinds share. */
import type { Problem } from './work.ts';

export type KindOptions = {
  readonly seed: number;
  /** Multiplies what is sampled; 1 is what a whole run takes, 0 the least that says something. */
  readonly rounds: number;
  /** An empty folder of this kind's own. */
  readonly home: string;
  readonly progress: (done: number, total: number) => void;
};

export type Kind = {
  readonly name: string;
  /** What is done, in one sentence. */
  readonly about: string;
  readonly run: (options: KindOptions) => Promise<KindResult>;
};

export type KindResult = {
  readonly name: string;
  readonly about: string;
  /** Why it did not run here. */
  readonly skipped?: string;
  readonly seed: number;
  /** Times that a fault was made and a start followed. */
  readonly runs: number;
  /** Faults that were met, by name. */
  readonly faults: Readonly<Record<string, number>>;
  /** How many points there are where a fault could come, where not all were taken. */
  readonly points?: Readonly<Record<string, number>>;
  readonly acknowledged: number;
  readonly problems: Readonly<Record<Problem['kind'], number>>;
  /** The first of them, with how to make them again. */
  readonly examples: readonly string[];
  readonly recovery_ms: { readonly median: number; readonly longest: number };
  readonly duration_s: number;
};

export type Tally = {
  readonly ran: (run: Run) => void;
  readonly points: (points: Readonly<Record<string, number>>) => void;
  readonly result: () => KindResult;
};

export type Run = {
  readonly faults: readonly string[];
  readonly acknowledged: number;
  readonly problems: readonly Problem[];
  readonly recovery_ms: readonly number[];
  /** How to make it again. */
  readonly again: string;
};

const EXAMPLES = 40;

export function newTally(kind: Pick<Kind, 'name' | 'about'>, seed: number): Tally {
  const began = performance.now();
  const faults = new Map<string, number>();
  const problems = { lost: 0, doubled: 0, head: 0, broken: 0 };
  const examples: string[] = [];
  const recoveries: number[] = [];
  let points: KindResult['points'];
  let runs = 0;
  let acknowledged = 0;
  return {
    ran(run) {
      runs++;
      acknowledged += run.acknowledged;
      recoveries.push(...run.recovery_ms);
      for (const fault of run.faults) faults.set(fault, (faults.get(fault) ?? 0) + 1);
      for (const problem of run.problems) {
        problems[problem.kind]++;
        if (examples.length >= EXAMPLES) continue;
        examples.push(`${run.again}: ${problem.kind}: ${problem.what}`);
      }
    },
    points(found) {
      points = found;
    },
    result: () => ({
      name: kind.name,
      about: kind.about,
      seed,
      runs,
      faults: Object.fromEntries([...faults].sort()),
      ...(points === undefined ? {} : { points }),
      acknowledged,
      problems,
      examples,
      recovery_ms: spread(recoveries),
      duration_s: Math.round((performance.now() - began) / 1000),
    }),
  };
}

/** A kind that ruins one data folder after the other: so many in a whole run, at least one. */
export type Lives = Pick<Kind, 'name' | 'about'> & {
  readonly lives: number;
  readonly live: (options: KindOptions, seed: number) => Promise<Run>;
};

export function kindOfLives({ name, about, lives: most, live }: Lives): Kind {
  return {
    name,
    about,
    async run(options) {
      const { seed, rounds, progress } = options;
      const tally = newTally({ name, about }, seed);
      const lives = Math.max(1, Math.round(most * rounds));
      for (let life = 0; life < lives; life++) {
        tally.ran(await live(options, seed * 1000 + life));
        progress(life + 1, lives);
      }
      return tally.result();
    },
  };
}

/** A kind that cannot run here. */
export function skipped(kind: Pick<Kind, 'name' | 'about'>, seed: number, why: string): KindResult {
  return { ...newTally(kind, seed).result(), skipped: why };
}

function spread(values: readonly number[]): KindResult['recovery_ms'] {
  const sorted = [...values].sort((a, b) => a - b);
  const round = (value: number | undefined) => Math.round(value ?? 0);
  return { median: round(sorted[Math.floor(sorted.length / 2)]), longest: round(sorted.at(-1)) };
}
