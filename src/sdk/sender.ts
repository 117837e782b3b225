/** Moves events in the background: memory to server, or to the spool while the server is away. */
import { setTimeout as sleep } from 'node:timers/promises';
import { asFault, CODES, Fault } from '../fault/fault.ts';
import type { Receipt } from '../trail/trail.ts';
import type { Reason, Tally } from './gap.ts';
import type { Item } from './line.ts';
import type { Settings } from './option.ts';
import { fitting, type Queue } from './queue.ts';
import { openRefuge, type Refuge } from './refuge.ts';
import { RESCAN_MS, type Spool } from './spool.ts';
import { rebuild, type Wire } from './wire.ts';

export type Sender = {
  /** False where memory and spool are full: the newest is dropped, what is kept stays. */
  readonly add: (item: Item, now_ms: number) => boolean;
  /** Resolves when everything is acknowledged or synced to the spool, or the time is over. */
  readonly flush: (timeout_ms: number) => Promise<void>;
  /** Puts what is in memory on disk at once; at the end, what does not fit is a counted drop. */
  readonly spill: (moment: 'signal' | 'end') => void;
  /** Sends the counts of drops soon. */
  readonly wake: (now_ms: number) => void;
  /** Something in memory that no earlier flush has tried. */
  readonly due: () => boolean;
  readonly away: () => boolean;
  readonly close: () => void;
};

export type SenderOptions = {
  readonly settings: Settings;
  readonly wire: Wire;
  readonly queue: Queue;
  readonly spool: Spool | undefined;
  readonly tally: Tally;
  readonly report: (fault: Fault, ids: readonly string[]) => void;
  readonly delivered: () => void;
  /** Counts and reports an event that will never be in the trail. */
  readonly drop: (line: string, reason: Reason, fault: Fault) => void;
};

type State = SenderOptions & {
  readonly refuge: Refuge;
  running: Promise<void> | undefined;
  timer: NodeJS.Timeout | undefined;
  due_ms: number;
  failures: number;
  /** Until then the server is left alone; 0 while it answers. */
  retry_ms: number;
  /** Until then it asked to be left alone, by Retry-After. */
  asked_ms: number;
  trouble: string | undefined;
  gaps_ms: number;
  flushed: number;
  added: number;
  closed: boolean;
};

/** The first wait after a failure; it doubles with each further one. */
const BACKOFF_MS = 200;
/** While the server is away, memory goes to the spool this often. */
const SPILL_MS = 1000;
/** Counts of drops are sent this often at most, while the server answers. */
const GAP_MS = 1000;

export function openSender(options: SenderOptions): Sender {
  const state: State = {
    ...options,
    refuge: openRefuge(options),
    running: undefined,
    timer: undefined,
    due_ms: 0,
    failures: 0,
    retry_ms: 0,
    asked_ms: 0,
    trouble: undefined,
    gaps_ms: 0,
    flushed: -1,
    added: 0,
    closed: false,
  };
  if (options.spool) arm(state, options.settings.batch.interval_ms, Date.now());
  return {
    add: (item, now_ms) => add(state, item, now_ms),
    flush: (timeout_ms) => flush(state, timeout_ms),
    spill: (moment) => state.refuge.spillNow(moment),
    wake: (now_ms) => arm(state, state.settings.batch.interval_ms, now_ms),
    due: () => state.flushed !== progress(state) && unsent(state),
    away: () => away(state),
    close: () => {
      state.closed = true;
      clearTimeout(state.timer);
    },
  };
}

function add(state: State, item: Item, now_ms: number): boolean {
  const { queue, settings } = state;
  if (!queue.push(item) && !(state.refuge.makeRoom(now_ms) && queue.push(item))) return false;
  state.added++;
  const { events, size_bytes, interval_ms } = settings.batch;
  const full = queue.count() >= events || queue.bytes() >= size_bytes;
  arm(state, full ? 0 : interval_ms, now_ms);
  return true;
}

/** The timer never keeps the process alive: `beforeExit` delivers what it would have. */
function arm(state: State, delay_ms: number, now_ms: number): void {
  if (state.running || state.closed) return;
  if (state.timer && state.due_ms <= now_ms + delay_ms) return;
  clearTimeout(state.timer);
  state.due_ms = now_ms + delay_ms;
  state.timer = setTimeout(() => void run(state), delay_ms).unref();
}

function run(state: State): Promise<void> {
  clearTimeout(state.timer);
  state.timer = undefined;
  state.running ??= pump(state)
    .catch((error: unknown) => {
      setAway(state, asFault(error), 0);
    })
    .finally(() => {
      state.running = undefined;
      rearm(state, Date.now());
    });
  return state.running;
}

function rearm(state: State, now_ms: number): void {
  if (state.retry_ms > 0) {
    const most_ms = state.queue.count() > 0 ? SPILL_MS : Number.POSITIVE_INFINITY;
    arm(state, Math.min(Math.max(state.retry_ms - now_ms, 0), most_ms), now_ms);
  } else if (unsent(state)) {
    arm(state, state.settings.batch.interval_ms, now_ms);
  } else if (state.spool) {
    arm(state, RESCAN_MS, now_ms);
  }
}

