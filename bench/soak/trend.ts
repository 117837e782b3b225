/** Tells growth from noise: a straight line through the second half of what was sampled. */
import { rounded } from '../measure.ts';
import { type Sample, type Trend, WATCHED, type Watched } from './soak.ts';

/** Neighbouring samples are alike, so that each alone proves little: their means are compared. */
const BLOCKS = 12;
/** By so many times its own noise must a rise be larger to be no chance. */
const SURE = 3;
/** A share of the mean, and what is nothing in any case. */
const TOLERANCE: Readonly<Record<Watched, { share: number; least: number }>> = {
  rss_mb: { share: 0.05, least: 16 },
  heap_mb: { share: 0.05, least: 8 },
  handles: { share: 0.02, least: 2 },
  lag: { share: 0.05, least: 5000 },
};

export function trendsOf(samples: readonly Sample[]): readonly Trend[] {
  const half = samples.slice(Math.floor(samples.length / 2));
  return WATCHED.map((of) =>
    trendOf(
      of,
      half.map((sample) => sample[of]),
    ),
  );
}

export function trendOf(of: Watched, values: readonly number[]): Trend {
  const blocks = means(values, Math.min(BLOCKS, values.length));
  const mean = average(blocks);
  const { rise, noise } = line(blocks, mean);
  const { share, least } = TOLERANCE[of];
  const tolerance = Math.max(mean * share, least);
  const grew = rise > tolerance && rise > SURE * noise;
  return {
    of,
    ...{ mean: rounded(mean), rise: rounded(rise), noise: rounded(noise) },
    tolerance: rounded(tolerance),
    grew,
  };
}

/** Least squares: the line's rise over all blocks, and the standard error of that rise. */
function line(values: readonly number[], mean: number): { rise: number; noise: number } {
  const count = values.length;
  if (count < 3) return { rise: 0, noise: 0 };
  const middle = (count - 1) / 2;
  const width = values.reduce((sum, _, i) => sum + (i - middle) ** 2, 0);
  const slope = values.reduce((sum, value, i) => sum + (i - middle) * (value - mean), 0) / width;
  const rest = values.reduce((sum, value, i) => {
    return sum + (value - mean - slope * (i - middle)) ** 2;
  }, 0);
  const error = Math.sqrt(rest / (count - 2) / width);
  return { rise: slope * (count - 1), noise: error * (count - 1) };
}

function means(values: readonly number[], count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const from = Math.floor((i * values.length) / count);
    return average(values.slice(from, Math.floor(((i + 1) * values.length) / count)));
  });
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1);
}
