/** The sealed form of bytes: AES-256-GCM under a named key, bound to what it belongs to. */
import { createCipheriv, createDecipheriv, hash, type KeyObject } from 'node:crypto';
import { COMMITMENT_PREFIX, type Opened, SALT_BYTES } from './seal.ts';

/** A key and the name that envelopes know it by. */
export type NamedKey = {
  /** 16 random bytes. */
  readonly kid: Buffer;
  /** 256 bits. A KeyObject: a raw key costs four times as much at each use (measured). */
  readonly key: KeyObject;
};

/** version(1) ‖ kid(16) ‖ nonce(12) ‖ ciphertext ‖ tag(16) */
const VERSION = 1;
const KID_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + KID_BYTES + NONCE_BYTES;

const PREFIX = Buffer.from(COMMITMENT_PREFIX);

/** SHA-256("claw/event/v1" ‖ salt ‖ event bytes): hiding by its salt, binding by its hash. */
export function commit(salt: Uint8Array, bytes: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([PREFIX, salt, bytes]), 'buffer');
}

/** Seals bytes under a key; `bound` is authenticated beside them and must be given to open. */
export function sealBytes(named: NamedKey, nonce: Uint8Array, plain: SealedInput): Buffer {
  const cipher = createCipheriv('aes-256-gcm', named.key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(plain.bound);
  const size = plain.parts.reduce((sum, part) => sum + part.length, 0);
  const envelope = Buffer.allocUnsafe(HEAD_BYTES + size + TAG_BYTES);
  envelope[0] = VERSION;
  envelope.set(named.kid, 1);
  envelope.set(nonce, 1 + KID_BYTES);
  let at = HEAD_BYTES;
  for (const part of plain.parts) at += cipher.update(part).copy(envelope, at);
  cipher.final();
  cipher.getAuthTag().copy(envelope, at);
  return envelope;
}

export type SealedInput = { readonly parts: readonly Uint8Array[]; readonly bound: Uint8Array };

/** The name of the key that seals an envelope, as hex; undefined for what is no envelope. */
export function keyName(envelope: Uint8Array): string | undefined {
  if (envelope[0] !== VERSION || envelope.length < HEAD_BYTES + TAG_BYTES) return undefined;
  return Buffer.from(envelope.subarray(1, 1 + KID_BYTES)).toString('hex');
}

/** The bytes of an envelope, or undefined where key, bytes or binding do not fit each other. */
export function openBytes(
  key: KeyObject,
  envelope: Uint8Array,
  bound: Uint8Array,
): Buffer | undefined {
  const end = envelope.length - TAG_BYTES;
  const nonce = envelope.subarray(1 + KID_BYTES, HEAD_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(bound);
  decipher.setAuthTag(envelope.subarray(end));
  const plain = decipher.update(envelope.subarray(HEAD_BYTES, end));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return plain;
}

/** What an event's envelope is bound to: where it belongs and what the tree says of it. */
export function eventBinding(tenant: string, id: string, commitment: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`claw/seal/v1\n${tenant}\n${id}\n`), commitment]);
}

/** Salt and event bytes from an opened envelope, or undefined where it is too short to be one. */
export function splitSalt(plain: Buffer): Opened | undefined {
  if (plain.length < SALT_BYTES) return undefined;
  return { salt: plain.subarray(0, SALT_BYTES), bytes: plain.subarray(SALT_BYTES) };
}
