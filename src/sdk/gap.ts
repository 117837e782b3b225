/** Counts what was dropped and turns the counts into `gap` events, so that no drop is silent. */
import type { Item } from './line.ts';

/**
 * Why an event never reached the trail: `invalid` is no event, `too_large` passes `event_bytes`,
 * `full` found memory and spool full, `rejected` was refused by the server for good, `exit` was
 * left when the process ended and the spool took no more.
 */
export type Reason = 'invalid' | 'too_large' | 'full' | 'rejected' | 'exit';

export type Drop = {
  readonly reason: Reason;
  readonly id: string;
  /** As the draft had it: anything. */
  readonly session_id: unknown;
  readonly now_ms: number;
};

export type Tally = {
  readonly add: (drop: Drop) => void;
  /** The gap events to send now. Their counts stand still until `settled`. */
  readonly freeze: () => readonly Item[];
  /** The frozen ones are recorded, or safe on disk. */
  readonly settled: () => void;
  /** All gap events as they stand, to keep on disk; a frozen one under the same id and counts. */
  readonly items: () => readonly Item[];
  readonly pending: () => boolean;
  /** Grows with every drop. */
  readonly total: () => number;
};

type Group = {
  readonly id: string;
  readonly session_id: string;
  readonly reasons: Partial<Record<Reason, number>>;
  readonly ids: string[];
  readonly from_ms: number;
  to_ms: number;
  dropped: number;
};

/** Sessions that have a gap event of their own; what others dropped is counted together. */
const SESSIONS = 64;
/** Dropped events that a gap event names. */
const IDS = 20;
/** Characters in a session's name, as the server limits it. */
const NAME_CHARS = 512;
/** The session of a gap whose own is unknown. */
const NO_SESSION = 'claw-sdk';

type Context = {
  readonly newId: (now_ms: number) => string;
  readonly defaults: Readonly<Record<string, unknown>>;
};

export function openTally(context: Context): Tally {
  let frozen: readonly Item[] = [];
  let open = new Map<string, Group>();
  let total = 0;
  return {
    add: (drop) => {
      total++;
      count(open, drop, context);
    },
    freeze: () => {
      if (frozen.length === 0 && open.size > 0) {
        frozen = render(open, context);
        open = new Map();
      }
      return frozen;
    },
    settled: () => {
      frozen = [];
    },
    items: () => [...frozen, ...render(open, context)],
    pending: () => frozen.length > 0 || open.size > 0,
    total: () => total,
  };
}

function count(open: Map<string, Group>, drop: Drop, { newId }: Context): void {
  const { session_id: given, now_ms, reason, id } = drop;
  const usable = typeof given === 'string' && given !== '' && given.length <= NAME_CHARS;
  const wanted = usable ? given : NO_SESSION;
  const session_id = open.has(wanted) || open.size < SESSIONS ? wanted : NO_SESSION;
  const group: Group = open.get(session_id) ?? {
    id: newId(now_ms),
    session_id,
    reasons: {},
    ids: [],
    from_ms: now_ms,
    to_ms: now_ms,
    dropped: 0,
  };
  open.set(session_id, group);
  group.dropped++;
  group.to_ms = now_ms;
  group.reasons[reason] = (group.reasons[reason] ?? 0) + 1;
  if (group.ids.length < IDS) group.ids.push(id.slice(0, 64));
}

function render(groups: ReadonlyMap<string, Group>, { defaults }: Context): Item[] {
  return [...groups.values()].map((group) => {
    const { id, session_id, dropped, reasons, ids } = group;
    const why = Object.entries(reasons).map(([reason, times]) => `${times} ${reason}`);
    const line = JSON.stringify({
      ...defaults,
      id,
      time: iso(group.to_ms),
      type: 'gap',
      session_id,
      status: 'unknown',
      detail: `The SDK dropped ${dropped} event${dropped === 1 ? '' : 's'}: ${why.join(', ')}.`,
      attributes: {
        dropped,
        reasons,
        from: iso(group.from_ms),
        to: iso(group.to_ms),
        event_ids: ids,
      },
    });
    return { id, line, size_bytes: Buffer.byteLength(line) };
  });
}

function iso(time_ms: number): string {
  return new Date(time_ms).toISOString();
}
