/** Random bytes from the operating system, drawn many at a time: a draw costs what 4 KiB do. */
import { randomFillSync } from 'node:crypto';
import type { Entropy } from './root.ts';

const POOL_BYTES = 4096;

/** Bytes are given out once and never shared: each call copies them out and blanks them. */
export function pooledEntropy(): Entropy {
  const pool = Buffer.alloc(POOL_BYTES);
  let used = POOL_BYTES;
  return (bytes) => {
    if (bytes > POOL_BYTES) return randomFillSync(Buffer.alloc(bytes));
    if (used + bytes > POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    const given = Buffer.from(pool.subarray(used, used + bytes));
    pool.fill(0, used, used + bytes);
    used += bytes;
    return given;
  };
}
