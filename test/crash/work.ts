/** The contract of work that is done on a simulated disk, and checked on what is left of it. */
import type { SimulatedDisk } from './simulated_disk.ts';

/** What must never be: the rows of the report. */
export type Problem = {
  /** `broken`: it does not start, does not verify, or does not catch up. */
  readonly kind: 'lost' | 'doubled' | 'head' | 'broken';
  readonly what: string;
};

/** One client's work from its beginning; the client remembers what it was promised. */
export type Work = {
  /** The folder above all that the work makes: the operator's, and durable. */
  readonly home: string;
  /** Ends when all is done or the disk gives it up; throws what no disk explains. */
  readonly run: (disk: SimulatedDisk) => Promise<void>;
  /** Starts again on what is left, sends again what was not acknowledged, and goes on a little. */
  readonly check: (disk: SimulatedDisk) => Promise<readonly Problem[]>;
  readonly acknowledged: () => number;
  /** Milliseconds from a start to its first answer. */
  readonly recovery_ms: () => number;
  readonly clear: () => void;
};

export type NewWork = () => Work;
