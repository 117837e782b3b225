/** The mutable store of subjects' keys, outside journal and archive: what erasure destroys. */
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { Store } from '../store/store.ts';
import { keyName, kidName, type NamedKey, openBytes, sealBytes } from './envelope.ts';
import type { KeyLog } from './keylog.ts';
import type { Entropy } from './root.ts';
import { type KeyRecord, openStoredKeys, type StoredKeys } from './stored.ts';
import type { TenantSecret } from './tenant.ts';

export type SubjectKeys = {
  /** The key of a subject, made where there is none: the key log must be saved before its use. */
  readonly keyOf: (subject: string) => NamedKey;
  /** Keeps keys that leave the log; durable when it resolves. */
  readonly keep: StoredKeys['add'];
  /** The key of that name (hex); `erased` where it was destroyed, undefined where it is unknown. */
  readonly named: (kid: string) => KeyObject | 'erased' | undefined;
  /** Destroys a subject's key for ever, durably; false where it has none. */
  readonly erase: (subject: string) => Promise<boolean>;
  /** Resolves when nothing is being rewritten. */
  readonly idle: () => Promise<void>;
};

/** Keys of a tenant that are kept unwrapped, and names that are kept with theirs. */
const OPENED = 4096;

type Options = {
  readonly store: Store;
  readonly tenant: string;
  readonly secret: TenantSecret;
  readonly entropy: Entropy;
  readonly log: KeyLog;
};

type State = Options & {
  readonly stored: StoredKeys;
  readonly byKid: Map<string, KeyRecord>;
  readonly kidOfSubject: Map<string, string>;
  /** Unwrapped keys by name, and by subject. */
  readonly opened: Map<string, KeyObject>;
  readonly bySubject: Map<string, NamedKey>;
};

export async function openSubjectKeys(options: Options): Promise<SubjectKeys> {
  const state = await restore(options);
  return {
    keyOf: (subject) => keyOf(state, subject),
    keep: state.stored.add,
    named: (kid) => named(state, kid),
    erase: (subject) => erase(state, subject),
    idle: state.stored.idle,
  };
}

async function restore(options: Options): Promise<State> {
  const stored = await openStoredKeys(options.store, options.tenant);
  // An erased key stays erased, whatever a log still holds.
  for (const key of options.log.left(options.tenant)) {
    if (!stored.keys.has(key.kid)) stored.keys.set(key.kid, key);
  }
  const kidOfSubject = new Map<string, string>();
  for (const { kid, s } of stored.keys.values()) if (s) kidOfSubject.set(s, kid);
  return {
    ...options,
    stored,
    byKid: stored.keys,
    kidOfSubject,
    opened: new Map(),
    bySubject: new Map(),
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
      ? { kid: Uint8Array.from(Buffer.from(kid, 'hex')), key }
      : make(state, name);
  remember(state.bySubject, subject, found);
  return found;
}

/** A subject's name in the key store: without the tenant key it says nothing of the person. */
function nameOf({ secret }: State, subject: string): string {
  return createHmac('sha256', secret.naming).update(subject).digest('hex');
}

function make(state: State, name: string): NamedKey {
  const { secret, entropy, log, tenant } = state;
  // In memory of its own: a part of Node's pool would keep all of its 64 KiB.
  const kid = Uint8Array.from(entropy(16));
  const bytes = entropy(32);
  const hex = kidName(kid);
  const bound = Buffer.from(hex);
  const w = sealBytes({ kid, key: secret.wrap }, entropy(12), { bytes, bound });
  const key = createSecretKey(bytes);
  bytes.fill(0);
  const made = { kid: hex, s: name, w: w.toString('base64') };
  state.byKid.set(made.kid, made);
  state.kidOfSubject.set(name, made.kid);
  remember(state.opened, made.kid, key);
  log.add(tenant, made);
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
  remember(state.opened, kid, key);
  return key;
}

/** An opened key takes a kilobyte, and opening it again some microseconds. */
function remember<V>(kept: Map<string, V>, name: string, value: V): void {
  kept.set(name, value);
  if (kept.size <= OPENED) return;
  const [oldest] = kept.keys();
  kept.delete(oldest as string);
}

async function erase(state: State, subject: string): Promise<boolean> {
  const name = nameOf(state, subject);
  const kid = state.kidOfSubject.get(name);
  if (kid === undefined) return false;
  // Only what is in objects can be destroyed alone. The key was known before: one that is made
  // meanwhile would still be in the log, and outlive this.
  await state.log.drain();
  await state.stored.erase(kid);
  state.bySubject.delete(subject);
  state.kidOfSubject.delete(name);
  state.opened.delete(kid);
  state.byKid.set(kid, { kid });
  return true;
}
