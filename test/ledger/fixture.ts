/** Material for ledger tests: signers, sealed events with a tiny opener, and whole small trails. */
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import { canonicalBytes } from '../../src/event/canonical.ts';
import { uuidv7 } from '../../src/event/id.ts';
import type { SealedEvent } from '../../src/seal/seal.ts';
import { COMMITMENT_PREFIX, type Opener, SALT_BYTES, type Signer } from '../../src/seal/seal.ts';

/** 2026-01-01T00:00:00.000Z. */
export const START_MS = 1_767_225_600_000;

const signers = new Map<string, Signer>();

/** A signer that is the same each time for a tenant. */
export function signerOf(tenant: string): Signer {
  const signer = signers.get(tenant) ?? makeSigner(tenant);
  signers.set(tenant, signer);
  return signer;
}

function makeSigner(tenant: string): Signer {
  const seed = sha256(`signer of ${tenant}`);
  const prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
  const der = Buffer.concat([prefix, seed]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return { origin: `claw.test/${tenant}`, privateKey, publicKey: spki.subarray(-32) };
}

export const signerFor = async (tenant: string): Promise<Signer> => signerOf(tenant);

const made = new Map<string, SealedEvent>();

/** The `n`th event of a tenant, sealed: the same bytes each time. */
export function sealedEvent(tenant: string, n: number): SealedEvent {
  const key = `${tenant} ${n}`;
  const event = made.get(key) ?? makeEvent(tenant, n);
  if (n < 2000) made.set(key, event);
  return event;
}

function makeEvent(tenant: string, n: number): SealedEvent {
  const at_ms = START_MS + n * 37;
  const random = sha256(`${tenant} ${n}`);
  const id = uuidv7(at_ms, (bytes) => random.subarray(0, bytes));
  const salt = sha256(`salt ${tenant} ${n}`);
  const bytes = canonicalBytes({ id, session_id: 's-1', tool: 'send_email', type: 'tool_call' });
  const commitment = sha256(COMMITMENT_PREFIX, salt, bytes);
  return { tenant, id, at_ms, commitment, envelope: mask(Buffer.concat([salt, bytes])) };
}

export function sealedEvents(tenant: string, from: number, to: number): readonly SealedEvent[] {
  return Array.from({ length: to - from }, (_, i) => sealedEvent(tenant, from + i));
}

/** Opens what `sealedEvent` sealed; ids in `erased` have lost their key. */
export function testOpener(erased: ReadonlySet<string> = new Set()): Opener {
  return {
    open({ id, envelope, commitment }) {
      if (erased.has(id)) return { problem: 'erased' };
      const plain = mask(envelope);
      const salt = plain.subarray(0, SALT_BYTES);
      const bytes = plain.subarray(SALT_BYTES);
      const fits = sha256(COMMITMENT_PREFIX, salt, bytes).equals(commitment);
      return fits ? { salt, bytes } : { problem: 'tampered' };
    },
  };
}

/** A generator of numbers in [0, below) that is the same each time for a seed. */
export function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function sha256(...parts: readonly (string | Uint8Array)[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function mask(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.map((byte) => byte ^ 0x5a));
}
