/** Seals events: a salt, the commitment that goes into the tree, and the envelope. */
import { hash } from 'node:crypto';
import { eventBinding, type NamedKey, sealBytes } from './envelope.ts';
import type { Entropy } from './root.ts';
import { COMMITMENT_PREFIX, type Plain, SALT_BYTES, type SealedEvent } from './seal.ts';

const PREFIX = Buffer.from(COMMITMENT_PREFIX);
const BYTES_AT = PREFIX.length + SALT_BYTES;
const NONCE_BYTES = 12;
/** Room that is kept; an event that needs more gets its own. */
const KEPT_BYTES = 64 * 1024;

export type EventSealer = (plain: Plain, key: NamedKey) => SealedEvent;

/** Puts prefix, salt and event into one row of bytes, so that each is hashed and sealed once. */
export function eventSealer(entropy: Entropy): EventSealer {
  const kept = Buffer.alloc(KEPT_BYTES);
  return ({ tenant, id, at_ms, bytes }, key) => {
    const size = BYTES_AT + bytes.length;
    const row = size <= KEPT_BYTES ? kept : Buffer.alloc(size);
    const random = entropy(SALT_BYTES + NONCE_BYTES);
    row.set(PREFIX);
    row.set(random.subarray(0, SALT_BYTES), PREFIX.length);
    row.set(bytes, BYTES_AT);
    // As text of a character a byte: a buffer for each hash costs as much as the hash.
    const digest = hash('sha256', row.subarray(0, size), 'binary');
    const commitment = Buffer.from(digest, 'latin1');
    const bound = eventBinding(tenant, id, commitment);
    const sealed = { bytes: row.subarray(PREFIX.length, size), bound };
    const envelope = sealBytes(key, random.subarray(SALT_BYTES), sealed);
    return { tenant, id, at_ms, commitment, envelope };
  };
}
