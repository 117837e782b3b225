/** Seeded chance: the same numbers each time for a seed, so that every fault can be made again. */

/** A whole number in [0, below). */
export type Chance = (below: number) => number;

/** mulberry32: small, and good enough to choose faults with. */
export function newChance(seed: number): Chance {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

export function pick<T>(chance: Chance, from: readonly T[]): T {
  return from[chance(from.length)] as T;
}
