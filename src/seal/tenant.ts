/** A tenant's own secrets: the key that wraps its subjects' keys, and its checkpoint signer. */
import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import { z } from 'zod';
import { Fault } from '../fault/fault.ts';
import type { Store } from '../store/store.ts';
import { keyName, openBytes, sealBytes } from './envelope.ts';
import type { Entropy, RootKey } from './root.ts';
import type { Signer } from './seal.ts';

/** What of a tenant's secrets the sealer uses. */
export type TenantSecret = {
  /** Wraps subjects' keys. */
  readonly wrap: KeyObject;
  /** Names subjects without naming them: HMAC key. */
  readonly naming: Buffer;
  readonly signer: Signer;
};

const record = z.looseObject({
  v: z.literal(1),
  origin: z.string(),
  /** The tenant key and the signing key (PKCS #8), each sealed under the root's derived key. */
  tenant_key: z.string(),
  signing_key: z.string(),
});

const ROOT_KID = Buffer.alloc(16);

export type TenantOptions = {
  readonly store: Store;
  readonly root: RootKey;
  readonly entropy: Entropy;
};

/** The tenant's secrets, or undefined where it has none yet. */
export async function readTenant(
  { store, root }: Omit<TenantOptions, 'entropy'>,
  tenant: string,
): Promise<TenantSecret | undefined> {
  const bytes = await store.get(objectOf(tenant));
  if (!bytes) return undefined;
  const parsed = record.safeParse(parse(bytes));
  if (!parsed.success) {
    throw new Fault('seal.root_key', `The key record ${objectOf(tenant)} is damaged.`, {
      hint: 'Restore the keys folder from its copy.',
    });
  }
  const { origin, tenant_key, signing_key } = parsed.data;
  const open = unwrapper(root, tenant);
  return secret(origin, open(tenant_key, 'tenant'), keyFrom(open(signing_key, 'signing')));
}

/** Makes a tenant's secrets; they are durable when this resolves. */
export async function makeTenant(
  options: TenantOptions,
  tenant: string,
  origin: string,
): Promise<TenantSecret> {
  const { store, root, entropy } = options;
  const key = entropy(32);
  const { privateKey } = generateKeyPairSync('ed25519');
  const wrapping = { kid: ROOT_KID, key: createSecretKey(root.derive(`tenant/${tenant}`)) };
  const wrapped = (bytes: Buffer, purpose: string) =>
    sealBytes(wrapping, entropy(12), { bytes, bound: Buffer.from(purpose) }).toString('base64');
  const body = {
    v: 1,
    origin,
    tenant_key: wrapped(key, 'tenant'),
    signing_key: wrapped(privateKey.export({ type: 'pkcs8', format: 'der' }), 'signing'),
  };
  const bytes = Buffer.from(`${JSON.stringify(body, null, 2)}\n`);
  await store.swap(objectOf(tenant), undefined, bytes);
  return secret(origin, key, privateKey);
}

function objectOf(tenant: string): string {
  return `keys/${tenant}/tenant.json`;
}

function unwrapper(root: RootKey, tenant: string) {
  const key = createSecretKey(root.derive(`tenant/${tenant}`));
  return (text: string, purpose: string): Buffer => {
    const envelope = Buffer.from(text, 'base64');
    const plain = keyName(envelope) && openBytes(key, envelope, Buffer.from(purpose));
    if (plain) return plain;
    throw new Fault('seal.root_key', `The root key does not open the keys of tenant ${tenant}.`, {
      hint: 'This data folder was sealed with another root key: put that one back.',
    });
  };
}

function keyFrom(pkcs8: Buffer): KeyObject {
  return createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
}

function secret(origin: string, key: Buffer, privateKey: KeyObject): TenantSecret {
  const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', key, '', purpose, 32));
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  return {
    wrap: createSecretKey(derive('claw/subject/wrap/v1')),
    naming: derive('claw/subject/name/v1'),
    // RFC 8410 §4: the last 32 bytes of an Ed25519 SubjectPublicKeyInfo are the key itself.
    signer: { origin, privateKey, publicKey: spki.subarray(spki.length - 32) },
  };
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
