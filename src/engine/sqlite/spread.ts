/** Questions that count rows, asked of several readers at once: each counts some of the files. */
import * as answer from '../answer.ts';
import type { Bar, Bucket } from '../engine.ts';
import type { FileInfo } from './file.ts';
import type { Question } from './reader.ts';

export type Counting = Extract<Question, { kind: 'count' | 'facets' | 'histogram' }>;

export type Spread = {
  /** What to ask each reader. */
  readonly question: Counting;
  /** The answer from theirs. Throws `query.invalid` where it is too large. */
  readonly join: (values: readonly unknown[]) => unknown;
};

/** Files in groups of about as many; big and small ones alternate by age. */
export function groupsOf(files: readonly FileInfo[], readers: number): readonly FileInfo[][] {
  const count = Math.max(1, Math.min(readers, files.length));
  return Array.from({ length: count }, (_, i) => files.filter((_file, at) => at % count === i));
}

export function spread(question: Counting): Spread {
  switch (question.kind) {
    case 'count':
      return { question, join: (counts) => (counts as number[]).reduce((a, b) => a + b, 0) };
    case 'facets':
      // A value that is rare in one group of files may be frequent in all.
      return {
        question: { ...question, limit: answer.FACET_VALUES },
        join: (buckets) => joinedBuckets(buckets as Bucket[][], question.limit),
      };
    case 'histogram':
      return { question, join: (bars) => joinedBars(bars as Bar[][]) };
  }
}

function joinedBuckets(groups: readonly (readonly Bucket[])[], limit: number): Bucket[] {
  const counts = new Map<string, number>();
  for (const { value, count } of groups.flat()) answer.tally(counts, value, count);
  return answer.bucketsOf(counts, limit);
}

function joinedBars(groups: readonly (readonly Bar[])[]): Bar[] {
  const counts = new Map<number, number>();
  for (const { from_ms, count } of groups.flat()) answer.tally(counts, from_ms, count);
  return answer.barsOf(counts);
}
