/** A journal in memory, for tests and for trails that need not outlive their process. */

import type { SealedEvent } from '../seal/seal.ts';
import { frameBytes, requireEncodable } from './frame.ts';
import type { Journal, JournalBase, JournalRecord, Position } from './journal.ts';
import { baseSeq, closing, requireHeld, takeWithin } from './order.ts';

/** An empty journal that continues the sizes of `base`. */
export function openMemoryJournal(options: { readonly base: JournalBase }): Journal {
  const held = recordList(options.base);
  const followers = new Set<() => void>();
  let closed = false;

  const requireOpen = () => {
    if (closed) throw closing();
  };

  return {
    async append(events) {
      requireOpen();
      for (const event of events) requireEncodable(event);
      const positions = events.map(held.add);
      if (events.length > 0) for (const onAppend of followers) queueMicrotask(onAppend);
      return positions;
    },
    async read(seq, limit) {
      requireOpen();
      requireHeld(seq, held.first());
      const records = held.from(seq, limit.records);
      return records.slice(0, takeWithin(limit, records.map(frameBytes)));
    },
    async find(tenant, index) {
      requireOpen();
      return held.find(tenant, index);
    },
    first: held.first,
    head: held.head,
    size: (tenant) => held.sizes.get(tenant) ?? 0,
    tenants: () => [...held.sizes.keys()].sort(),
    follow(onAppend) {
      followers.add(onAppend);
      return () => followers.delete(onAppend);
    },
    release: async (seq) => held.release(seq),
    status: () => ({
      state: closed ? 'closed' : 'open',
      first: held.first(),
      head: held.head(),
      bytes: held.bytes(),
      recovered_bytes: 0,
    }),
    async close() {
      closed = true;
    },
  };
}

function recordList(base: JournalBase) {
  const records: JournalRecord[] = [];
  const sizes = new Map(Object.entries(base.sizes));
  const seqs = new Map<string, number[]>();
  let first = baseSeq(base);
  let bytes = 0;
  const head = () => first + records.length;

  return {
    sizes,
    first: () => first,
    head,
    bytes: () => bytes,
    add(event: SealedEvent): Position {
      const place = { seq: head(), index: sizes.get(event.tenant) ?? 0 };
      records.push({ ...event, ...place });
      sizes.set(event.tenant, place.index + 1);
      const known = seqs.get(event.tenant);
      if (known === undefined) seqs.set(event.tenant, [place.seq]);
      else known.push(place.seq);
      bytes += frameBytes(event);
      return place;
    },
    from: (seq: number, count: number) => records.slice(seq - first, seq - first + count),
    find(tenant: string, index: number): JournalRecord | undefined {
      const known = seqs.get(tenant) ?? [];
      const seq = known[index - (sizes.get(tenant) ?? 0) + known.length];
      return seq === undefined ? undefined : records[seq - first];
    },
    release(seq: number): void {
      const released = records.splice(0, Math.max(0, seq - first));
      first += released.length;
      bytes -= released.reduce((sum, record) => sum + frameBytes(record), 0);
      for (const known of seqs.values()) {
        const kept = known.findIndex((held) => held >= first);
        known.splice(0, kept === -1 ? known.length : kept);
      }
    },
  };
}
