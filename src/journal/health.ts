/** Whether the journal takes writes: a full disk passes, a failed sync never does. */
import type { Fault } from '../fault/fault.ts';
import { isFull, syncFault, writeFault } from '../store/disk.ts';

export type Health = {
  readonly state: () => 'open' | 'full' | 'failed';
  /** Throws `data.unwritable` once a write or a sync has failed for good. */
  readonly check: () => void;
  /** The fault of a write that failed: `data.full` if it may be tried again, else for ever. */
  readonly refused: (error: unknown, what: string) => Fault;
  /** The fault of what can never be tried again: a sync, or cutting off a torn write. */
  readonly failed: (error: unknown, what: string) => Fault;
  readonly written: () => void;
};

export function newHealth(): Health {
  let full = false;
  let failure: Fault | undefined;

  function failed(error: unknown, what: string): Fault {
    failure ??= syncFault(error, what);
    return failure;
  }

  return {
    state: () => (failure === undefined ? (full ? 'full' : 'open') : 'failed'),
    check() {
      if (failure !== undefined) throw failure;
    },
    refused(error, what) {
      if (!isFull(error)) return failed(error, what);
      full = true;
      return writeFault(error, what);
    },
    failed,
    written() {
      full = false;
    },
  };
}
