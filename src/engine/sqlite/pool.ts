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

export function openPool(options: PoolOptions): Pool {
  const { readers, timeout_ms } = options;
  const idle: Thread[] = [];
  const threads = new Set<Thread>();
  const queue: Waiting[] = [];
  let closed = false;

  const start = (): Thread => {
    const worker = options.start();
    const thread = { worker, link: openLink(worker, () => undefined) };
    threads.add(thread);
    worker.on('error', (cause) => drop(thread, crashed(cause)));
    return thread;
  };
  const drop = (thread: Thread, fault: Fault): void => {
    threads.delete(thread);
    if (idle.includes(thread)) idle.splice(idle.indexOf(thread), 1);
    thread.link.fail(fault);
    // It ends when SQLite returns; the process need not wait for that.
    thread.worker.unref();
    void thread.worker.terminate();
  };
  const next = (): void => {
    while (queue.length > 0 && !closed) {
      const thread = idle.pop() ?? (threads.size < readers ? start() : undefined);
      if (thread === undefined) return;
      const waiting = queue.shift();
      if (waiting !== undefined) void serve(thread, waiting);
    }
  };
  const serve = async (thread: Thread, waiting: Waiting): Promise<void> => {
    const { make, deadline_ms, result } = waiting;
    const stuck = setTimeout(() => drop(thread, timeout()), deadline_ms - Date.now() + GRACE_MS);
    try {
      const asked: Asked = { ...make(), deadline_ms };
      result.resolve(await thread.link.ask(asked));
    } catch (error) {
      result.reject(error);
    } finally {
      clearTimeout(stuck);
      clearTimeout(waiting.timer);
      if (threads.has(thread)) idle.push(thread);
      next();
    }
  };
  return {
    ask: (make) => {
      if (closed) return Promise.reject(closing());
      if (queue.length >= QUEUE) return Promise.reject(tooMany());
      const result = Promise.withResolvers<unknown>();
      const timer = setTimeout(() => {
        const at = queue.findIndex((waiting) => waiting.result === result);
        if (at >= 0) queue.splice(at, 1);
        result.reject(timeout());
      }, timeout_ms);
      queue.push({ make, deadline_ms: Date.now() + timeout_ms, result, timer });
      next();
      return result.promise;
    },
    close: async () => {
      closed = true;
      for (const { result, timer } of queue.splice(0)) {
        clearTimeout(timer);
        result.reject(closing());
      }
      await Promise.all([...threads].map((thread) => end(thread)));
    },
  };
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
