/** Every tenant's keys behind one door: seals events and objects, opens them, signs checkpoints. */
import type { Store } from '../store/store.ts';
import { eventBinding, keyName, openBytes, openCommitted, sealBytes } from './envelope.ts';
import { eventSealer } from './event.ts';
import { type KeyLog, keyLogSize, openKeyLog } from './keylog.ts';
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

export async function openKeyring(given: KeyringOptions): Promise<Keyring> {
  const log = await openKeyLog({
    store: given.store,
    move: async (tenant, keys) => (await admit(tenant)).subjects.keep(keys),
  });
  const options = { ...given, log };
  const tenants = await openKnown(options);
  const admit = admission(tenants, (tenant) => openTenant(options, tenant));
  const { entropy } = options;
  const sealEvent = eventSealer(entropy);
  const drained = () => log.drain().catch(() => undefined);
  // What an earlier process left; what fails now, as on a full disk, is tried again later.
  drained();
  return {
    admit: async (tenant) => void (await admit(tenant)),
    signer: async (tenant) => (await admit(tenant)).secret.signer,
    seal: async (events) => {
      let unsaved = false;
      const sealed: SealedEvent[] = [];
      for (const plain of events) {
        const { subjects } = tenants.get(plain.tenant) ?? (await admit(plain.tenant));
        const key = subjects.keyOf(plain.subject);
        unsaved ||= log.isUnsaved(key);
        sealed.push(sealEvent(plain, key));
      }
      if (unsaved) await log.save();
      return sealed;
    },
    open: (sealed) => open(tenants.get(sealed.tenant), sealed),
    sealObject: async ({ tenant, subject, bytes, name }) => {
      const { subjects } = await admit(tenant);
      const key = subjects.keyOf(subject);
      if (log.isUnsaved(key)) await log.save();
      return sealBytes(key, entropy(12), { bytes, bound: objectBinding(tenant, name) });
    },
    openObject: (tenant, name, envelope) =>
      unseal(tenants.get(tenant), envelope, objectBinding(tenant, name)),
    erase: async (tenant, subject) => (await admit(tenant)).subjects.erase(subject),
    close: async () => {
      await drained();
      for (const { subjects } of tenants.values()) await subjects.idle();
    },
  };
}

/** A tenant's keys, opened or made once, however many ask at the same time. */
function admission(tenants: Map<string, Tenant>, open: (tenant: string) => Promise<Tenant>) {
  const admitting = new Map<string, Promise<Tenant>>();
  return (tenant: string): Promise<Tenant> => {
    const known = tenants.get(tenant);
    if (known) return Promise.resolve(known);
    const waiting = admitting.get(tenant);
    if (waiting) return waiting;
    const opening = open(tenant).then((opened) => {
      tenants.set(tenant, opened);
      return opened;
    });
    const forget = () => admitting.delete(tenant);
    // Not `finally`: a second promise that nobody awaits would end the process where this rejects.
    opening.then(forget, forget);
    admitting.set(tenant, opening);
    return opening;
  };
}

type TenantsOptions = KeyringOptions & { readonly log: KeyLog };

async function openKnown(options: TenantsOptions): Promise<Map<string, Tenant>> {
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
  // Before the objects, which hold what leaves a log meanwhile, and its size before the log:
  // what is added meanwhile makes the next size another one.
  const readLog = async () => ({
    size: await keyLogSize(store),
    log: await openKeyLog({ store, move: makesNothing }),
  });

  async function read(tenant: string, { size, log }: Awaited<ReturnType<typeof readLog>>) {
    stored.set(tenant, `${size} ${await subjectObjects(store, tenant)}`);
    const secret = await readTenant({ store, root }, tenant);
    if (!secret) return;
    const subjects = await openSubjectKeys({ store, tenant, secret, entropy: makesNothing, log });
    tenants.set(tenant, { secret, subjects });
  }

  const log = await readLog();
  for (const tenant of wanted ?? (await tenantsIn(store))) await read(tenant, log);
  return {
    open: (sealed) => open(tenants.get(sealed.tenant), sealed),
    openObject: (tenant, name, envelope) =>
      unseal(tenants.get(tenant), envelope, objectBinding(tenant, name)),
    refresh: async (tenant) => {
      const now = `${await keyLogSize(store)} ${await subjectObjects(store, tenant)}`;
      if (now === stored.get(tenant)) return false;
      await read(tenant, await readLog());
      return tenants.has(tenant);
    },
  };
}

/** The names of what holds a tenant's keys: another one with each key that leaves the log. */
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

async function openTenant(options: TenantsOptions, tenant: string): Promise<Tenant> {
  const { store, entropy, origin, log } = options;
  const secret =
    (await readTenant(options, tenant)) ??
    (await makeTenant(options, tenant, `${origin}/${tenant}`));
  return { secret, subjects: await openSubjectKeys({ store, tenant, secret, entropy, log }) };
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
