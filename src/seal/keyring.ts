/** Every tenant's keys behind one door: seals events and objects, opens them, signs checkpoints. */
import type { Store } from '../store/store.ts';
import { eventBinding, keyName, openBytes, openCommitted, sealBytes } from './envelope.ts';
import { eventSealer } from './event.ts';
import type { Entropy, RootKey } from './root.ts';
import type { Opened, Opener, Plain, SealedEvent, Sealer, Signer, Unopened } from './seal.ts';
import { openSubjectKeys, type SubjectKeys } from './subject.ts';
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
  /** Resolves when nothing is being written. */
  readonly close: () => Promise<void>;
};

export type KeyringOptions = {
  readonly store: Store;
  readonly root: RootKey;
  readonly entropy: Entropy;
  /** The first part of a new tenant's checkpoint origin. */
  readonly origin: string;
};

/** Tenants whose keys are read at the same time. */
const TENANTS = 8;

type Tenant = { readonly secret: TenantSecret; readonly subjects: SubjectKeys };

export async function openKeyring(options: KeyringOptions): Promise<Keyring> {
  const tenants = await openKnown(options);
  const admitting = new Map<string, Promise<Tenant>>();
  const admit = (tenant: string): Promise<Tenant> => {
    const known = tenants.get(tenant);
    if (known) return Promise.resolve(known);
    const waiting = admitting.get(tenant);
    if (waiting) return waiting;
    const opening = openTenant(options, tenant).then((opened) => {
      tenants.set(tenant, opened);
      return opened;
    });
    const forget = () => admitting.delete(tenant);
    // Not `finally`: a second promise that nobody awaits would end the process where this rejects.
    opening.then(forget, forget);
    admitting.set(tenant, opening);
    return opening;
  };
  const { entropy } = options;
  const sealEvent = eventSealer(entropy);
  return {
    admit: async (tenant) => void (await admit(tenant)),
    signer: async (tenant) => (await admit(tenant)).secret.signer,
    seal: async (events) => {
      const unsaved = new Set<SubjectKeys>();
      const sealed: SealedEvent[] = [];
      for (const plain of events) {
        const { subjects } = tenants.get(plain.tenant) ?? (await admit(plain.tenant));
        const key = subjects.keyOf(plain.subject);
        if (subjects.isUnsaved(key)) unsaved.add(subjects);
        sealed.push(sealEvent(plain, key));
      }
      await Promise.all([...unsaved].map((subjects) => subjects.save()));
      return sealed;
    },
    open: (sealed) => open(tenants.get(sealed.tenant), sealed),
    sealObject: async ({ tenant, subject, bytes, name }) => {
      const { subjects } = await admit(tenant);
      const key = subjects.keyOf(subject);
      await subjects.save();
      return sealBytes(key, entropy(12), { bytes, bound: objectBinding(tenant, name) });
    },
    openObject: (tenant, name, envelope) =>
      unseal(tenants.get(tenant), envelope, objectBinding(tenant, name)),
    erase: async (tenant, subject) => (await admit(tenant)).subjects.erase(subject),
    close: async () => {
      for (const { subjects } of tenants.values()) await subjects.idle();
    },
  };
}

async function openKnown(options: KeyringOptions): Promise<Map<string, Tenant>> {
  const tenants = new Map<string, Tenant>();
  const known = await tenantsIn(options.store);
  for (let i = 0; i < known.length; i += TENANTS) {
    const some = known.slice(i, i + TENANTS);
    const opened = await Promise.all(some.map((tenant) => openTenant(options, tenant)));
    opened.forEach((one, place) => {
      tenants.set(some[place] as string, one);
    });
  }
  return tenants;
}

/** Opens and makes nothing: all that a verifier beside the keys needs, of these tenants or all. */
export async function openReader(
  store: Store,
  root: RootKey,
  wanted?: readonly string[],
): Promise<Opener> {
  const tenants = new Map<string, Tenant>();
  const stored = new Map<string, string>();

  async function read(tenant: string): Promise<void> {
    // Listed first: what is added meanwhile makes the next listing another one.
    stored.set(tenant, await subjectObjects(store, tenant));
    const secret = await readTenant({ store, root }, tenant);
    if (!secret) return;
    const subjects = await openSubjectKeys({ store, tenant, secret, entropy: makesNothing });
    tenants.set(tenant, { secret, subjects });
  }

  for (const tenant of wanted ?? (await tenantsIn(store))) await read(tenant);
  return {
    open: (sealed) => open(tenants.get(sealed.tenant), sealed),
    openObject: (tenant, name, envelope) =>
      unseal(tenants.get(tenant), envelope, objectBinding(tenant, name)),
    refresh: async (tenant) => {
      const known = stored.get(tenant) ?? '';
      if (known === (await subjectObjects(store, tenant))) return false;
      await read(tenant);
      return true;
    },
  };
}

/** The names of what holds a tenant's keys: another one with each key that is made. */
async function subjectObjects(store: Store, tenant: string): Promise<string> {
  return (await Array.fromAsync(store.list(`keys/${tenant}/subject/`))).join();
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
  return { secret, subjects: await openSubjectKeys({ store, tenant, secret, entropy }) };
}

function open(tenant: Tenant | undefined, sealed: SealedEvent): Opened | Unopened {
  const { commitment } = sealed;
  const bound = eventBinding(sealed.tenant, sealed.id, commitment);
  const plain = unseal(tenant, sealed.envelope, bound);
  if (!Buffer.isBuffer(plain)) return plain;
  // AES-GCM does not commit to its key, so what the tree holds is checked and not only the tag.
  return openCommitted(plain, commitment) ?? { problem: 'tampered' };
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
