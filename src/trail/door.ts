/** The front door: what producers send becomes sealed, durable events, one receipt each. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { OWN_ATTRIBUTE } from '../event/lifecycle.ts';
import type { Producer } from '../event/normalise.ts';
import { asFault, Fault } from '../fault/fault.ts';
import type { Journal, Position } from '../journal/journal.ts';
import type { Keyring } from '../seal/keyring.ts';
import type { SealedEvent } from '../seal/seal.ts';
import type { Store } from '../store/store.ts';
import type { Fresh } from './fresh.ts';
import { keepMoved } from './overflow.ts';
import { type Own, refuseOwnSession } from './own.ts';
import { prepareAll, type Ready, type ReadyOptions, SLICE, type Spent } from './ready.ts';
import type { Recent } from './recent.ts';
import type { Receipt } from './trail.ts';

export type Door = {
  /** One receipt an input, in order. Throws only where nothing of the batch was recorded. */
  readonly ingest: (inputs: readonly unknown[], producer: Producer) => Promise<readonly Receipt[]>;
  /**
   * What the recorder says of itself: never refused for a full queue. Throws what refuses it.
   * An id that was `made` for this event alone is not looked for among those that are taken.
   */
  readonly record: (own: Own, id?: 'made' | 'chosen') => Promise<void>;
  /** Like `record`, but an id that is taken is left at what it says: false. */
  readonly recordOnce: (own: Own) => Promise<boolean>;
  /** Events between arrival and acknowledgement. */
  readonly queued: () => number;
};

/** Told when nothing waits for the disk any more; gives how to ask whether that still holds. */
export type OnIdle = (stillIdle: () => boolean) => void;

export type DoorOptions = ReadyOptions & {
  readonly journal: Journal;
  readonly keyring: Keyring;
  readonly store: Store;
  readonly recent: Recent;
  readonly fresh: Fresh;
  /** The index of an event that the archive holds. */
  readonly archived: (tenant: string, id: string) => Promise<number | undefined>;
  /** Resolves when the tenant has its keys and its first entry. */
  readonly admit: (tenant: string) => Promise<void>;
  readonly limits: { readonly queue_events: number };
  readonly onIdle?: OnIdle | undefined;
  /** Told of the tokens that a durable event of a task reported. */
  readonly spend: (tenant: string, spent: Spent) => void;
};

export function openDoor(options: DoorOptions): Door {
  const admission = { ...options, underway: new Map() };
  const producers = { ...options, describe: refuseReserved(options.describe) };
  let queued = 0;
  const isIdle = () => queued === 0;
  const pass = async (inputs: readonly unknown[], producer: Producer, ready: ReadyOptions) => {
    queued += inputs.length;
    try {
      const prepared = await prepareAll(inputs, producer, ready);
      return await admitBatch(admission, inputs, prepared);
    } finally {
      queued -= inputs.length;
      if (queued === 0) options.onIdle?.(isIdle);
    }
  };
  const owners = { ...options, idsMade: true };
  const recordAs = async (own: Own, ready: ReadyOptions): Promise<boolean> => {
    const [receipt] = await pass([own], { tenant_id: own.tenant_id }, ready);
    if (receipt?.status !== 'rejected') return receipt?.status === 'accepted';
    const { code, message, ...detail } = receipt.error;
    throw new Fault(code, message, detail);
  };
  return {
    queued: () => queued,
    ingest: async (inputs, producer) => {
      const { queue_events } = options.limits;
      if (queued + inputs.length <= queue_events) return pass(inputs, producer, producers);
      throw new Fault('queue.full', `More than ${queue_events} events wait for the disk.`, {
        limit: queue_events,
        retry_after_s: 1,
        hint: 'Send again later; nothing of this batch was recorded.',
      });
    },
    record: async (own, id = 'chosen') => {
      if (!(await recordAs(own, id === 'made' ? owners : options))) throw taken();
    },
    recordOnce: (own) => recordAs(own, options),
  };
}

/** What stands under the id already is something else: this was not recorded. */
function taken(): Fault {
  return new Fault('decision.mismatch', 'This id is of another event.', {
    field: 'id',
    hint: 'Ask with a new id, or with none.',
  });
}

/** Ids that producers chose, while their events are on the way to the disk. */
type Underway = Map<string, Pending>;
type Pending = { readonly places: Promise<readonly Position[]>; readonly place: number };
type Admission = DoorOptions & { readonly underway: Underway };

async function admitBatch(
  options: Admission,
  inputs: readonly unknown[],
  prepared: readonly (Ready | Fault)[],
): Promise<Receipt[]> {
  const events = prepared.filter((item): item is Ready => !(item instanceof Fault));
  await Promise.all([...new Set(events.map(({ plain }) => plain.tenant))].map(options.admit));
  const archived = await lookUp(options, events);
  const { added, repeats, settle } = reserve(options, events, archived);
  const places = await settle(commit(options, added));
  let next = 0;
  const receiptOf = (item: Ready | Fault, i: number): Receipt | Promise<Receipt> => {
    if (item instanceof Fault) return rejected(inputs[i], item);
    const repeat = repeats.get(item);
    if (repeat !== undefined) return repeated(item, repeat);
    const { id } = item.plain;
    const index = places[next++]?.index;
    if (index !== undefined) return { status: 'accepted', id, index };
    return rejected({ id }, asFault('the event was lost on its way'));
  };
  const receipts = prepared.map(receiptOf);
  return repeats.size === 0 ? (receipts as Receipt[]) : Promise.all(receipts);
}

