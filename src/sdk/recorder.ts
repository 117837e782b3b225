/** `record()`: snapshots a draft, gives it its id, and never fails for the agent that calls it. */
import { Fault } from '../fault/fault.ts';
import { openTally, type Reason, type Tally } from './gap.ts';
import { type EventDraft, encode, fixDefaults, type Item, idOf, newId } from './line.ts';
import type { OnError, Settings } from './option.ts';
import { openQueue, type Queue } from './queue.ts';
import { openSender, type Sender } from './sender.ts';
import { openSpool, type Spool } from './spool.ts';
import type { Wire } from './wire.ts';

export type Recorder = {
  readonly record: (draft: EventDraft) => string;
  readonly flush: (timeout_ms: number) => Promise<void>;
  readonly spill: (moment: 'signal' | 'end') => void;
  readonly due: () => boolean;
  readonly report: (fault: Fault, ids: readonly string[]) => void;
  readonly status: () => ClientStatus;
  readonly close: () => void;
};

export type ClientStatus = {
  /** Calls of `record()`. */
  readonly recorded: number;
  /** Acknowledged by the server, those of other processes' spooled events among them. */
  readonly delivered: number;
  /** Never to be in the trail; each is counted in a `gap` event. */
  readonly dropped: number;
  /** In memory. */
  readonly queued: number;
  readonly queued_bytes: number;
  /** In the spool folder, of all processes on it, when it was last looked at. */
  readonly spool_bytes: number;
  /** The last attempt failed and the next one is not due yet. */
  readonly away: boolean;
};

type State = {
  readonly settings: Settings;
  readonly defaults: ReturnType<typeof fixDefaults>;
  readonly queue: Queue;
  readonly spool: Spool | undefined;
  readonly tally: Tally;
  readonly report: (fault: Fault, ids: readonly string[]) => void;
  recorded: number;
  delivered: number;
  dropped: number;
  full_ms: number;
  closed: boolean;
};

/** A full memory is reported this often at most: it may drop thousands of events a second. */
const FULL_MS = 1000;

export function openRecorder(settings: Settings, wire: Wire): Recorder {
  const { limits, defaults, onError } = settings;
  const state: State = {
    settings,
    defaults: fixDefaults(defaults),
    queue: openQueue(limits.queue_bytes),
    spool: settings.spool === undefined ? undefined : openSpool(settings.spool, limits.spool_bytes),
    tally: openTally({ newId, defaults }),
    report: reporter(onError),
    recorded: 0,
    delivered: 0,
    dropped: 0,
    full_ms: Number.NEGATIVE_INFINITY,
    closed: false,
  };
  const sender = openSender({
    ...state,
    wire,
    delivered: () => {
      state.delivered++;
    },
    drop: (line, reason, fault) => drop(state, about(line), { reason, fault }),
  });
  return {
    record: (draft) => record(state, sender, draft),
    flush: sender.flush,
    spill: sender.spill,
    due: sender.due,
    report: state.report,
    status: () => status(state, sender),
    close: () => {
      state.closed = true;
      sender.close();
    },
  };
}

function record(state: State, sender: Sender, draft: EventDraft): string {
  const now_ms = Date.now();
  const id = idOf(draft, now_ms);
  const { limits } = state.settings;
  state.recorded++;
  try {
    const item = encode(draft, { id, now_ms }, state.defaults);
    const why = state.closed ? afterClose() : tooLarge(item, limits.event_bytes);
    if (why) drop(state, { id, session_id: draft.session_id, now_ms }, why);
    else if (!sender.add(item, now_ms)) dropFull(state, draft, { id, now_ms });
    else return id;
  } catch (error) {
    const session_id = sessionOf(draft);
    drop(state, { id, session_id, now_ms }, { reason: 'invalid', fault: unreadable(error) });
  }
  sender.wake(now_ms);
  return id;
}

type Dropped = { readonly id: string; readonly session_id: unknown; readonly now_ms: number };
type Why = { readonly reason: Reason; readonly fault: Fault };

function drop(state: State, event: Dropped & { readonly type?: unknown }, why: Why): void {
  state.dropped++;
  // A refused gap event must not beget another.
  if (event.type !== 'gap') state.tally.add({ ...event, reason: why.reason });
  state.report(why.fault, [event.id]);
}

function dropFull(
  state: State,
  draft: EventDraft,
  { id, now_ms }: Omit<Dropped, 'session_id'>,
): void {
  state.dropped++;
  state.tally.add({ id, session_id: draft.session_id, now_ms, reason: 'full' });
  if (now_ms - state.full_ms < FULL_MS) return;
  state.full_ms = now_ms;
  const limit = state.settings.limits.queue_bytes;
  const message = `Memory (${limit} bytes) and spool are full: new events are dropped and counted.`;
  state.report(new Fault('queue.full', message, { limit }), [id]);
}

function afterClose(): Why {
  return { reason: 'exit', fault: new Fault('server.closing', 'The client was closed before.') };
}

function tooLarge({ size_bytes }: Item, limit: number): Why | undefined {
  if (size_bytes <= limit) return undefined;
  const fault = new Fault('event.too_large', `The event has ${size_bytes} bytes.`, {
    limit,
    hint: 'Record large values in parts, or raise limits.event_bytes.',
  });
  return { reason: 'too_large', fault };
}

function unreadable(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const reason = error instanceof Error ? error.message : 'it threw';
  return new Fault('event.invalid', `The draft cannot be read as JSON: ${reason}.`, {
    cause: error,
  });
}

function sessionOf(draft: unknown): unknown {
  try {
    return (draft as { session_id?: unknown } | null)?.session_id;
  } catch {
    return undefined;
  }
}

/** Of an event that is only known as the line that was sent, perhaps by another process. */
function about(line: string): Dropped & { readonly type?: unknown } {
  const now_ms = Date.now();
  try {
    const { id, session_id, type } = JSON.parse(line) as Record<string, unknown>;
    return { id: String(id), session_id, type, now_ms };
  } catch {
    return { id: '', session_id: undefined, now_ms };
  }
}

function status(state: State, sender: Sender): ClientStatus {
  const { recorded, delivered, dropped, queue, spool } = state;
  return {
    recorded,
    delivered,
    dropped,
    queued: queue.count(),
    queued_bytes: queue.bytes(),
    spool_bytes: spool?.bytes() ?? 0,
    away: sender.away(),
  };
}

/** Neither what `onError` throws nor what it records may come back here. */
function reporter(onError: OnError | undefined): OnError {
  let inside = false;
  const warned = new Set<string>();
  return (fault, ids) => {
    if (inside) return;
    inside = true;
    try {
      if (onError) onError(fault, ids);
      else if (!warned.has(fault.code)) {
        warned.add(fault.code);
        process.emitWarning(fault.message, { type: 'ClawWarning', code: fault.code });
      }
    } catch {
      // The agent's work goes on, whatever its error handler does.
    } finally {
      inside = false;
    }
  };
}
