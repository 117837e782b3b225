/** Sealed events for tests: deterministic, and each unlike the others. */
import { createHash } from 'node:crypto';
import type { SealedEvent } from '../../src/seal/seal.ts';

const hash = (text: string) => createHash('sha256').update(text).digest();

/** The n-th event of a test; its envelope has this many bytes. */
export function sealed(n: number, tenant = 'acme', bytes = 40): SealedEvent {
  const hex = n.toString(16).padStart(12, '0');
  const envelope = Buffer.alloc(bytes, hash(`envelope ${n}`));
  return {
    tenant,
    id: `0198c0de-0000-7000-8000-${hex}`,
    at_ms: 1_760_000_000_000 + n,
    commitment: hash(`commitment ${n}`),
    envelope,
  };
}

export function sealedMany(from: number, count: number, tenant = 'acme'): SealedEvent[] {
  return Array.from({ length: count }, (_, i) => sealed(from + i, tenant));
}
