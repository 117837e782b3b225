/** The mutable store of subjects' keys, outside journal and archive: what erasure destroys. */
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { Fault } from '../fault/fault.ts';
import type { Store } from '../store/store.ts';
import { keyName, type NamedKey, openBytes, sealBytes } from './envelope.ts';
import type { Entropy } from './root.ts';
import type { TenantSecret } from './tenant.ts';

export type SubjectKeys = {
  /** The key of a subject, made in memory where there is none: `save` before it is used. */
  readonly keyOf: (subject: string) => NamedKey;
  /** Resolves when every key that `keyOf` made so far is durable. */
  readonly save: () => Promise<void>;
  /** The key of that name (hex); `erased` where it was destroyed, undefined where it is unknown. */
  readonly named: (kid: string) => KeyObject | 'erased' | undefined;
  /** Destroys a subject's key for ever, durably; false where it has none. */
  readonly erase: (subject: string) => Promise<boolean>;
};

const record = z.object({
  /** 16 bytes, hex. */
  kid: z.string().length(32),
  /** HMAC-SHA-256 of the subject under the tenant's naming key, hex; gone when erased. */
  s: z.string().optional(),
  /** The key, wrapped under the tenant's key; gone when erased. */
  w: z.string().optional(),
});
const batch = z.object({ v: z.literal(1), keys: z.array(record) });
type KeyRecord = z.infer<typeof record>;

/** More objects than this are merged into one at start. */
const OBJECTS = 64;

type Options = {
  readonly store: Store;
  readonly tenant: string;
  readonly secret: TenantSecret;
  readonly entropy: Entropy;
};

type State = Options & {
  readonly prefix: string;
  readonly byKid: Map<string, KeyRecord>;
  readonly kidOfSubject: Map<string, string>;
  /** Unwrapped keys by name, and by subject. */
  readonly opened: Map<string, KeyObject>;
  readonly bySubject: Map<string, NamedKey>;
  unsaved: KeyRecord[];
  saving: Promise<void>;
  next: number;
};

export async function openSubjectKeys(options: Options): Promise<SubjectKeys> {
  const state = await restore(options);
  return {
    keyOf: (subject) => keyOf(state, subject),
    save: () => save(state),
    named: (kid) => named(state, kid),
    erase: (subject) => erase(state, subject),
  };
}

async function restore(options: Options): Promise<State> {
  const prefix = `keys/${options.tenant}/subject/`;
  const objects = await load(options.store, prefix);
  const byKid = new Map<string, KeyRecord>();
  for (const { keys } of objects) for (const key of keys) admit(byKid, key);
  const kidOfSubject = new Map<string, string>();
  for (const { kid, s } of byKid.values()) if (s) kidOfSubject.set(s, kid);
  return {
    ...options,
    prefix,
    byKid,
    kidOfSubject,
    opened: new Map(),
    bySubject: new Map(),
    unsaved: [],
    saving: Promise.resolve(),
    next: (objects.at(-1)?.number ?? -1) + 1,
  };
}

function keyOf(state: State, subject: string): NamedKey {
  const cached = state.bySubject.get(subject);
  if (cached) return cached;
  const name = nameOf(state, subject);
  const kid = state.kidOfSubject.get(name);
  const key = kid === undefined ? undefined : named(state, kid);
  const found =
    kid !== undefined && key !== undefined && key !== 'erased'
      ? { kid: Buffer.from(kid, 'hex'), key }
      : make(state, name);
  state.bySubject.set(subject, found);
  return found;
}

/** A subject's name in the key store: without the tenant key it says nothing of the person. */
function nameOf({ secret }: State, subject: string): string {
  return createHmac('sha256', secret.naming).update(subject).digest('hex');
}

function make(state: State, name: string): NamedKey {
  const { secret, entropy } = state;
  const kid = entropy(16);
  const bytes = entropy(32);
  const bound = Buffer.from(kid.toString('hex'));
  const w = sealBytes({ kid, key: secret.wrap }, entropy(12), { parts: [bytes], bound });
  const key = createSecretKey(bytes);
  bytes.fill(0);
  const made = { kid: kid.toString('hex'), s: name, w: w.toString('base64') };
  state.byKid.set(made.kid, made);
  state.kidOfSubject.set(name, made.kid);
  state.opened.set(made.kid, key);
  state.unsaved.push(made);
  return { kid, key };
}

