/** Readers: one question at a time each, the rest in a queue, fair to tenants, none too long. */
import { Fault } from '../../fault/fault.ts';
import type { ReaderProcess } from './process.ts';
import { type Asked, timeout } from './reader.ts';

/** A question with everything but its deadline. */
export type PoolAsk = Omit<Asked, 'deadline_ms'>;

/** On whose behalf a question is asked. */
export type Asker = {
  readonly tenant: string;
  /** Aborts when nobody waits for the answer any more: its work is ended. */
  readonly signal?: AbortSignal | undefined;
};

export type Pool = {
  /** Throws `query.timeout` when there is no answer in time, whatever the reader is doing. */
  readonly ask: (asker: Asker, make: () => PoolAsk) => Promise<unknown>;
  readonly close: () => Promise<void>;
};

export type PoolOptions = {
  /** Begins a reader; `onEnd` is told when it is gone. */
  readonly start: (onEnd: () => void) => ReaderProcess;
  /** The most readers at once; each begins when it is first needed. */
  readonly readers: number;
  readonly timeout_ms: number;
};

/** Questions that wait for a reader, of all tenants and of one; more are refused. */
const QUEUE = 1_000;
const TENANT_QUEUE = 250;
/** What a reader may take to notice by itself that its time is over, in milliseconds. */
const GRACE_MS = 1_000;

type Waiting = Asker & {
  readonly make: () => PoolAsk;
  readonly deadline_ms: number;
  readonly result: PromiseWithResolvers<unknown>;
};

/** A reader with what it is asked now, and the timer that ends it. */
type Seat = { readonly reader: ReaderProcess; serving?: Waiting; stuck?: NodeJS.Timeout };

type State = PoolOptions & {
  readonly seats: Set<Seat>;
  readonly queue: Waiting[];
  closed: boolean;
};

export function openPool(options: PoolOptions): Pool {
  const state: State = { ...options, seats: new Set(), queue: [], closed: false };
  return {
    ask: (asker, make) => {
      if (state.closed) return Promise.reject(closing());
      const own = state.queue.filter(({ tenant }) => tenant === asker.tenant).length;
      if (own >= TENANT_QUEUE) return Promise.reject(tooMany(TENANT_QUEUE));
      if (state.queue.length >= QUEUE) return Promise.reject(tooMany(QUEUE));
      return enqueue(state, asker, make);
    },
    close: async () => {
      state.closed = true;
      for (const { result } of state.queue.splice(0)) result.reject(closing());
      await Promise.all([...state.seats].map(({ reader }) => reader.end(closing())));
    },
  };
}

async function enqueue(state: State, asker: Asker, make: () => PoolAsk): Promise<unknown> {
  const { signal } = asker;
  const deadline_ms = Date.now() + state.timeout_ms;
  const waiting: Waiting = { ...asker, make, deadline_ms, result: Promise.withResolvers() };
  const late = setTimeout(() => waiting.result.reject(timeout()), state.timeout_ms);
  const leave = () => abandon(state, waiting);
  signal?.addEventListener('abort', leave, { once: true });
  state.queue.push(waiting);
  if (signal?.aborted) leave();
  next(state);
  try {
    return await waiting.result.promise;
  } finally {
    clearTimeout(late);
    signal?.removeEventListener('abort', leave);
    const at = state.queue.indexOf(waiting);
    if (at >= 0) state.queue.splice(at, 1);
  }
}

/** Most answers come within the grace: to end a reader for each caller that left costs more. */
function abandon(state: State, waiting: Waiting): void {
  waiting.result.reject(unwanted());
  for (const seat of state.seats) {
    if (seat.serving === waiting && seat.stuck) limit(state, seat, GRACE_MS);
  }
}

function next(state: State): void {
  while (!state.closed) {
    const waiting = fairest(state);
    if (waiting === undefined) return;
    const seat = freeSeat(state);
    if (seat === undefined) return;
    state.queue.splice(state.queue.indexOf(waiting), 1);
    void serve(state, seat, waiting);
  }
}

/** Of so many readers, those that one tenant may have at once. */
export function shareOf(readers: number): number {
  return Math.max(1, readers - 1);
}

/**
 * The oldest question of the tenant with the fewest under way. No tenant has every reader, where
 * there are several, so that slow questions of one keep no other's from being answered.
 */
function fairest({ queue, seats, readers }: State): Waiting | undefined {
  const busy = new Map<string, number>();
  for (const { serving } of seats) {
    if (serving !== undefined) busy.set(serving.tenant, (busy.get(serving.tenant) ?? 0) + 1);
  }
  let best: Waiting | undefined;
  let least = shareOf(readers);
  for (const waiting of queue) {
    const count = busy.get(waiting.tenant) ?? 0;
    if (count >= least) continue;
    best = waiting;
    least = count;
  }
  return best;
}

function freeSeat(state: State): Seat | undefined {
  for (const seat of state.seats) if (seat.serving === undefined) return seat;
  return state.seats.size < state.readers ? newSeat(state) : undefined;
}

function newSeat(state: State): Seat {
  const seat: Seat = {
    reader: state.start(() => {
      state.seats.delete(seat);
      next(state);
    }),
  };
  state.seats.add(seat);
  return seat;
}

async function serve(state: State, seat: Seat, waiting: Waiting): Promise<void> {
  const { make, deadline_ms, result } = waiting;
  seat.serving = waiting;
  // A reader that is only just beginning is not stuck.
  await seat.reader.ready;
  const rest_ms = waiting.signal?.aborted ? 0 : deadline_ms - Date.now();
  limit(state, seat, rest_ms + GRACE_MS);
  try {
    result.resolve(await seat.reader.ask({ ...make(), deadline_ms }));
  } catch (error) {
    result.reject(error);
  } finally {
    clearTimeout(seat.stuck);
    delete seat.stuck;
    delete seat.serving;
    next(state);
  }
}

/** Ends the reader where it is still busy then; another begins when it is gone. */
function limit({ seats }: State, seat: Seat, after_ms: number): void {
  clearTimeout(seat.stuck);
  seat.stuck = setTimeout(() => {
    seats.delete(seat);
    void seat.reader.end(timeout());
  }, after_ms);
}

export function closing(): Fault {
  return new Fault('server.closing', 'The index is closed.');
}

function unwanted(): Fault {
  return new Fault('query.timeout', 'Whoever asked did not wait for the answer.');
}

function tooMany(limit: number): Fault {
  return new Fault('queue.full', `${limit} searches are waiting already.`, {
    limit,
    retry_after_s: 1,
  });
}
