/** Reader threads: one question at a time each, the rest in a queue, none beyond its time. */
import type { Worker } from 'node:worker_threads';
import { Fault } from '../../fault/fault.ts';
import { type Link, openLink } from './link.ts';
import { type Asked, timeout } from './reader.ts';

/** A question with everything but its deadline. */
export type PoolAsk = Omit<Asked, 'deadline_ms'>;

export type Pool = {
  /** Throws `query.timeout` when there is no answer in time, whatever the thread is doing. */
  readonly ask: (make: () => PoolAsk) => Promise<unknown>;
  readonly close: () => Promise<void>;
};

export type PoolOptions = {
  readonly start: () => Worker;
  readonly readers: number;
  readonly timeout_ms: number;
};

/** Questions that wait for a reader; more are refused. */
const QUEUE = 1_000;
/** What a reader may take to notice by itself that its time is over, in milliseconds. */
const GRACE_MS = 1_000;

type Waiting = {
  readonly make: () => PoolAsk;
  readonly deadline_ms: number;
  readonly result: PromiseWithResolvers<unknown>;
  readonly timer: NodeJS.Timeout;
};

type Thread = { readonly worker: Worker; readonly link: Link };

type State = PoolOptions & {
  readonly idle: Thread[];
  readonly threads: Set<Thread>;
  readonly queue: Waiting[];
  closed: boolean;
};

export function openPool(options: PoolOptions): Pool {
  const state: State = { ...options, idle: [], threads: new Set(), queue: [], closed: false };
  while (state.threads.size < options.readers) state.idle.push(start(state));
  return {
    ask: (make) => {
      if (state.closed) return Promise.reject(closing());
      if (state.queue.length >= QUEUE) return Promise.reject(tooMany());
      return enqueue(state, make);
    },
    close: async () => {
      state.closed = true;
      for (const { result, timer } of state.queue.splice(0)) {
        clearTimeout(timer);
        result.reject(closing());
      }
      await Promise.all([...state.threads].map((thread) => end(thread)));
    },
  };
}

function enqueue(state: State, make: Waiting['make']): Promise<unknown> {
  const { queue, timeout_ms } = state;
  const result = Promise.withResolvers<unknown>();
  const timer = setTimeout(() => {
    const at = queue.findIndex((waiting) => waiting.result === result);
    if (at >= 0) queue.splice(at, 1);
    result.reject(timeout());
  }, timeout_ms);
  queue.push({ make, deadline_ms: Date.now() + timeout_ms, result, timer });
  next(state);
  return result.promise;
}

function next(state: State): void {
  const { idle, threads, queue, readers } = state;
  while (queue.length > 0 && !state.closed) {
    const thread = idle.pop() ?? (threads.size < readers ? start(state) : undefined);
    if (thread === undefined) return;
    const waiting = queue.shift();
    if (waiting !== undefined) void serve(state, thread, waiting);
  }
}

async function serve(state: State, thread: Thread, waiting: Waiting): Promise<void> {
  const { make, deadline_ms, result, timer } = waiting;
  const rest_ms = deadline_ms - Date.now() + GRACE_MS;
  const stuck = setTimeout(() => drop(state, thread, timeout()), rest_ms);
  try {
    const asked: Asked = { ...make(), deadline_ms };
    result.resolve(await thread.link.ask(asked));
  } catch (error) {
    result.reject(error);
  } finally {
    clearTimeout(stuck);
    clearTimeout(timer);
    if (state.threads.has(thread)) state.idle.push(thread);
    next(state);
  }
}

function start(state: State): Thread {
  const worker = state.start();
  const thread = { worker, link: openLink(worker, () => undefined) };
  state.threads.add(thread);
  worker.on('error', (cause) => drop(state, thread, crashed(cause)));
  return thread;
}

function drop({ threads, idle }: State, thread: Thread, fault: Fault): void {
  threads.delete(thread);
  if (idle.includes(thread)) idle.splice(idle.indexOf(thread), 1);
  thread.link.fail(fault);
  // It ends when SQLite returns; the process need not wait for that.
  thread.worker.unref();
  void thread.worker.terminate();
}

async function end({ worker, link }: Thread): Promise<void> {
  const stuck = setTimeout(() => link.fail(closing()), GRACE_MS);
  await link.ask('close').catch(() => undefined);
  clearTimeout(stuck);
  await worker.terminate();
}

export function closing(): Fault {
  return new Fault('server.closing', 'The index is closed.');
}

function tooMany(): Fault {
  return new Fault('queue.full', `More than ${QUEUE} searches are waiting.`, {
    limit: QUEUE,
    retry_after_s: 1,
  });
}

function crashed(cause: unknown): Fault {
  return new Fault('internal.bug', 'A reader of the index stopped.', { cause });
}
