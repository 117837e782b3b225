/** The sealed form of bytes: AES-256-GCM under a named key, bound to what it belongs to. */
import { createCipheriv, createDecipheriv, hash, type KeyObject } from 'node:crypto';
import { COMMITMENT_PREFIX, type Opened, SALT_BYTES } from './seal.ts';

/** A key and the name that envelopes know it by. */
export type NamedKey = {
  /** 16 random bytes. */
  readonly kid: Uint8Array;
  /** 256 bits. A KeyObject: a raw key costs four times as much at each use (measured). */
  readonly key: KeyObject;
};

/** version(1) ‖ kid(16) ‖ nonce(12) ‖ ciphertext ‖ tag(16) */
const VERSION = 1;
const KID_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + KID_BYTES + NONCE_BYTES;

const TAGGED = { authTagLength: TAG_BYTES };
const PREFIX = Buffer.from(COMMITMENT_PREFIX);

/** Seals bytes under a key; `bound` is authenticated beside them and must be given to open. */
export function sealBytes(named: NamedKey, nonce: Uint8Array, plain: SealedInput): Buffer {
  const cipher = createCipheriv('aes-256-gcm', named.key, nonce, TAGGED);
  cipher.setAAD(plain.bound);
  const sealed = cipher.update(plain.bytes);
  cipher.final();
  const envelope = Buffer.allocUnsafe(HEAD_BYTES + sealed.length + TAG_BYTES);
  envelope[0] = VERSION;
  envelope.set(named.kid, 1);
  envelope.set(nonce, 1 + KID_BYTES);
  envelope.set(sealed, HEAD_BYTES);
  envelope.set(cipher.getAuthTag(), HEAD_BYTES + sealed.length);
  return envelope;
}

export type SealedInput = { readonly bytes: Uint8Array; readonly bound: Uint8Array };

/** The name of the key that seals an envelope, as hex; undefined for what is no envelope. */
export function keyName(envelope: Uint8Array): string | undefined {
  if (envelope[0] !== VERSION || envelope.length < HEAD_BYTES + TAG_BYTES) return undefined;
  return kidName(envelope.subarray(1, 1 + KID_BYTES));
}

/** A key's name as key stores write it: hex. */
export function kidName(kid: Uint8Array): string {
  return Buffer.from(kid.buffer, kid.byteOffset, kid.byteLength).toString('hex');
}

/** The bytes of an envelope, or undefined where key, bytes or binding do not fit each other. */
export function openBytes(
  key: KeyObject,
  envelope: Uint8Array,
  bound: Uint8Array,
): Buffer | undefined {
  const end = envelope.length - TAG_BYTES;
  const nonce = envelope.subarray(1 + KID_BYTES, HEAD_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, TAGGED);
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
  const bytes = Buffer.from(commitment.buffer, commitment.byteOffset, commitment.length);
  return Buffer.from(`claw/seal/v1\n${tenant}\n${id}\n${bytes.toString('latin1')}`, 'latin1');
}

/**
 * Salt and event bytes of an opened envelope, or undefined where they are not what was committed
 * to: SHA-256("claw/event/v1" ‖ salt ‖ event bytes), hiding by its salt, binding by its hash.
 */
export function openCommitted(plain: Buffer, commitment: Uint8Array): Opened | undefined {
  // As text of a character a byte: a buffer for each hash costs as much as the hash.
  const made = hash('sha256', Buffer.concat([PREFIX, plain]), 'binary');
  const { buffer, byteOffset, length } = commitment;
  if (made !== Buffer.from(buffer, byteOffset, length).toString('latin1')) return undefined;
  return { salt: plain.subarray(0, SALT_BYTES), bytes: plain.subarray(SALT_BYTES) };
}
