/** The front door: what producers send becomes sealed, durable events, one receipt each. */
import { canonicalBytes } from '../event/canonical.ts';
import { DEFAULT_TENANT, type Draft, type Event } from '../event/event.ts';
import { normalise, type Producer } from '../event/normalise.ts';
import { asFault, Fault } from '../fault/fault.ts';
import type { Journal, Position } from '../journal/journal.ts';
import type { Keyring } from '../seal/keyring.ts';
import type { Store } from '../store/store.ts';
import type { Fresh } from './fresh.ts';
import { keepMoved, type Moved, slim } from './overflow.ts';
import { isOwnSession } from './own.ts';
import type { Recent } from './recent.ts';
import type { Receipt } from './trail.ts';

export type Door = {
  /** One receipt an input, in order. Throws only where nothing of the batch was recorded. */
  readonly ingest: (inputs: readonly unknown[], producer: Producer) => Promise<readonly Receipt[]>;
  /** What the recorder says of itself: never refused for a full queue. Throws what refuses it. */
  readonly record: (own: Draft & { readonly tenant_id: string }) => Promise<void>;
  /** Events between arrival and acknowledgement. */
  readonly queued: () => number;
};

export type DoorOptions = {
  readonly journal: Journal;
  readonly keyring: Keyring;
  readonly store: Store;
  readonly recent: Recent;
  readonly fresh: Fresh;
  /** The index of an event that the archive holds. */
  readonly archived: (tenant: string, id: string) => Promise<number | undefined>;
  /** Fills in what the action part knows; called on each event before it is sealed. */
  readonly describe: (event: Event) => Event;
  /** Resolves when the tenant has its keys and its first entry. */
  readonly admit: (tenant: string) => Promise<void>;
  readonly now: () => number;
  readonly newId: () => string;
  readonly limits: {
    readonly event_bytes: number;
    readonly inline_bytes: number;
    readonly queue_events: number;
  };
};

type Ready = { readonly event: Event; readonly bytes: Buffer; readonly moved: readonly Moved[] };

export function openDoor(options: DoorOptions): Door {
  let queued = 0;
  const pass = async (inputs: readonly unknown[], producer: Producer, check = acceptAll) => {
    queued += inputs.length;
    try {
      const prepared = inputs.map((input) => prepare(options, input, producer));
      return await admitBatch(options, inputs, prepared.map(check));
    } finally {
      queued -= inputs.length;
    }
  };
  return {
    queued: () => queued,
    ingest: async (inputs, producer) => {
      const { queue_events } = options.limits;
      if (queued + inputs.length <= queue_events) return pass(inputs, producer, refuseReserved);
      throw new Fault('queue.full', `More than ${queue_events} events wait for the disk.`, {
        limit: queue_events,
        retry_after_s: 1,
        hint: 'Send again later; nothing of this batch was recorded.',
      });
    },
    record: async (own) => {
      const [receipt] = await pass([own], { tenant_id: own.tenant_id });
      if (receipt?.status !== 'rejected') return;
      const { code, message, ...detail } = receipt.error;
      throw new Fault(code, message, detail);
    },
  };
}

async function admitBatch(
  options: DoorOptions,
  inputs: readonly unknown[],
  prepared: readonly (Ready | Fault)[],
): Promise<Receipt[]> {
  const events = prepared.filter((item): item is Ready => !(item instanceof Fault));
  for (const tenant of new Set(events.map(({ event }) => event.tenant_id))) {
    await options.admit(tenant);
  }
  const archived = await lookUp(options, events);
  const { fresh: added, known, settle } = reserve(options, events, archived);
  try {
    settle.resolve(await commit(options, added));
  } catch (error) {
    settle.reject(error);
    throw error;
  }
  return Promise.all(
    prepared.map((item, i) =>
      item instanceof Fault ? rejected(inputs[i], item) : receipt(item, known.get(item)),
    ),
  );
}

/** A repeat of an event that another batch is just failing to write fails alone. */
async function receipt(ready: Ready, outcome: Outcome | undefined): Promise<Receipt> {
  const { id } = ready.event;
  if (!outcome) return rejected(ready.event, asFault('the event was lost on its way'));
  try {
    const index = await outcome.index;
    return { status: outcome.repeated ? 'duplicate' : 'accepted', id, index };
  } catch (error) {
    return rejected(ready.event, asFault(error));
  }
}

