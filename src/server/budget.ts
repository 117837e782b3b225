/** Bounds the bytes of all requests in work at once. */
import { Fault } from '../fault/fault.ts';

/** One request's share; `end` gives it back. */
export type Lease = {
  /** Throws `queue.full` where the bytes would go over the limit. */
  readonly take: (bytes: number) => void;
  readonly end: () => void;
};

export type Budget = { readonly lease: () => Lease; readonly used: () => number };

export function openBudget(limit_bytes: number): Budget {
  let used = 0;
  return {
    used: () => used,
    lease: () => {
      let taken = 0;
      return {
        take: (bytes) => {
          if (used + bytes > limit_bytes) {
            throw new Fault('queue.full', `Requests in work hold ${limit_bytes} bytes already.`, {
              limit: limit_bytes,
              retry_after_s: 1,
            });
          }
          used += bytes;
          taken += bytes;
        },
        end: () => {
          used -= taken;
          taken = 0;
        },
      };
    },
  };
}