async function pump(state: State): Promise<void> {
  while (!away(state) && !state.closed) {
    await sendGaps(state);
    const batch = away(state) ? [] : state.queue.oldest(state.settings.batch);
    if (batch.length > 0) {
      const left = new Set(await deliver(state, batch));
      state.queue.remove(batch.filter((item) => !left.has(item)));
    }
    const drained = !away(state) && (await drain(state));
    if (batch.length === 0 && !drained) break;
  }
  if (state.closed) return;
  if (away(state)) await state.refuge.spill();
  else state.retry_ms = 0;
}

/** A segment from disk, whoever left it; false when there is none. */
async function drain(state: State): Promise<boolean> {
  const { spool, settings, refuge } = state;
  const segment = await spool?.claim().catch(refuge.complain);
  if (!spool || !segment) return false;
  let items = segment.items;
  while (items.length > 0 && !away(state)) {
    const batch = items.slice(0, fitting(items, settings.batch));
    const left = await deliver(state, batch);
    items = [...left, ...items.slice(batch.length)];
  }
  // What is left of a segment becomes one of its own, or its refused events would count twice.
  const whole = items.length === segment.items.length;
  const moved = items.length > 0 && !whole && (await spool.write(items).catch(refuge.complain));
  if (items.length === 0 || moved) await segment.done();
  else segment.release();
  return true;
}

async function sendGaps(state: State): Promise<void> {
  const now_ms = Date.now();
  if (now_ms - state.gaps_ms < GAP_MS) return;
  const gaps = state.tally.freeze();
  if (gaps.length === 0) return;
  state.gaps_ms = now_ms;
  if ((await deliver(state, gaps)).length > 0) return;
  state.tally.settled();
  state.refuge.forgetGaps();
}

/** Sends; what comes back is still to be sent. */
async function deliver(state: State, items: readonly Item[]): Promise<readonly Item[]> {
  const sent = await state.wire.send(items.map(({ line }) => line));
  if (sent.kind === 'away') {
    setAway(state, sent.fault, sent.wait_ms);
    return items;
  }
  if (sent.kind === 'answered') return settle(state, items, sent.receipts);
  const [only, ...others] = items;
  if (only && others.length === 0) {
    state.drop(only.line, 'rejected', sent.fault);
    setBack(state);
    return [];
  }
  // Something in this body is refused as a whole: halves find it, and the others pass.
  const middle = Math.ceil(items.length / 2);
  const left = await deliver(state, items.slice(0, middle));
  const rest = items.slice(middle);
  return [...left, ...(away(state) ? rest : await deliver(state, rest))];
}

function settle(
  state: State,
  items: readonly Item[],
  receipts: readonly Receipt[],
): readonly Item[] {
  const left: Item[] = [];
  let trouble: Fault | undefined;
  for (const [i, item] of items.entries()) {
    const receipt = receipts[i];
    if (receipt?.status === 'accepted' || receipt?.status === 'duplicate') {
      state.delivered();
      continue;
    }
    const fault = faultIn(receipt);
    if (CODES[fault.code].blame === 'operator') {
      trouble = fault;
      left.push(item);
    } else {
      state.drop(item.line, 'rejected', fault);
    }
  }
  if (left.length < items.length) setBack(state);
  if (trouble) setAway(state, trouble, 1000 * (trouble.detail.retry_after_s ?? 0));
  return left;
}

function faultIn(receipt: Receipt | undefined): Fault {
  if (receipt?.status !== 'rejected') {
    return new Fault('server.unreachable', 'The answer holds a result of no known kind.');
  }
  // A newer server may refuse for reasons that this SDK has no code for.
  return rebuild(receipt.error) ?? new Fault('event.invalid', 'The server refused the event.');
}

async function flush(state: State, timeout_ms: number): Promise<void> {
  let late: NodeJS.Timeout | undefined;
  // This timer is not unref'd: it keeps the process alive for what is being flushed.
  const timeout = new Promise<void>((resolve) => {
    late = setTimeout(resolve, timeout_ms);
  });
  await Promise.race([flushAll(state, Date.now() + timeout_ms), timeout]);
  clearTimeout(late);
  if (state.queue.count() > 0) state.refuge.spillNow('signal');
  state.flushed = progress(state);
}

async function flushAll(state: State, until_ms: number): Promise<void> {
  await state.running;
  state.retry_ms = state.asked_ms;
  state.gaps_ms = 0;
  state.spool?.refresh();
  await run(state);
  // Only without a spool, or with a full one, is there still something to wait for.
  while (state.queue.count() > 0 && state.retry_ms < until_ms && !state.closed) {
    await sleep(Math.max(1, state.retry_ms - Date.now()), undefined, { ref: false });
    await run(state);
  }
}

function setAway(state: State, fault: Fault, wait_ms: number): void {
  const now_ms = Date.now();
  const { backoff_ms } = state.settings.limits;
  const step_ms = Math.min(BACKOFF_MS * 2 ** Math.min(state.failures, 20), backoff_ms);
  state.failures++;
  state.asked_ms = wait_ms > 0 ? now_ms + wait_ms : 0;
  state.retry_ms = now_ms + Math.max(wait_ms, step_ms * (0.5 + Math.random() / 2));
  if (state.trouble !== fault.code && !state.closed) state.report(fault, []);
  state.trouble = fault.code;
}

function setBack(state: State): void {
  state.failures = 0;
  state.asked_ms = 0;
  state.retry_ms = 0;
  state.trouble = undefined;
}

function away(state: State): boolean {
  return state.retry_ms > Date.now();
}

function unsent({ queue, tally }: State): boolean {
  return queue.count() > 0 || tally.pending();
}

function progress({ added, tally }: State): number {
  return added + tally.total();
}
