/** Reads a whole archive segment for a verifier: every record, and every byte that is wrong. */
import { crc32 } from 'node:zlib';
import { frameRecord, probeFrame, readFrames } from '../../journal/frame.ts';
import type { Store } from '../../store/store.ts';
import {
  encodeHeader,
  encodeTail,
  FOOTER_BYTES,
  frameRange,
  HEADER_BYTES,
  parseFooter,
  placesBytes,
  type SegmentName,
  segmentKey,
  tablesBytes,
} from '../segment.ts';
import type { SourcePart, SourceRecord } from './source.ts';

/** Frames that are read at once, in bytes. */
const WINDOW_BYTES = 1024 * 1024;

/** The records of a segment by index; what is damaged is named by index where one can tell. */
export async function* readSegment(store: Store, segment: SegmentName): AsyncGenerator<SourcePart> {
  const { tenant, first, count } = segment;
  const file = segmentKey(segment);
  const broken = (message: string, index?: number): SourceRecord => ({
    damage: { tenant, kind: 'tampered', file, message, ...(index === undefined ? {} : { index }) },
  });
  const size = (await store.size(file)) ?? 0;
  const tablesAt = size - FOOTER_BYTES - tablesBytes(count);
  if (tablesAt < HEADER_BYTES) {
    const message = `The segment has ${size} bytes, too few for ${count} records.`;
    yield [{ damage: { tenant, kind: 'truncated', index: first, count, file, message } }];
    return;
  }
  const header = await store.get(file, { from: 0, bytes: HEADER_BYTES });
  if (!header?.equals(encodeHeader(segment))) yield [broken("The segment's header is damaged.")];
  const tail = (await store.get(file, { from: tablesAt, bytes: size - tablesAt })) ?? Buffer.of();
  const places = wholePlaces(tail, count);
  const frames = { store, file, segment, from: HEADER_BYTES, to: tablesAt };
  const found: Found = { offsets: [], ids: [] };
  for await (const items of places ? readPlaced(frames, places) : readAll(frames)) {
    yield items.map((item): SourceRecord => {
      if ('damage' in item) return broken(item.damage, item.index);
      found.offsets.push(item.offset);
      found.ids.push(item.record.id);
      return { record: item.record, file, place: 'archive' };
    });
  }
  // With every record at hand the tables must be exactly theirs; else their checksums must do.
  const whole = found.ids.length === count;
  const expected = whole && encodeTail({ ...found, first, offsets: [...found.offsets, tablesAt] });
  if (expected ? !tail.equals(expected) : !wholeTail(tail, count)) {
    yield [broken("The segment's tables or footer are damaged.")];
  }
}

type Found = { readonly offsets: number[]; readonly ids: string[] };

type Frames = {
  readonly store: Store;
  readonly file: string;
  readonly segment: SegmentName;
  readonly from: number;
  readonly to: number;
};

type Item =
  | { readonly record: ReturnType<typeof frameRecord>; readonly offset: number }
  | { readonly damage: string; readonly index?: number };

/** Reads frames where the offset table says that they are. */
async function* readPlaced(frames: Frames, places: Buffer): AsyncGenerator<readonly Item[]> {
  const { segment, file, store } = frames;
  let place = 0;
  while (place < segment.count) {
    const [start] = frameRange(places, place);
    let end = start;
    let next = place;
    while (next < segment.count && (next === place || end - start < WINDOW_BYTES)) {
      end = frameRange(places, next++)[1];
    }
    const window = (await store.get(file, { from: start, bytes: end - start })) ?? Buffer.of();
    const items: Item[] = [];
    for (; place < next; place++) {
      const [from, to] = frameRange(places, place);
      const index = segment.first + place;
      const whole = from - start < window.length && probeFrame(window, from - start) === to - from;
      const record = whole ? frameRecord(window, from - start) : undefined;
      const fits = record?.index === index && record.tenant === segment.tenant;
      if (fits) items.push({ record, offset: from });
      else items.push({ damage: 'The record does not match its checksum or its place.', index });
    }
    yield items;
  }
}

/** Reads frames one after the other, as they say themselves: without an offset table. */
async function* readAll(frames: Frames): AsyncGenerator<readonly Item[]> {
  const { store, file, segment, from, to } = frames;
  const bytes = (await store.get(file, { from, bytes: to - from })) ?? Buffer.of();
  for (const item of readFrames(bytes)) {
    if ('damage' in item) {
      yield [{ damage: `Bytes ${from + item.damage.at} and later hold no whole record.` }];
    } else if (item.record.tenant === segment.tenant) {
      yield [{ record: item.record, offset: from + item.at }];
    } else {
      yield [{ damage: `Byte ${from + item.at} begins a record of another tenant.` }];
    }
  }
}

function wholePlaces(tail: Buffer, count: number): Buffer | undefined {
  const footer = parseFooter(tail.subarray(-FOOTER_BYTES));
  const places = tail.subarray(0, placesBytes(count));
  return footer?.count === count && crc32(places) === footer.places_crc ? places : undefined;
}

function wholeTail(tail: Buffer, count: number): boolean {
  const prints = tail.subarray(placesBytes(count), -FOOTER_BYTES);
  const footer = parseFooter(tail.subarray(-FOOTER_BYTES));
  return wholePlaces(tail, count) !== undefined && crc32(prints) === footer?.prints_crc;
}
