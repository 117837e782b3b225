/** Whose turn it is: steps that callers share, and work that lets others go first. */
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';

/** Awaited between the steps of a long piece of work. */
export type Pace = () => Promise<unknown>;

/** Others have one turn of the event loop. */
export const inTurn: Pace = nextTurn;

/** Rest after a step of less than a millisecond: most of the time is left to who waits. */
const REST_MS = 4;

/** Work that nobody waits for rests, unless it must hurry. */
export function calmUnless(hurries: () => boolean): Pace {
  return () => (hurries() ? nextTurn() : wait(REST_MS));
}

/**
 * A step that never runs twice at once. A call while it runs waits for one more run, shared by all
 * such calls, so that each caller sees a run that began after its call.
 */
export function coalesce(step: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  function start(): Promise<void> {
    const run = step().finally(() => {
      running = undefined;
    });
    running = run;
    return run;
  }

  function startNext(): Promise<void> {
    next = undefined;
    return start();
  }

  return () => {
    if (next !== undefined) return next;
    if (running === undefined) return start();
    next = running.then(startNext, startNext);
    return next;
  };
}

export type Timer = {
  readonly stop: () => void;
  /** Resolves when a step that had begun has ended. */
  readonly idle: () => Promise<void>;
};

export type TimerOptions = {
  /** 0 for never. */
  readonly interval_ms: number;
  /** Told of each failure; the timer goes on. */
  readonly onError: (error: unknown) => void;
};

/** Runs a step at an interval, one after the other; does not keep the process alive. */
export function startTimer(step: () => Promise<void>, options: TimerOptions): Timer {
  const { interval_ms, onError } = options;
  let running = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let stopped = interval_ms <= 0;

  function schedule(): void {
    if (stopped) return;
    timer = setTimeout(() => {
      running = step().catch(onError).then(schedule);
    }, interval_ms).unref();
  }

  schedule();
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
    idle: () => running,
  };
}
