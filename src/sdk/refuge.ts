/** Brings events from memory to the spool: in the background, in a pinch, and at the end. */
import { asFault, Fault } from '../fault/fault.ts';
import type { Reason, Tally } from './gap.ts';
import type { Item } from './line.ts';
import type { Settings } from './option.ts';
import type { Queue } from './queue.ts';
import type { Spool } from './spool.ts';

export type Refuge = {
  /** Everything in memory to disk, and the counts of drops beside it. Never throws. */
  readonly spill: () => Promise<void>;
  /** The same within this call. At the end, what does not fit is dropped and counted on disk. */
  readonly spillNow: (moment: 'signal' | 'end') => void;
  /** Takes some milliseconds: the price of a full memory, instead of a loss. */
  readonly makeRoom: (now_ms: number) => boolean;
  /** Reports a kind of trouble with the disk once, until it works again. */
  readonly complain: (error: unknown) => undefined;
  /** The counts on disk are in the trail. */
  readonly forgetGaps: () => void;
};

export type RefugeOptions = {
  readonly settings: Settings;
  readonly queue: Queue;
  readonly spool: Spool | undefined;
  readonly tally: Tally;
  readonly report: (fault: Fault, ids: readonly string[]) => void;
  readonly drop: (line: string, reason: Reason, fault: Fault) => void;
};

type State = RefugeOptions & {
  /** Drops that the counts on disk know of, and when they were written. */
  kept: number;
  kept_ms: number;
  refused_ms: number;
  trouble: string | undefined;
};

/** After a refusal the disk is not asked again for this long. */
const PAUSE_MS = 1000;
/** Counts are written anew this often, so that their file does not look abandoned. */
const REFRESH_MS = 30_000;
/** Counts of drops may pass the spool's bound by this: the last word is never left out. */
const RESERVE_BYTES = 1024 * 1024;

export function openRefuge(options: RefugeOptions): Refuge {
  const state: State = {
    ...options,
    kept: 0,
    kept_ms: 0,
    refused_ms: Number.NEGATIVE_INFINITY,
    trouble: undefined,
  };
  return {
    spill: () => spill(state),
    spillNow: (moment) => spillNow(state, moment),
    makeRoom: (now_ms) => makeRoom(state, now_ms),
    complain: (error) => complain(state, asFault(error)),
    forgetGaps: () => state.spool?.clearGaps(),
  };
}

async function spill(state: State): Promise<void> {
  const { spool, queue, settings } = state;
  if (!spool) return;
  try {
    while (queue.count() > 0 && !paused(state, Date.now())) {
      const items = queue.oldest(settings.batch);
      if (await spool.write(items)) {
        queue.remove(items);
        state.trouble = undefined;
      } else refused(state, fullFault(state));
    }
    await keepGaps(state, spool);
  } catch (error) {
    refused(state, asFault(error));
  }
}

async function keepGaps(state: State, spool: Spool): Promise<void> {
  const { tally } = state;
  const now_ms = Date.now();
  if (state.kept === tally.total() && now_ms - state.kept_ms < REFRESH_MS) return;
  const items = tally.items();
  if (items.length === 0) return;
  const total = tally.total();
  await spool.keepGaps(items);
  state.kept = total;
  state.kept_ms = now_ms;
}

function spillNow(state: State, moment: 'signal' | 'end'): void {
  const { queue, spool, tally, settings } = state;
  try {
    for (let items = queue.oldest(settings.batch); spool && items.length > 0; ) {
      if (!spool.writeNow(items)) break;
      queue.remove(items);
      state.trouble = undefined;
      items = queue.oldest(settings.batch);
    }
  } catch (error) {
    complain(state, asFault(error));
  }
  if (moment === 'signal') return;
  const rest = queue.oldest({
    events: Number.MAX_SAFE_INTEGER,
    size_bytes: Number.MAX_SAFE_INTEGER,
  });
  queue.remove(rest);
  const fault = new Fault('data.full', 'The process ended and the spool took no more events.');
  for (const { line } of rest) state.drop(line, 'exit', fault);
  lastWord(state, tally.items());
}

/** From a process that ended, the counts go on as any other segment. */
function lastWord(state: State, items: readonly Item[]): void {
  if (!state.spool || items.length === 0) return;
  try {
    state.spool.writeNow(items, RESERVE_BYTES);
    state.spool.clearGaps();
  } catch (error) {
    complain(state, asFault(error));
  }
}

function makeRoom(state: State, now_ms: number): boolean {
  const { spool, queue, settings } = state;
  if (!spool || paused(state, now_ms)) return false;
  const items = queue.newest(settings.batch);
  try {
    if (spool.writeNow(items)) {
      queue.remove(items);
      return true;
    }
    refused(state, fullFault(state));
  } catch (error) {
    refused(state, asFault(error));
  }
  return false;
}

function paused({ refused_ms }: State, now_ms: number): boolean {
  return now_ms - refused_ms < PAUSE_MS;
}

function refused(state: State, fault: Fault): void {
  state.refused_ms = Date.now();
  complain(state, fault);
}

function complain(state: State, fault: Fault): undefined {
  if (state.trouble !== fault.code) state.report(fault, []);
  state.trouble = fault.code;
  return undefined;
}

function fullFault({ settings }: State): Fault {
  const limit = settings.limits.spool_bytes;
  return new Fault('data.full', `The spool holds its ${limit} bytes and takes no more.`, {
    limit,
    hint: 'Bring the server back, or raise limits.spool_bytes.',
  });
}
