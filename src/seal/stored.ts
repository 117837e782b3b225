/** A tenant's wrapped subject keys as stored objects: read whole, added to, merged, and erased. */
import { Fault } from '../fault/fault.ts';
import type { Store } from '../store/store.ts';

export type KeyRecord = {
  /** 16 bytes, hex. */
  readonly kid: string;
  /** HMAC-SHA-256 of the subject under the tenant's naming key, hex; gone when erased. */
  readonly s?: string | undefined;
  /** The key, wrapped under the tenant's key; gone when erased. */
  readonly w?: string | undefined;
};

export type StoredKeys = {
  /** Every key that was there when they were opened, by its name. */
  readonly keys: Map<string, KeyRecord>;
  /** Resolves when they are durable; what it rejects was not added. */
  readonly add: (keys: readonly KeyRecord[]) => Promise<void>;
  /** Removes all but its name from every object that holds it, durably. */
  readonly erase: (kid: string) => Promise<void>;
  /** Resolves when objects are neither merged nor erased any more. */
  readonly idle: () => Promise<void>;
};

/** So many objects of about one size become one: a start reads few, and a key moves seldom. */
const MERGED = 16;
/** Objects that are read at the same time. */
const READS = 16;

type Held = { readonly key: string; readonly number: number; readonly count: number };
type Loaded = Held & { readonly keys: readonly KeyRecord[] };

export async function openStoredKeys(store: Store, tenant: string): Promise<StoredKeys> {
  const prefix = `keys/${tenant}/subject/`;
  const loaded = await load(store, prefix);
  let held: readonly Held[] = loaded.map(({ key, number, count }) => ({ key, number, count }));
  let next = (loaded.at(-1)?.number ?? -1) + 1;
  // Merging and erasing rewrite what is stored, so they take turns.
  let turn: Promise<void> = Promise.resolve();

  async function put(keys: readonly KeyRecord[]): Promise<void> {
    const number = next++;
    const key = `${prefix}${String(number).padStart(10, '0')}.json`;
    await store.put(key, encode(keys));
    held = [...held, { key, number, count: keys.length }];
  }

  /** Crash window: old objects beside the merged one repeat the same keys, which does no harm. */
  async function mergeOnce(): Promise<boolean> {
    const group = mergeable(held);
    if (group.length === 0) return false;
    const objects = await readAll(store, group);
    await put([...merged(objects).values()]);
    const gone = new Set(group);
    held = held.filter((object) => !gone.has(object));
    for (const { key } of group) await store.remove(key);
    return true;
  }

  async function merge(): Promise<void> {
    while (await mergeOnce());
  }

  function takeTurn(work: () => Promise<void>): Promise<void> {
    const done = turn.then(work);
    turn = done.catch(() => undefined);
    return done;
  }

  return {
    keys: merged(loaded),
    async add(keys) {
      await put(keys);
      // What fails now, as on a full disk, is tried again after the next keys.
      if (mergeable(held).length > 0) takeTurn(merge).catch(() => undefined);
    },
    erase: (kid) => takeTurn(() => eraseFrom(store, prefix, kid)),
    idle: () => turn,
  };
}

/** Objects that are worth one: enough of them whose counts are of one magnitude, the smallest. */
function mergeable(held: readonly Held[]): readonly Held[] {
  const magnitude = ({ count }: Held) =>
    Math.floor(Math.log(Math.max(1, count)) / Math.log(MERGED));
  const groups = Map.groupBy(held, magnitude);
  const [smallest] = [...groups]
    .filter(([, group]) => group.length >= MERGED)
    .sort(([a], [b]) => a - b);
  return smallest?.[1] ?? [];
}

async function eraseFrom(store: Store, prefix: string, kid: string): Promise<void> {
  for (const { key, keys } of await load(store, prefix)) {
    if (!keys.some((item) => item.kid === kid)) continue;
    await store.put(key, encode(keys.map((item) => (item.kid === kid ? { kid } : item))));
  }
}

/** In order. What a running server merges between the listing and the reading is listed again. */
async function load(store: Store, prefix: string): Promise<readonly Loaded[]> {
  for (;;) {
    const held: Held[] = [];
    for await (const key of store.list(prefix)) {
      held.push({ key, number: Number.parseInt(key.slice(prefix.length), 10), count: 0 });
    }
    const loaded = await readAll(store, held);
    if (loaded.length === held.length) return loaded.toSorted((a, b) => a.number - b.number);
  }
}

/** Those that are there. */
async function readAll(store: Store, held: readonly Held[]): Promise<readonly Loaded[]> {
  const loaded: Loaded[] = [];
  for (let i = 0; i < held.length; i += READS) {
    const read = async (object: Held): Promise<readonly Loaded[]> => {
      const bytes = await store.get(object.key);
      if (bytes === undefined) return [];
      const keys = parse(bytes, object.key);
      return [{ ...object, count: keys.length, keys }];
    };
    loaded.push(...(await Promise.all(held.slice(i, i + READS).map(read))).flat());
  }
  return loaded;
}

/** An erased key stays erased, whichever object is read last. */
function merged(objects: readonly Loaded[]): Map<string, KeyRecord> {
  const byKid = new Map<string, KeyRecord>();
  for (const { keys } of objects) {
    for (const key of keys) {
      const known = byKid.get(key.kid);
      if (known === undefined || known.w !== undefined) byKid.set(key.kid, key);
    }
  }
  return byKid;
}

function encode(keys: readonly KeyRecord[]): Buffer {
  return Buffer.from(`${JSON.stringify({ v: 1, keys })}\n`);
}

/** Checked by hand: a start reads a hundred thousand keys. Throws `seal.root_key`. */
function parse(bytes: Buffer, key: string): readonly KeyRecord[] {
  try {
    const { v, keys } = JSON.parse(bytes.toString());
    if (v === 1 && Array.isArray(keys) && keys.every(isKeyRecord)) return keys;
  } catch {
    // Damaged, as below.
  }
  throw new Fault('seal.root_key', `The key object ${key} is damaged.`, {
    hint: 'Restore the keys folder from its copy; events under these keys cannot be read.',
  });
}

export function isKeyRecord(value: unknown): value is KeyRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { kid, s, w } = value as Record<string, unknown>;
  return typeof kid === 'string' && kid.length === 32 && isText(s) && isText(w);
}

function isText(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}
