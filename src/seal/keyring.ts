/** Every tenant's keys behind one door: seals events and objects, opens them, signs checkpoints. */
import type { Store } from '../store/store.ts';
import {
  commit,
  eventBinding,
  keyName,
  type NamedKey,
  openBytes,
  sealBytes,
  splitSalt,
} from './envelope.ts';
import type { Entropy, RootKey } from './root.ts';
import {
  type Opened,
  type Opener,
  type Plain,
  SALT_BYTES,
  type SealedEvent,
  type Sealer,
  type Signer,
  type Unopened,
} from './seal.ts';
import { mergeSubjectKeys, openSubjectKeys, type SubjectKeys } from './subject.ts';
import { makeTenant, readTenant, type TenantSecret } from './tenant.ts';

/** A value that is too large for its event, sealed apart under its subject's key. */
export type PlainObject = Pick<Plain, 'tenant' | 'subject' | 'bytes'> & { readonly name: string };

export type Keyring = Sealer & {
  /** Makes the tenant's keys where it has none; needed before anything else of that tenant. */
  readonly admit: (tenant: string) => Promise<void>;
  readonly signer: (tenant: string) => Promise<Signer>;
  /** The envelope of a large value; resolves when its key is durable. */
  readonly sealObject: (plain: PlainObject) => Promise<Buffer>;
  readonly openObject: NonNullable<Opener['openObject']>;
  /** Destroys the key of a data subject; false where it has none. */
  readonly erase: (tenant: string, subject: string) => Promise<boolean>;
};

export type KeyringOptions = {
  readonly store: Store;
  readonly root: RootKey;
  readonly entropy: Entropy;
  /** The first part of a new tenant's checkpoint origin. */
  readonly origin: string;
};

type Tenant = { readonly secret: TenantSecret; readonly subjects: SubjectKeys };

export async function openKeyring(options: KeyringOptions): Promise<Keyring> {
  const tenants = new Map<string, Tenant>();
  const admitting = new Map<string, Promise<Tenant>>();
  for (const tenant of await tenantsIn(options.store)) {
    tenants.set(tenant, await openTenant(options, tenant));
  }
  const admit = (tenant: string): Promise<Tenant> => {
    const known = tenants.get(tenant);
    if (known) return Promise.resolve(known);
    const waiting = admitting.get(tenant);
    if (waiting) return waiting;
    const opening = openTenant(options, tenant).then((opened) => {
      tenants.set(tenant, opened);
      return opened;
    });
    admitting.set(
      tenant,
      opening.finally(() => admitting.delete(tenant)),
    );
    return opening;
  };
  const { entropy } = options;
  return {
    admit: async (tenant) => void (await admit(tenant)),
    signer: async (tenant) => (await admit(tenant)).secret.signer,
    seal: async (events) => {
      const used = new Set<SubjectKeys>();
      const sealed: SealedEvent[] = [];
      for (const plain of events) {
        const { subjects } = tenants.get(plain.tenant) ?? (await admit(plain.tenant));
        used.add(subjects);
        sealed.push(sealEvent(plain, subjects.keyOf(plain.subject), entropy));
      }
      for (const subjects of used) await subjects.save();
      return sealed;
    },
    open: (sealed) => open(tenants.get(sealed.tenant), sealed),
    sealObject: async ({ tenant, subject, bytes, name }) => {
      const { subjects } = await admit(tenant);
      const key = subjects.keyOf(subject);
      await subjects.save();
      return sealBytes(key, entropy(12), { parts: [bytes], bound: objectBinding(tenant, name) });
    },
    openObject: (tenant, name, envelope) =>
      unseal(tenants.get(tenant), envelope, objectBinding(tenant, name)),
    erase: async (tenant, subject) => (await admit(tenant)).subjects.erase(subject),
  };
}

/** Opens and makes nothing: all that a verifier beside the keys needs. */
export async function openReader(store: Store, root: RootKey): Promise<Opener> {
  const tenants = new Map<string, Tenant>();
  for (const tenant of await tenantsIn(store)) {
    const secret = await readTenant({ store, root }, tenant);
    if (!secret) continue;
    const subjects = await openSubjectKeys({ store, tenant, secret, entropy: makesNothing });
    tenants.set(tenant, { secret, subjects });
  }
  return {
    open: (sealed) => open(tenants.get(sealed.tenant), sealed),
    openObject: (tenant, name, envelope) =>
      unseal(tenants.get(tenant), envelope, objectBinding(tenant, name)),
  };
}

function makesNothing(): never {
  throw new TypeError('a reader of keys makes none');
}

async function tenantsIn(store: Store): Promise<string[]> {
  const tenants: string[] = [];
  for await (const key of store.list('keys/')) {
    const match = /^keys\/([^/]+)\/tenant\.json$/.exec(key);
    if (match?.[1]) tenants.push(match[1]);
  }
  return tenants;
}

async function openTenant(options: KeyringOptions, tenant: string): Promise<Tenant> {
  const { store, entropy, origin } = options;
  const secret =
    (await readTenant(options, tenant)) ??
    (await makeTenant(options, tenant, `${origin}/${tenant}`));
  await mergeSubjectKeys(store, tenant);
  return { secret, subjects: await openSubjectKeys({ store, tenant, secret, entropy }) };
}

function sealEvent(plain: Plain, key: NamedKey, entropy: Entropy): SealedEvent {
  const { tenant, id, at_ms, bytes } = plain;
  const salt = entropy(SALT_BYTES);
  const commitment = commit(salt, bytes);
  const bound = eventBinding(tenant, id, commitment);
  const envelope = sealBytes(key, entropy(12), { parts: [salt, bytes], bound });
  return { tenant, id, at_ms, commitment, envelope };
}

function open(tenant: Tenant | undefined, sealed: SealedEvent): Opened | Unopened {
  const { commitment } = sealed;
  const bound = eventBinding(sealed.tenant, sealed.id, commitment);
  const plain = unseal(tenant, sealed.envelope, bound);
  if (!Buffer.isBuffer(plain)) return plain;
  const opened = splitSalt(plain);
  // AES-GCM does not commit to its key, so what the tree holds is checked and not only the tag.
  const fits = opened && commit(opened.salt, opened.bytes).equals(commitment);
  return fits ? opened : { problem: 'tampered' };
}

function unseal(
  tenant: Tenant | undefined,
  envelope: Uint8Array,
  bound: Uint8Array,
): Buffer | Unopened {
  const kid = keyName(envelope);
  const key = kid === undefined ? undefined : tenant?.subjects.named(kid);
  if (key === 'erased') return { problem: 'erased' };
  if (!key) return { problem: 'tampered' };
  return openBytes(key, envelope, bound) ?? { problem: 'tampered' };
}

function objectBinding(tenant: string, name: string): Buffer {
  return Buffer.from(`claw/object/v1\n${tenant}\n${name}`);
}
