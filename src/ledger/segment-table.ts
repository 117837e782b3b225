/** Footers and offset tables of stored segments: read when first needed, kept within a bound. */
import { crc32 } from 'node:zlib';
import { Fault } from '../fault/fault.ts';
import type { Store } from '../store/store.ts';
import { openFooters } from './footers.ts';
import {
  FOOTER_BYTES,
  parseFooter,
  placesBytes,
  type SegmentFooter,
  type SegmentName,
  segmentKey,
  tablesBytes,
} from './segment.ts';

/** Both throw `ledger.damaged`. */
export type SegmentTables = {
  /** Small, and kept: a lookup by id compares the times of all footers. */
  readonly footer: (segment: SegmentName) => Promise<SegmentFooter>;
  /** Offsets and fan-out. */
  readonly places: (segment: SegmentName) => Promise<Buffer>;
};

/** Offset tables that are kept in memory, in bytes. */
const CACHE_BYTES = 16 * 1024 * 1024;

export function openSegmentTables(store: Store): SegmentTables {
  const footers = openFooters();
  const underWay = new Map<string, Promise<SegmentFooter>>();
  const cache = new Map<string, Buffer>();
  let cached_bytes = 0;

  function footer(segment: SegmentName): Promise<SegmentFooter> {
    const known = footers.get(segment);
    if (known) return Promise.resolve(known);
    const key = segmentKey(segment);
    const reading = underWay.get(key) ?? readFooter(store, segment);
    underWay.set(key, reading);
    const over = () => underWay.delete(key);
    reading.then((found) => {
      footers.keep(segment, found);
      over();
    }, over);
    return reading;
  }

  async function places(segment: SegmentName): Promise<Buffer> {
    const key = segmentKey(segment);
    const held = cache.get(key) ?? (await readPlaces(store, key, await footer(segment)));
    if (!cache.delete(key)) cached_bytes += held.length;
    cache.set(key, held);
    for (const [oldest, { length }] of cache) {
      if (cached_bytes <= CACHE_BYTES || oldest === key) break;
      cache.delete(oldest);
      cached_bytes -= length;
    }
    return held;
  }

  return { footer, places };
}

/** What a reader meets in a segment that a verifier will name. */
export function segmentDamaged(key: string, reason: string): Fault {
  return new Fault('ledger.damaged', `The archive segment ${key} ${reason}.`, {
    hint: 'Run `clawctl verify` for all that is wrong; restore the file from its copy.',
  });
}

async function readFooter(store: Store, segment: SegmentName): Promise<SegmentFooter> {
  const key = segmentKey(segment);
  const size = await store.size(key);
  if (size === undefined) throw segmentDamaged(key, 'is missing');
  const from = Math.max(0, size - FOOTER_BYTES);
  const footer = parseFooter((await store.get(key, { from, bytes: FOOTER_BYTES })) ?? Buffer.of());
  const fits = footer?.first === segment.first && footer.count === segment.count;
  if (fits && footer.tables_at + tablesBytes(footer.count) === from) return footer;
  throw segmentDamaged(key, 'has a damaged footer');
}

async function readPlaces(store: Store, key: string, footer: SegmentFooter): Promise<Buffer> {
  const range = { from: footer.tables_at, bytes: placesBytes(footer.count) };
  const places = await store.get(key, range);
  if (places?.length === range.bytes && crc32(places) === footer.places_crc) return places;
  throw segmentDamaged(key, 'has a damaged offset table');
}
