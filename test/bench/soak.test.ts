import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { lognormal, seeded } from '../../bench/corpus/random.ts';
import { failures, type Sample, type Soak } from '../../bench/soak/soak.ts';
import { trendOf, trendsOf } from '../../bench/soak/trend.ts';

const COUNT = 180;
const STEADY: Sample = {
  at_s: 0,
  rss_mb: 400,
  heap_mb: 80,
  handles: 60,
  lag: 100,
  loop_p99_ms: 12,
  record_p50_ms: 1,
  record_p99_ms: 5,
  search_p50_ms: 4,
  search_p99_ms: 20,
  acknowledged: 0,
};

/** So many samples around a mean, with this much noise, and a rise from the first to the last. */
function series(seed: number, { noise, rise }: { noise: number; rise: number }): number[] {
  const random = seeded(seed);
  return Array.from({ length: COUNT }, (_, i) => {
    return 400 * lognormal(1, noise, random) + (rise * i) / (COUNT - 1);
  });
}

suite('the verdict of a soak', () => {
  test('calls noise no growth, whatever the noise', () => {
    const noisy = fc.record({
      seed: fc.integer({ min: 1, max: 1e6 }),
      noise: fc.double({ min: 0, max: 0.05, noNaN: true }),
    });
    fc.assert(
      fc.property(noisy, ({ seed, noise }) => {
        assert.equal(trendOf('rss_mb', series(seed, { noise, rise: 0 })).grew, false);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  test('sees a leak of a tenth through the same noise', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), (seed) => {
        assert.equal(trendOf('rss_mb', series(seed, { noise: 0.03, rise: 60 })).grew, true);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  test('minds neither what falls nor what rose in the first half alone', () => {
    assert.equal(trendOf('handles', series(7, { noise: 0.01, rise: -200 })).grew, false);
    const warming = Array.from({ length: COUNT }, (_, i) => {
      return { ...STEADY, rss_mb: Math.min(400, 100 + i * 10) };
    });
    assert.deepEqual(
      trendsOf(warming).filter(({ grew }) => grew),
      [],
    );
  });

  test('fails where handles grow by one a minute, and where an event is missing', () => {
    const leaking = Array.from({ length: 360 }, (_, i) => {
      return { ...STEADY, handles: 60 + Math.floor(i / 6) };
    });
    const soak = { trends: trendsOf(leaking), acknowledged: 10, counted: 9 } as unknown as Soak;
    assert.deepEqual(failures(soak), [
      'handles grew',
      '10 events were acknowledged, 9 are in the trail',
    ]);
  });
});
