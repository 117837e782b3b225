/** The follower that feeds the engine, from its cursor on, as fast as the engine takes. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Engine, EngineRecord } from '../engine/engine.ts';
import { asFault, type Fault } from '../fault/fault.ts';
import type { Journal, JournalRecord } from '../journal/journal.ts';
import { type ContentOptions, contentOf } from './content.ts';
import { countBefore, openReplay } from './replay.ts';
import type { ReadTo } from './trail.ts';

export type Indexer = {
  /** The `seq` that the engine reads next. */
  readonly cursor: () => number;
  /** Resolves when the index has read below `seq`, or after `wait_ms`; throws if it failed. */
  readonly reach: (seq: number, wait_ms: number) => Promise<void>;
  /** How much of a tenant's trail an answer made at `read_to` (a `seq`) had read. */
  readonly readTo: (tenant: string, read_to: number) => Promise<ReadTo>;
  /** Why it stopped, where it did: the trail goes on, its index does not. */
  readonly failure: () => Fault | undefined;
  readonly close: () => Promise<void>;
};

export type IndexerOptions = ContentOptions & {
  readonly journal: Journal;
  readonly engine: Engine;
  /** Told of what is waited out, a full disk, and of what stops it. */
  readonly onFault: (fault: Fault) => void;
};

/** How often a full disk is tried again. */
const FULL_WAIT_MS = 1000;

export async function openIndexer(options: IndexerOptions): Promise<Indexer> {
  const { journal, engine } = options;
  const closing = new AbortController();
  let cursor = await engine.cursor();
  let failure: Fault | undefined;
  let wake = Promise.withResolvers<void>();
  const waiters = openWaiters(
    (seq) => failure !== undefined || closing.signal.aborted || cursor >= seq,
  );
  const replay = openReplay(options, cursor);
  const run = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      const records = await replay.next();
      const last = records.at(-1);
      if (!last) {
        await wake.promise;
        wake = Promise.withResolvers();
        continue;
      }
      await apply(options, records, closing.signal);
      if (closing.signal.aborted) return;
      cursor = last.seq + 1;
      waiters.settle();
    }
  };
  const unfollow = journal.follow(() => wake.resolve());
  const running = run().catch((error: unknown) => {
    failure = asFault(error);
    options.onFault(failure);
    waiters.settle();
  });
  return {
    cursor: () => cursor,
    failure: () => failure,
    reach: async (seq, wait_ms) => {
      await waiters.wait(seq, wait_ms);
      if (failure) throw failure;
    },
    readTo: (tenant, read_to) => readTo(options, tenant, read_to),
    close: async () => {
      closing.abort();
      unfollow();
      wake.resolve();
      waiters.settle();
      await running;
    },
  };
}

/** Whoever waits for a `seq`, each until it is reached or its time is over. */
function openWaiters(reached: (seq: number) => boolean) {
  const waiting = new Set<{ readonly seq: number; readonly done: () => void }>();
  return {
    settle: () => {
      for (const one of waiting) if (reached(one.seq)) one.done();
    },
    wait: (seq: number, wait_ms: number): Promise<void> =>
      new Promise((resolve) => {
        if (reached(seq)) return resolve();
        const done = () => {
          clearTimeout(timer);
          waiting.delete(one);
          resolve();
        };
        const one = { seq, done };
        const timer = setTimeout(done, wait_ms);
        waiting.add(one);
      }),
  };
}

/** A full disk is waited out: the journal keeps what the index has not read. */
async function apply(
  options: IndexerOptions,
  records: readonly JournalRecord[],
  closing: AbortSignal,
): Promise<void> {
  const batch = records.map((record) => toEngine(options, record));
  while (!closing.aborted) {
    try {
      return await options.engine.apply(batch);
    } catch (error) {
      if (asFault(error).code !== 'data.full') throw error;
      options.onFault(asFault(error));
      await pause(FULL_WAIT_MS, undefined, { signal: closing }).catch(() => undefined);
    }
  }
}

function toEngine(options: IndexerOptions, record: Parameters<typeof contentOf>[1]): EngineRecord {
  const { tenant, index, seq } = record;
  return { tenant, index, seq, event: contentOf(options, record).bytes };
}

async function readTo(options: IndexerOptions, tenant: string, read_to: number): Promise<ReadTo> {
  const { journal } = options;
  const recorded = journal.size(tenant);
  const indexed =
    read_to >= journal.head()
      ? recorded
      : await countBefore({ journal, records: options.records }, tenant, read_to);
  return { indexed, recorded, complete: indexed >= recorded };
}
