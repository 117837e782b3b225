/** Records as one block of bytes that can be handed to another thread without a copy. */
import type { EngineRecord } from '../engine.ts';

export type Packed = {
  readonly bytes: ArrayBuffer;
  readonly places: readonly (Omit<EngineRecord, 'event'> & { readonly size: number })[];
};

/** Copies the events once: their own buffers stay the caller's. */
export function pack(records: readonly EngineRecord[]): Packed {
  const size = records.reduce((sum, record) => sum + record.event.byteLength, 0);
  const bytes = new Uint8Array(size);
  let at = 0;
  const places = records.map(({ tenant, index, seq, event }) => {
    bytes.set(event, at);
    at += event.byteLength;
    return { tenant, index, seq, size: event.byteLength };
  });
  return { bytes: bytes.buffer, places };
}

export function unpack({ bytes, places }: Packed): EngineRecord[] {
  let at = 0;
  return places.map(({ size, ...place }) => {
    const event = new Uint8Array(bytes, at, size);
    at += size;
    return { ...place, event };
  });
}