/** A repeat of an event that another batch is just failing to write fails alone. */
async function repeated({ plain: { id } }: Ready, known: number | Pending): Promise<Receipt> {
  try {
    const index = typeof known === 'number' ? known : await indexOf(known);
    return { status: 'duplicate', id, index };
  } catch (error) {
    return rejected({ id }, asFault(error));
  }
}

async function indexOf({ places, place }: Pending): Promise<number> {
  return (await places)[place]?.index ?? 0;
}

/** What only Claw itself may say, and where. */
function refuseReserved(describe: ReadyOptions['describe']): ReadyOptions['describe'] {
  return (event) => {
    if (event.attributes !== undefined && Object.hasOwn(event.attributes, OWN_ATTRIBUTE)) {
      const message = `attributes.${OWN_ATTRIBUTE}: only Claw itself writes it.`;
      throw new Fault('event.reserved', message, { field: `attributes.${OWN_ATTRIBUTE}` });
    }
    refuseOwnSession(event.session_id);
    return describe(event);
  };
}

/** Asks the archive only for ids that producers chose and the journal does not hold. */
async function lookUp(
  { recent, underway, archived }: Admission,
  events: readonly Ready[],
): Promise<Map<Ready, number>> {
  const found = new Map<Ready, number>();
  for (const ready of events) {
    const { tenant, id } = ready.plain;
    if (ready.made || recent.get(tenant, id) !== undefined) continue;
    if (underway.has(keyOf(ready))) continue;
    const index = await archived(tenant, id);
    if (index !== undefined) found.set(ready, index);
  }
  return found;
}

/** Takes every new id at once, without waiting: a concurrent batch sees it as taken. */
function reserve(
  { recent, underway }: Admission,
  events: readonly Ready[],
  archived: ReadonlyMap<Ready, number>,
) {
  const promised = Promise.withResolvers<readonly Position[]>();
  promised.promise.catch(() => undefined);
  const added: Ready[] = [];
  const taken: string[] = [];
  const repeats = new Map<Ready, number | Pending>();
  for (const ready of events) {
    const { tenant, id } = ready.plain;
    if (!ready.made) {
      const key = keyOf(ready);
      const known = archived.get(ready) ?? recent.get(tenant, id) ?? underway.get(key);
      if (known !== undefined) {
        repeats.set(ready, known);
        continue;
      }
      underway.set(key, { places: promised.promise, place: added.length });
      taken.push(key);
    }
    added.push(ready);
  }
  const settle = async (committed: Promise<readonly Position[]>) => {
    promised.resolve(committed);
    try {
      return await committed;
    } finally {
      for (const key of taken) underway.delete(key);
    }
  };
  return { added, repeats, settle };
}

function keyOf({ plain: { tenant, id } }: Ready): string {
  return `${tenant}/${id}`;
}

/** Keys and large values are durable before the journal is, and that before anybody is told. */
async function commit(
  options: DoorOptions,
  events: readonly Ready[],
): Promise<readonly Position[]> {
  if (events.length === 0) return [];
  const { journal, recent, fresh } = options;
  for (const { plain, moved } of events) {
    if (moved.length > 0) await keepMoved(options, plain, moved);
  }
  const places = await journal.append(await seal(options, events));
  // In memory of their own: parts of Node's pool would keep all that is beside them there.
  const kept = Buffer.allocUnsafeSlow(
    events.reduce((sum, { plain }) => sum + plain.bytes.length, 0),
  );
  let at = 0;
  for (const [i, { plain, spent }] of events.entries()) {
    const { tenant, id, bytes } = plain;
    if (spent) options.spend(tenant, spent);
    const { seq, index } = places[i] as Position;
    kept.set(bytes, at);
    recent.add({ tenant, id, seq, index });
    fresh.add({ tenant, index, seq, event: kept.subarray(at, at + bytes.length) });
    at += bytes.length;
  }
  return places;
}

async function seal(
  { keyring }: DoorOptions,
  events: readonly Ready[],
): Promise<readonly SealedEvent[]> {
  const sealed: SealedEvent[] = [];
  while (sealed.length < events.length) {
    if (sealed.length > 0) await nextTurn();
    const slice = events.slice(sealed.length, sealed.length + SLICE);
    sealed.push(...(await keyring.seal(slice.map(({ plain }) => plain))));
  }
  return sealed;
}

function rejected(input: unknown, fault: Fault): Receipt {
  const claimed = (input as { id?: unknown } | null)?.id;
  const id = typeof claimed === 'string' && claimed.length <= 64 ? { id: claimed } : {};
  return { status: 'rejected', ...id, error: fault.toJSON() };
}
