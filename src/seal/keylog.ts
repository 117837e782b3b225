/**
 * New keys on their way: a log for all tenants, so that keys that are made at the same time share
 * one write and one sync. From there they move into objects of their tenants, where erasure can
 * destroy a single one, and the log is removed.
 */
import { Fault } from '../fault/fault.ts';
import type { Store } from '../store/store.ts';
import { kidName, type NamedKey } from './envelope.ts';
import { decodeLog, encodeLine, type LoggedKey } from './keyline.ts';
import type { KeyRecord } from './stored.ts';

export type KeyLog = {
  /** A tenant's keys that an earlier process, or one that runs, left in logs. */
  readonly left: (tenant: string) => readonly KeyRecord[];
  /** Takes a key that was just made: `save` before it is used. */
  readonly add: (tenant: string, key: KeyRecord) => void;
  /** Whether it is not durable yet: who uses older keys need not wait for it. */
  readonly isUnsaved: (key: NamedKey) => boolean;
  /** Resolves when every key that was added so far is durable; what it rejects is tried again. */
  readonly save: () => Promise<void>;
  /** Resolves when every key that was added so far is in its tenant's objects and in no log. */
  readonly drain: () => Promise<void>;
};

export type KeyLogOptions = {
  readonly store: Store;
  /** Puts keys into their tenant's objects, durably. */
  readonly move: (tenant: string, keys: readonly KeyRecord[]) => Promise<void>;
  /** Keys of a log that are moved together: many, so that their objects are few. */
  readonly moved_keys?: number;
};

const MOVED_KEYS = 8192;
/** Tenants whose keys are moved at the same time: few, so that events find the disk free. */
const MOVES = 2;

/** No folder of a tenant begins so: there is no dot in a tenant's name. */
const PREFIX = 'keys/new.';

/** A log and those of its keys that are in no object yet. */
type Log = {
  readonly number: number;
  readonly key: string;
  readonly keys: Map<string, KeyRecord[]>;
  count: number;
  /** Whether there may be an object: also where the first line was refused. */
  begun: boolean;
};

type State = KeyLogOptions & {
  readonly pending: Set<string>;
  unsaved: LoggedKey[];
  saving: Promise<void>;
  /** The log that grows, and those before it. */
  current: Log;
  readonly full: Log[];
  moving: Promise<void>;
};

/** Reads what is there and changes nothing. Throws `seal.root_key` for a damaged log. */
export async function openKeyLog(options: KeyLogOptions): Promise<KeyLog> {
  const full = await readLogs(options.store);
  const state: State = {
    ...options,
    pending: new Set(),
    unsaved: [],
    saving: Promise.resolve(),
    current: newLog((full.at(-1)?.number ?? -1) + 1),
    full,
    moving: Promise.resolve(),
  };
  const left = full.map(({ keys }) => new Map(keys));
  return {
    left: (tenant) => left.flatMap((keys) => keys.get(tenant) ?? []),
    add(tenant, key) {
      state.unsaved.push({ tenant, ...key });
      state.pending.add(key.kid);
    },
    isUnsaved: ({ kid }) => state.pending.size > 0 && state.pending.has(kidName(kid)),
    save: () => save(state),
    drain: () => drain(state),
  };
}

/** What there is of logs, as a text: another one with each key that is made. */
export async function keyLogSize(store: Store): Promise<string> {
  const sizes: string[] = [];
  for await (const key of store.list(PREFIX)) sizes.push(`${key} ${await store.size(key)}`);
  return sizes.join();
}

async function readLogs(store: Store): Promise<Log[]> {
  const logs: Log[] = [];
  for await (const key of store.list(PREFIX)) {
    const log = newLog(Number.parseInt(key.slice(PREFIX.length), 10));
    if (key !== log.key) continue;
    // Absent: a running server has just moved it, and its keys are where those of tenants are.
    const keys = decodeLog((await store.get(key)) ?? Buffer.alloc(0));
    if (keys === undefined) throw damaged(key);
    for (const one of keys) put(log, one);
    logs.push(log);
  }
  return logs;
}

function newLog(number: number): Log {
  const key = `${PREFIX}${String(number).padStart(10, '0')}.log`;
  return { number, key, keys: new Map(), count: 0, begun: false };
}

function put(log: Log, { tenant, ...key }: LoggedKey): void {
  const keys = log.keys.get(tenant);
  if (keys === undefined) log.keys.set(tenant, [key]);
  else keys.push(key);
  log.count++;
}

function save(state: State): Promise<void> {
  return state.unsaved.length === 0 ? state.saving : inTurn(state, () => saveUnsaved(state));
}

/** One after the other, so that whoever waits for the last one waits for all before it. */
function inTurn(state: State, work: () => Promise<void> | void): Promise<void> {
  state.saving = state.saving.catch(() => undefined).then(work);
  return state.saving;
}

async function saveUnsaved(state: State): Promise<void> {
  const { unsaved, current } = state;
  if (unsaved.length === 0) return;
  state.unsaved = [];
  current.begun = true;
  try {
    await state.store.append(current.key, encodeLine(unsaved));
  } catch (error) {
    // Not durable, so not lost either: the next save writes them.
    state.unsaved = [...unsaved, ...state.unsaved];
    throw error;
  }
  for (const key of unsaved) {
    put(current, key);
    state.pending.delete(key.kid);
  }
  if (current.count < (state.moved_keys ?? MOVED_KEYS)) return;
  endLog(state);
  // What fails now, as on a full disk, is tried again with the next log.
  moveAll(state).catch(() => undefined);
}

function endLog(state: State): void {
  const { current } = state;
  if (!current.begun) return;
  state.full.push(current);
  state.current = newLog(current.number + 1);
}

async function drain(state: State): Promise<void> {
  await save(state);
  await inTurn(state, () => endLog(state));
  await moveAll(state);
}

function moveAll(state: State): Promise<void> {
  const moved = state.moving.then(async () => {
    for (let log = state.full[0]; log !== undefined; log = state.full[0]) {
      await move(state, log);
      state.full.shift();
    }
  });
  state.moving = moved.catch(() => undefined);
  return moved;
}

/** Crash window: a key that is both in an object and in the log is one key, which does no harm. */
async function move({ store, move }: State, { key, keys }: Log): Promise<void> {
  const tenants = [...keys.keys()].values();
  const lane = async () => {
    for (const tenant of tenants) {
      await move(tenant, keys.get(tenant) ?? []);
      keys.delete(tenant);
    }
  };
  // All of them end before this does: a key that is written late would outlive its erasure.
  const ended = await Promise.allSettled(Array.from({ length: MOVES }, lane));
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
  await store.remove(key);
}

function damaged(key: string): Fault {
  return new Fault('seal.root_key', `The key log ${key} is damaged.`, {
    hint: 'Restore the keys folder from its copy; events under these keys cannot be read.',
  });
}