function acceptAll(prepared: Ready | Fault): Ready | Fault {
  return prepared;
}

/** What Claw says of itself is left out of people's lists: no producer may hide among it. */
function refuseReserved(prepared: Ready | Fault): Ready | Fault {
  if (prepared instanceof Fault || !isOwnSession(prepared.event.session_id)) return prepared;
  return new Fault('event.reserved', 'session_id: the sessions claw and claw:… are Claw’s own.', {
    field: 'session_id',
    hint: 'Choose another session_id.',
  });
}

function prepare(options: DoorOptions, input: unknown, producer: Producer): Ready | Fault {
  const { now, newId, describe, limits } = options;
  const context = { producer, now_ms: now(), newId, defaultTenant: DEFAULT_TENANT };
  try {
    const normal = normalise(input, context);
    if (normal instanceof Fault) return normal;
    const event = describe(normal);
    const bytes = canonicalBytes(event);
    if (bytes.length > limits.event_bytes) {
      return new Fault('event.too_large', `The event has ${bytes.length} bytes.`, {
        limit: limits.event_bytes,
        hint: 'Send large outputs in parts, or raise event_bytes.',
      });
    }
    return bytes.length > limits.inline_bytes
      ? slim(event, bytes, limits.inline_bytes)
      : { event, bytes, moved: [] };
  } catch (error) {
    return asFault(error);
  }
}

/** Asks the archive only for ids that the journal does not hold. */
async function lookUp(
  { recent, archived }: DoorOptions,
  events: readonly Ready[],
): Promise<Map<Ready, number>> {
  const found = new Map<Ready, number>();
  for (const ready of events) {
    const { tenant_id, id } = ready.event;
    if (recent.get(tenant_id, id) !== undefined) continue;
    const index = await archived(tenant_id, id);
    if (index !== undefined) found.set(ready, index);
  }
  return found;
}

type Outcome = { readonly index: number | Promise<number>; readonly repeated: boolean };

/** Takes every new id at once, without waiting: a concurrent batch sees it as taken. */
function reserve(
  { recent }: DoorOptions,
  events: readonly Ready[],
  archived: ReadonlyMap<Ready, number>,
) {
  const settle = Promise.withResolvers<readonly Position[]>();
  settle.promise.catch(() => undefined);
  const known = new Map<Ready, Outcome>();
  const fresh: Ready[] = [];
  for (const ready of events) {
    const { tenant_id, id } = ready.event;
    const index = archived.get(ready) ?? recent.get(tenant_id, id);
    if (index !== undefined) {
      known.set(ready, { index, repeated: true });
      continue;
    }
    const place = fresh.push(ready) - 1;
    const settled = settle.promise.then((places) => places[place]?.index ?? 0);
    recent.reserve(tenant_id, id, settled);
    known.set(ready, { index: settled, repeated: false });
  }
  return { fresh, known, settle };
}

/** Keys and large values are durable before the journal is, and that before anybody is told. */
async function commit(
  options: DoorOptions,
  events: readonly Ready[],
): Promise<readonly Position[]> {
  if (events.length === 0) return [];
  const { keyring, journal, recent, fresh } = options;
  const plain = events.map(({ event, bytes }) => ({
    tenant: event.tenant_id,
    id: event.id,
    at_ms: Date.parse(event.recorded_at),
    subject: subjectOf(event),
    bytes,
  }));
  for (const { event, moved } of events) {
    if (moved.length === 0) continue;
    await keepMoved(options, { tenant_id: event.tenant_id, subject: subjectOf(event) }, moved);
  }
  const places = await journal.append(await keyring.seal(plain));
  for (const [i, { seq, index }] of places.entries()) {
    const ready = events[i];
    if (!ready) break;
    recent.add({ tenant: ready.event.tenant_id, id: ready.event.id, seq, index });
    fresh.add(seq, ready.bytes);
  }
  return places;
}

/** The data subject under whose key an event is sealed. */
export function subjectOf(event: Event): string {
  return event.user?.id === undefined ? `session:${event.session_id}` : `user:${event.user.id}`;
}

function rejected(input: unknown, fault: Fault): Receipt {
  const claimed = (input as { id?: unknown } | null)?.id;
  const id = typeof claimed === 'string' && claimed.length <= 64 ? { id: claimed } : {};
  return { status: 'rejected', ...id, error: fault.toJSON() };
}
