/** Bounds the bytes of all requests, or of all answers, at once. */
import { Fault } from '../fault/fault.ts';

/** One client's share; `end` gives it back. */
export type Lease = {
  /** Throws `queue.full` where the bytes would go over the limit. */
  readonly take: (bytes: number) => void;
  /**
   * It waits for its client from now on, until `undefined`. Where it still does after the
   * patience, and others need the room, it is ended and `leave` is told why.
   */
  readonly waits: (leave: Leave | undefined) => void;
  readonly end: () => void;
};

export type Leave = (fault: Fault) => void;
export type Budget = {
  readonly limit_bytes: number;
  readonly lease: () => Lease;
  readonly used: () => number;
};

export type BudgetOptions = {
  readonly limit_bytes: number;
  /** Milliseconds that a client may let others wait. */
  readonly patience_ms: number;
  /** Unix milliseconds. */
  readonly now: () => number;
};

type Holder = { taken: number; waiting?: { readonly leave: Leave; readonly since_ms: number } };

export function openBudget({ limit_bytes, patience_ms, now }: BudgetOptions): Budget {
  const holders = new Set<Holder>();
  let used = 0;
  const release = (holder: Holder) => {
    if (holders.delete(holder)) used -= holder.taken;
  };
  const makeRoom = (bytes: number, own: Holder) => {
    for (const holder of holders) {
      if (used + bytes <= limit_bytes) return;
      const { waiting } = holder;
      if (!waiting || holder === own || now() - waiting.since_ms < patience_ms) continue;
      release(holder);
      waiting.leave(full(limit_bytes));
    }
    if (used + bytes > limit_bytes) throw full(limit_bytes);
  };
  return {
    limit_bytes,
    used: () => used,
    lease: () => {
      const holder: Holder = { taken: 0 };
      holders.add(holder);
      return {
        take: (bytes) => {
          if (!holders.has(holder)) throw full(limit_bytes);
          makeRoom(bytes, holder);
          used += bytes;
          holder.taken += bytes;
        },
        waits: (leave) => {
          if (leave) holder.waiting = { leave, since_ms: now() };
          else delete holder.waiting;
        },
        end: () => release(holder),
      };
    },
  };
}

function full(limit: number): Fault {
  return new Fault('queue.full', `Requests in work hold ${limit} bytes already.`, {
    limit,
    retry_after_s: 1,
  });
}
