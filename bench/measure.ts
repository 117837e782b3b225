/** Numbers out of samples: percentiles, medians, and work repeated within a budget of time. */

/** Of a figure: `p50`, `p95`, `p99`, `max`, `samples`; or `value` and its neighbours. */
export type Values = Readonly<Record<string, number>>;

export type Budget = {
  /** The most repeats. */
  readonly times: number;
  /** No further repeat begins after so long. */
  readonly budget_ms: number;
  /** Repeats that are made though the time is over; 1 where absent. */
  readonly least?: number;
};

/** Percentiles; 0 where there is no sample. */
export function spread(samples: readonly number[]): Values {
  const sorted = samples.toSorted((a, b) => a - b);
  const last = sorted.length - 1;
  const at = (share: number) => rounded(sorted[Math.ceil(last * share)] ?? 0);
  const [p50, p95, p99, max] = [at(0.5), at(0.95), at(0.99), at(1)];
  return { p50, p95, p99, max, samples: sorted.length };
}

/** The median of repeats as `value`, and between what they lay. */
export function median(repeats: readonly number[]): Values {
  const sorted = repeats.toSorted((a, b) => a - b);
  const at = (place: number) => rounded(sorted[place] ?? 0);
  const middle = at(Math.floor((sorted.length - 1) / 2));
  return { value: middle, least: at(0), most: at(sorted.length - 1), repeats: sorted.length };
}

export async function repeated<T>(budget: Budget, work: (i: number) => Promise<T>): Promise<T[]> {
  const { times, budget_ms, least = 1 } = budget;
  const began = performance.now();
  const results: T[] = [];
  while (results.length < times) {
    if (results.length >= least && performance.now() - began > budget_ms) break;
    results.push(await work(results.length));
  }
  return results;
}

/** How long it takes, in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

export function perSecond(count: number, ms: number): number {
  return Math.round((count / ms) * 1000);
}

/** Four significant digits are more than a shared machine can vouch for. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
