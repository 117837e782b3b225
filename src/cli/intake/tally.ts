/** Counts what an import did, and keeps what went wrong with its place. */

export type Problem = {
  readonly file: string;
  /** The line, or the place in the list, from 1; absent where the whole file is meant. */
  readonly place?: number;
  readonly message: string;
};

/** The summary of an import, as `--json` prints it. */
export type Summary = {
  readonly files: number;
  readonly records: number;
  /** Events that the records make. */
  readonly events: number;
  readonly sessions: number;
  /** Events that are new in the trail, and those that it held already. */
  readonly recorded: number;
  readonly known: number;
  /** Records that add nothing, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
  readonly problem_count: number;
  /** The first of them. */
  readonly problems: readonly Problem[];
};

export type Tally = {
  readonly count: (what: 'files' | 'records' | 'events' | 'recorded' | 'known') => void;
  readonly session: (session_id: string) => void;
  readonly skip: (reason: string) => void;
  readonly problem: (problem: Problem) => void;
  readonly summary: () => Summary;
};

/** Problems that are kept; all are counted. */
const PROBLEMS = 1000;
/** Reasons that are told apart. */
const REASONS = 200;

export function openTally(): Tally {
  const counts = { files: 0, records: 0, events: 0, recorded: 0, known: 0 };
  const sessions = new Set<string>();
  const reasons = new Map<string, number>();
  const problems: Problem[] = [];
  let problem_count = 0;
  return {
    count: (what) => {
      counts[what]++;
    },
    session: (session_id) => {
      sessions.add(session_id);
    },
    skip: (reason) => {
      const known = reasons.has(reason) || reasons.size < REASONS ? reason : '…';
      reasons.set(known, (reasons.get(known) ?? 0) + 1);
    },
    problem: (problem) => {
      problem_count++;
      if (problems.length < PROBLEMS) problems.push(problem);
    },
    summary: () => ({
      ...counts,
      sessions: sessions.size,
      skipped: Object.fromEntries([...reasons].sort(([, a], [, b]) => b - a)),
      problem_count,
      problems,
    }),
  };
}