function named(state: State, kid: string): KeyObject | 'erased' | undefined {
  const known = state.opened.get(kid);
  if (known) return known;
  const found = state.byKid.get(kid);
  if (!found) return undefined;
  if (!found.w) return 'erased';
  const envelope = Buffer.from(found.w, 'base64');
  const opens = keyName(envelope) !== undefined;
  const bytes = opens ? openBytes(state.secret.wrap, envelope, Buffer.from(kid)) : undefined;
  if (!bytes) return undefined;
  const key = createSecretKey(bytes);
  bytes.fill(0);
  state.opened.set(kid, key);
  return key;
}

function save(state: State): Promise<void> {
  if (state.unsaved.length === 0) return state.saving;
  const keys = state.unsaved;
  state.unsaved = [];
  const object = objectName(state.prefix, state.next++);
  // One after the other, so that whoever waits for the last one waits for all before it.
  state.saving = state.saving
    .catch(() => undefined)
    .then(() => state.store.put(object, encode(keys)))
    .catch((error: unknown) => {
      // Not durable, so not lost either: the next save writes them.
      state.unsaved = [...keys, ...state.unsaved];
      throw error;
    });
  return state.saving;
}

async function erase(state: State, subject: string): Promise<boolean> {
  await save(state);
  const name = nameOf(state, subject);
  const kid = state.kidOfSubject.get(name);
  if (kid === undefined) return false;
  for (const { key, keys } of await load(state.store, state.prefix)) {
    if (!keys.some((item) => item.kid === kid)) continue;
    const left = keys.map((item) => (item.kid === kid ? { kid } : item));
    await state.store.put(key, encode(left));
  }
  state.bySubject.delete(subject);
  state.kidOfSubject.delete(name);
  state.opened.delete(kid);
  state.byKid.set(kid, { kid });
  return true;
}

/**
 * Merges a tenant's many small objects into one, so that start stays quick. Crash window: old
 * objects beside the merged one repeat the same keys, which does no harm.
 */
export async function mergeSubjectKeys(store: Store, tenant: string): Promise<void> {
  const prefix = `keys/${tenant}/subject/`;
  const objects = await load(store, prefix);
  if (objects.length <= OBJECTS) return;
  const byKid = new Map<string, KeyRecord>();
  for (const { keys } of objects) for (const key of keys) admit(byKid, key);
  const next = (objects.at(-1)?.number ?? -1) + 1;
  await store.put(objectName(prefix, next), encode([...byKid.values()]));
  for (const { key } of objects) await store.remove(key);
}

type Loaded = { readonly key: string; readonly number: number; readonly keys: KeyRecord[] };

async function load(store: Store, prefix: string): Promise<Loaded[]> {
  const objects: Loaded[] = [];
  for await (const key of store.list(prefix)) {
    const bytes = await store.get(key);
    if (!bytes) continue;
    const parsed = batch.safeParse(parse(bytes));
    if (!parsed.success) {
      throw new Fault('seal.root_key', `The key object ${key} is damaged.`, {
        hint: 'Restore the keys folder from its copy; events under these keys cannot be read.',
      });
    }
    const number = Number.parseInt(key.slice(prefix.length), 10);
    objects.push({ key, number, keys: parsed.data.keys });
  }
  return objects.sort((a, b) => a.number - b.number);
}

/** An erased key stays erased, whichever object is read last. */
function admit(byKid: Map<string, KeyRecord>, key: KeyRecord): void {
  if (byKid.get(key.kid) && byKid.get(key.kid)?.w === undefined) return;
  byKid.set(key.kid, key);
}

function objectName(prefix: string, number: number): string {
  return `${prefix}${String(number).padStart(10, '0')}.json`;
}

function encode(keys: readonly KeyRecord[]): Buffer {
  return Buffer.from(`${JSON.stringify({ v: 1, keys })}\n`);
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
