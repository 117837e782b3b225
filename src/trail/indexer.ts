/** The follower that feeds the engine, from its cursor on, as fast as the engine takes. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Engine, EngineRecord } from '../engine/engine.ts';
import { asFault, type Fault } from '../fault/fault.ts';
import type { Journal, JournalRecord } from '../journal/journal.ts';
import { type ContentOptions, contentOf } from './content.ts';
import { countBefore, openReplay, type Replay } from './replay.ts';
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
  readonly gather_ms?: number;
};

/** How long closing waits for an index that is nearly there: what is left is read at start. */
const CLOSE_WAIT_MS = 1000;

/** The longest that records wait for others after a commit, unless somebody asks. */
const GATHER_MS = 400;

/** Records that are handed to the engine at once. */
const FRESH_RECORDS = 8000;

/** How often a full disk is tried again. */
const FULL_WAIT_MS = 1000;

export async function openIndexer(options: IndexerOptions): Promise<Indexer> {
  const { journal, engine } = options;
  const closing = new AbortController();
  let cursor = await engine.cursor();
  let failure: Fault | undefined;
  let wake = Promise.withResolvers<void>();
  const stopped = () => failure !== undefined || closing.signal.aborted;
  const waiters = openWaiters((seq) => stopped() || cursor >= seq);
  const pace = openPace(options.gather_ms ?? GATHER_MS);
  const advance = (seq: number): void => {
    cursor = seq;
    waiters.settle();
  };
  const awoken = async (): Promise<void> => {
    await wake.promise;
    wake = Promise.withResolvers();
  };
  const fail = (error: unknown): void => {
    failure = asFault(error);
    options.onFault(failure);
    waiters.settle();
  };
  const unfollow = journal.follow(() => wake.resolve());
  const { gather } = pace;
  const { waiting } = waiters;
  const reading = { cursor, closing: closing.signal, awoken, gather, waiting, advance };
  const running = readOn(options, reading).catch(fail);
  return {
    cursor: () => cursor,
    failure: () => failure,
    reach: async (seq, wait_ms) => {
      if (cursor < seq) pace.hurry();
      await waiters.wait(seq, wait_ms);
      if (failure) throw failure;
    },
    readTo: (tenant, read_to) => readTo(options, tenant, read_to),
    close: async () => {
      pace.hurry();
      await waiters.wait(journal.head(), CLOSE_WAIT_MS);
      closing.abort();
      unfollow();
      for (const stir of [wake.resolve, pace.hurry, waiters.settle]) stir();
      await running;
    },
  };
}

type Reading = {
  readonly cursor: number;
  readonly closing: AbortSignal;
  /** Resolves when there may be more to read. */
  readonly awoken: () => Promise<void>;
  /** Resolves when what has come since is worth a commit. */
  readonly gather: () => Promise<void>;
  /** Who waits for what is read has said so once, and may have to wait for several commits. */
  readonly waiting: () => boolean;
  readonly advance: (seq: number) => void;
};

async function readOn(options: IndexerOptions, reading: Reading): Promise<void> {
  const { awoken, gather, waiting, advance } = reading;
  const next = openSource(options, reading.cursor);
  while (!reading.closing.aborted) {
    const { records, from } = await next();
    const last = records.at(-1);
    if (!last) await awoken();
    else if (await apply(options, records, reading)) {
      advance(last.seq + 1);
      // What an earlier process left is read at once, and so is what is a whole commit already.
      const few = from === 'memory' && records.length < FRESH_RECORDS;
      if (few && !waiting()) await gather();
    }
  }
}

type Read = { readonly records: readonly EngineRecord[]; readonly from: 'memory' | 'journal' };

/** The next records in order: from memory where they are still there, else from the journal. */
function openSource(options: IndexerOptions, from: number) {
  let seq = from;
  let replay: Replay | undefined;
  return async (): Promise<Read> => {
    let records = options.fresh.from(seq, FRESH_RECORDS);
    const from = records.length > 0 ? 'memory' : 'journal';
    if (from === 'memory') replay = undefined;
    else {
      replay ??= openReplay(options, seq);
      records = (await replay.next()).map((record) => toEngine(options, record));
    }
    seq = (records.at(-1)?.seq ?? seq - 1) + 1;
    return { records, from };
  };
}

/**
 * Lets records gather, so that one commit carries many: commits of single records would take the
 * disk from the journal, whose syncs producers wait for. Whoever asks the index ends the wait.
 */
function openPace(gather_ms: number) {
  let over = Promise.withResolvers<void>();
  return {
    hurry: () => over.resolve(),
    gather: async (): Promise<void> => {
      const timer = setTimeout(over.resolve, gather_ms);
      await over.promise;
      clearTimeout(timer);
      over = Promise.withResolvers();
    },
  };
}

/** Whoever waits for a `seq`, each until it is reached or its time is over. */
function openWaiters(reached: (seq: number) => boolean) {
  const waiting = new Set<{ readonly seq: number; readonly done: () => void }>();
  return {
    waiting: () => waiting.size > 0,
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

/** Whether it was applied. A full disk is waited out: the journal keeps what is not indexed. */
async function apply(
  options: IndexerOptions,
  records: readonly EngineRecord[],
  { closing, waiting }: Pick<Reading, 'closing' | 'waiting'>,
): Promise<boolean> {
  while (!closing.aborted) {
    try {
      await options.engine.apply(records, waiting() ? 'soon' : 'calm');
      return true;
    } catch (error) {
      if (asFault(error).code !== 'data.full') throw error;
      options.onFault(asFault(error));
      await pause(FULL_WAIT_MS, undefined, { signal: closing }).catch(() => undefined);
    }
  }
  return false;
}

function toEngine(options: IndexerOptions, record: JournalRecord): EngineRecord {
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
