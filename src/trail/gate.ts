/** Lets a bounded number of costly works go on at once; the others wait their turn, in order. */
import { Fault } from '../fault/fault.ts';

/** Throws `queue.full` where too many wait already, else whatever the work throws. */
export type Gate = <T>(work: () => Promise<T>) => Promise<T>;

export type GateOptions = { readonly at_once: number; readonly waiting: number };

export function openGate({ at_once, waiting }: GateOptions): Gate {
  const queue: (() => void)[] = [];
  let busy = 0;
  return async (work) => {
    if (busy < at_once) busy++;
    else {
      if (queue.length >= waiting) throw full(waiting);
      // Whoever is done hands over its place.
      await new Promise<void>((resolve) => queue.push(resolve));
    }
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next) next();
      else busy--;
    }
  };
}

function full(limit: number): Fault {
  return new Fault('queue.full', `${limit} requests are waiting already.`, {
    limit,
    retry_after_s: 1,
  });
}
