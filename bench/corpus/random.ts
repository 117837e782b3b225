/** Random numbers from a seed, so that two runs make the same events and ask the same questions. */

/** A number from 0 (inclusive) to 1 (exclusive). */
export type Random = () => number;

/** mulberry32: small, seeded, good enough for test data. */
export function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function pick<T>(from: readonly T[], random: Random): T {
  return from[Math.floor(random() * from.length)] as T;
}

/** A rank below `count`; how often it comes falls with it, as words do in text (Zipf). */
export function zipf(count: number, random: Random): number {
  return Math.floor((count + 1) ** random()) - 1;
}

/** Positive, with this median; the larger the spread, the longer the tail. */
export function lognormal(median: number, spread: number, random: Random): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return median * Math.exp(spread * normal);
}
