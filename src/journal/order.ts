/** What every journal's order has in common: where it begins, what it holds, how much to read. */
import { Fault } from '../fault/fault.ts';
import type { JournalBase, Position, ReadLimit } from './journal.ts';

/** A journal's `seq` counts the records of all tenants, so it begins after those of its base. */
export function baseSeq(base: JournalBase): number {
  return Object.values(base.sizes).reduce((sum, size) => sum + size, 0);
}

/** Throws `request.invalid` for a `seq` that the journal has released. */
export function requireHeld(seq: number, first: number): void {
  if (seq >= first) return;
  throw new Fault('request.invalid', `The journal holds seq ${first} and later, not ${seq}.`, {
    field: 'seq',
    limit: first,
    hint: 'Read older records from the archive.',
  });
}

/** How many records of these sizes one read gives: always one, so that a reader gets on. */
export function takeWithin(limit: ReadLimit, sizes_bytes: readonly number[]): number {
  let bytes = 0;
  for (let taken = 0; taken < sizes_bytes.length; taken++) {
    bytes += sizes_bytes[taken] ?? 0;
    if (taken > 0 && (bytes > limit.bytes || taken >= limit.records)) return taken;
  }
  return sizes_bytes.length;
}

/** Gives out places in order: the next `seq`, and the next index of a tenant. */
export type Places = { readonly next: (tenant: string) => Position };

export function newPlaces(from: {
  readonly head: number;
  readonly sizes: ReadonlyMap<string, number>;
}): Places {
  const sizes = new Map(from.sizes);
  let { head } = from;
  return {
    next(tenant) {
      const index = sizes.get(tenant) ?? 0;
      sizes.set(tenant, index + 1);
      return { seq: head++, index };
    },
  };
}

export function closing(): Fault {
  return new Fault('server.closing', 'The journal is closed.', {
    hint: 'Send the events again when the server has started.',
  });
}
