/** Records as two blocks of bytes that can be handed to another thread without a copy. */
import type { EngineRecord } from '../engine.ts';

/** An object a record would be cloned one by one. */
export type Packed = {
  readonly bytes: ArrayBuffer;
  /** Four numbers a record: place of its tenant in `tenants`, index, seq, bytes of its event. */
  readonly places: ArrayBuffer;
  readonly tenants: readonly string[];
};

/** What `postMessage` is to hand over rather than copy. */
export function transferOf({ bytes, places }: Packed): ArrayBuffer[] {
  return [bytes, places];
}

/** Copies the events once: their own buffers stay the caller's. */
export function pack(records: readonly EngineRecord[]): Packed {
  let size = 0;
  for (const { event } of records) size += event.byteLength;
  const bytes = new Uint8Array(size);
  const places = new Float64Array(records.length * 4);
  const tenants = new Map<string, number>();
  let at = 0;
  let next = 0;
  for (const { tenant, index, seq, event } of records) {
    const number = tenants.get(tenant) ?? tenants.size;
    if (number === tenants.size) tenants.set(tenant, number);
    places[next++] = number;
    places[next++] = index;
    places[next++] = seq;
    places[next++] = event.byteLength;
    bytes.set(event, at);
    at += event.byteLength;
  }
  return { bytes: bytes.buffer, places: places.buffer, tenants: [...tenants.keys()] };
}

export function unpack({ bytes, places, tenants }: Packed): EngineRecord[] {
  const numbers = new Float64Array(places);
  let at = 0;
  return Array.from({ length: numbers.length / 4 }, (_, i) => {
    const [tenant = 0, index = 0, seq = 0, size = 0] = numbers.subarray(4 * i, 4 * i + 4);
    const event = new Uint8Array(bytes, at, size);
    at += size;
    return { tenant: tenants[tenant] ?? '', index, seq, event };
  });
}
