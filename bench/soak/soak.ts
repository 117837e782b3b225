/** What a soak is and finds: samples over its time, what of them grew, what was counted. */
import type { Values } from '../measure.ts';
import type { Machine } from '../result.ts';

/** One look at the server and at the client's last seconds. */
export type Sample = {
  readonly at_s: number;
  readonly rss_mb: number;
  readonly heap_mb: number;
  readonly handles: number;
  /** Events that the index has yet to read. */
  readonly lag: number;
  /** 99th percentile since the look before, in milliseconds, of the server's main thread. */
  readonly loop_p99_ms: number;
  readonly record_p50_ms: number;
  readonly record_p99_ms: number;
  readonly search_p50_ms: number;
  readonly search_p99_ms: number;
  /** Events acknowledged so far. */
  readonly acknowledged: number;
};

/** What must not grow. */
export const WATCHED = ['rss_mb', 'heap_mb', 'handles', 'lag'] as const;
export type Watched = (typeof WATCHED)[number];

export type Trend = {
  readonly of: Watched;
  /** Mean of the second half. */
  readonly mean: number;
  /** How much a straight line through the second half rises from its begin to its end. */
  readonly rise: number;
  /** What such a rise would be by chance, one time in three. */
  readonly noise: number;
  /** What may rise without being called growth. */
  readonly tolerance: number;
  readonly grew: boolean;
};

export type Soak = {
  readonly minutes: number;
  /** Events a second that were asked for. */
  readonly rate: number;
  readonly at: string;
  readonly revision: string;
  readonly machine: Machine;
  readonly acknowledged: number;
  /** Events that are in the trail, less the recorder's own; each must be one acknowledged. */
  readonly counted: number;
  /** Entries that `clawctl verify` found sound, the recorder's own among them. */
  readonly verified: number;
  /** Milliseconds over the whole time. */
  readonly record: Values;
  readonly search: Values;
  /** How far behind its time the client sent, at the worst, in milliseconds. */
  readonly late_max_ms: number;
  readonly trends: readonly Trend[];
  readonly samples: readonly Sample[];
};

/** Why a soak fails; none where it passes. */
export function failures({ trends, acknowledged, counted }: Soak): readonly string[] {
  const grew = trends.filter((trend) => trend.grew).map(({ of }) => `${of} grew`);
  if (counted === acknowledged) return grew;
  return [...grew, `${acknowledged} events were acknowledged, ${counted} are in the trail`];
}
