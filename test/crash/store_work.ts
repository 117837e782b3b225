/** Work of a store alone: objects put now and later, swapped, removed, in folders of their own. */
import { openFileStore } from '../../src/store/file.ts';
import type { Store } from '../../src/store/store.ts';
import type { SimulatedDisk } from './simulated_disk.ts';
import type { Problem, Work } from './work.ts';

const ROOT = '/srv/data';
const ROUNDS = 8;
const KEYS = ['head/a', 'head/b', 'keys/a/subject/1.json', 'keys/a/tenant.json', 'archive/a/1'];
const LOG = 'keys/new.log';
const TILES = ['tile/0/000', 'tile/0/001', 'vkey', 'checkpoint'].map((name) => `ledger/a/${name}`);

/** What one object may be: what was last said to be durable, or anything that was tried since. */
type Known = {
  sure: string | undefined;
  tried: (string | undefined)[];
  /** Puts that are durable after a flush: until then a stop may leave anything. */
  waits: boolean;
  /** The last of these that succeeded in this process. */
  written?: string;
};
type State = {
  readonly known: Map<string, Known>;
  /** What was durably added to the log. */
  readonly added: string[];
  count: number;
  kept: number;
  slowest_ms: number;
};

export function newStoreWork(): Work {
  const state: State = { known: new Map(), added: [], count: 0, kept: 0, slowest_ms: 0 };
  return {
    home: '/srv',
    run: (disk) => session(state, disk),
    check: (disk) => check(state, disk),
    acknowledged: () => state.kept,
    recovery_ms: () => state.slowest_ms,
    clear: () => {},
  };
}

async function session(state: State, disk: SimulatedDisk): Promise<void> {
  const store = openFileStore({ root: ROOT, disk });
  // A flush speaks for the puts of its own process.
  for (const key of TILES) delete knownOf(state, key).written;
  for (let round = 0; round < ROUNDS; round++) {
    const now = KEYS.map((key) => putNow(state, store, key));
    const tiles = TILES.filter((_, i) => i === round % TILES.length);
    const later = tiles.map((key) => putLater(state, store, key));
    await Promise.allSettled([...now, ...later, add(state, store)]);
    await swap(state, store, KEYS[round % KEYS.length] as string).catch(() => {});
    if (round % 2 === 1) await flush(state, store).catch(() => {});
    if (round % 3 === 2) await remove(state, store, KEYS[2] as string).catch(() => {});
  }
}

async function putNow(state: State, store: Store, key: string): Promise<void> {
  const value = bytesFor(state, key);
  await attempt(state, key, value, () => store.put(key, Buffer.from(value)));
}

async function add(state: State, store: Store): Promise<void> {
  const value = `${bytesFor(state, LOG)}\n`;
  await store.append(LOG, Buffer.from(value));
  state.added.push(value);
  state.kept++;
}

async function swap(state: State, store: Store, key: string): Promise<void> {
  const held = await store.get(key);
  const value = bytesFor(state, key);
  await attempt(state, key, value, () => store.swap(key, held, Buffer.from(value)));
}

async function remove(state: State, store: Store, key: string): Promise<void> {
  await attempt(state, key, undefined, () => store.remove(key));
}

async function putLater(state: State, store: Store, key: string): Promise<void> {
  const known = knownOf(state, key);
  const value = bytesFor(state, key);
  known.tried.push(value);
  known.waits = true;
  await store.put(key, Buffer.from(value), { durable: 'later' });
  knownOf(state, key).written = value;
}

async function flush(state: State, store: Store): Promise<void> {
  await store.flush();
  for (const key of TILES) {
    const { written, tried } = knownOf(state, key);
    if (written === undefined) continue;
    settle(state, key, written);
    // A put that failed may have been done all the same.
    knownOf(state, key).tried = tried.slice(tried.lastIndexOf(written) + 1);
  }
}

async function attempt(
  state: State,
  key: string,
  ...[value, work]: [string | undefined, () => Promise<void>]
): Promise<void> {
  knownOf(state, key).tried.push(value);
  await work();
  settle(state, key, value);
}

function settle(state: State, key: string, sure: string | undefined): void {
  state.known.set(key, { sure, tried: [], waits: false });
  state.kept++;
}

function knownOf(state: State, key: string): Known {
  const known = state.known.get(key) ?? { sure: undefined, tried: [], waits: false };
  state.known.set(key, known);
  return known;
}

/** Each unlike the others, up to a few sectors. */
function bytesFor(state: State, key: string): string {
  const n = state.count++;
  return `${key} ${n} ${'x'.repeat((n * 397) % 1700)}`;
}

async function check(state: State, disk: SimulatedDisk): Promise<readonly Problem[]> {
  const began = performance.now();
  const store = openFileStore({ root: ROOT, disk });
  const problems: Problem[] = [];
  try {
    const listed = new Set<string>();
    for await (const key of store.list('')) listed.add(key);
    for (const key of [...KEYS, ...TILES]) {
      const held = (await store.get(key))?.toString();
      if ((held !== undefined) !== listed.has(key)) {
        problems.push({ kind: 'broken', what: `list and get differ for ${key}` });
      }
      problems.push(...compare(key, knownOf(state, key), held));
    }
    const log = String((await store.get(LOG)) ?? '');
    for (const value of state.added.filter((one) => !log.includes(one))) {
      problems.push({ kind: 'lost', what: `${LOG} is without ${value.slice(0, 40)}` });
    }
    state.slowest_ms = Math.max(state.slowest_ms, performance.now() - began);
    await session(state, disk);
  } catch (error) {
    problems.push({ kind: 'broken', what: `after a start: ${error}` });
  }
  return problems;
}

function compare(key: string, { sure, tried, waits }: Known, held: string | undefined): Problem[] {
  if (held === sure || tried.includes(held) || waits) return [];
  return [{ kind: 'lost', what: `${key} is ${held?.slice(0, 40)}, not ${sure?.slice(0, 40)}` }];
}
