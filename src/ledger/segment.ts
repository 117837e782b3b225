/** The archive segment: a tenant's journal frames in index order, with tables to find one fast. */
import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { uuidBytes } from '../event/id.ts';
import { Fault } from '../fault/fault.ts';
import { frameBytes, writeFrame } from '../journal/frame.ts';
import type { JournalRecord } from '../journal/journal.ts';

/**
 * Little-endian. Header: magic 8 · first index 8 · count 4 · tenant's bytes 1 · tenant 63 ·
 * zero 8 · CRC-32 of the 92 bytes before it 4. Then the frames. Then the tables: offsets
 * (count + 1 times 4; the last is the frames' end) · fan-out (257 times 4) · prints (count times
 * 12, in order). Then the footer: magic 8 · offset of the tables 4 · count 4 · first index 8 ·
 * earliest and latest UUIDv7 time 8 + 8 · ids that are not UUIDv7 4 · CRC-32 of offsets and
 * fan-out 4 · CRC-32 of prints 4 · zero 8 · CRC-32 of the 60 bytes before it 4.
 */
const HEADER_MAGIC = Buffer.from('CLAWSEG1');
const FOOTER_MAGIC = Buffer.from('CLAWEND1');
export const HEADER_BYTES = 96;
export const FOOTER_BYTES = 64;
/** A print is the first 8 bytes of an id's SHA-256 and the record's place in the segment. */
export const PRINT_BYTES = 12;
const FAN = 256;
/** Offsets are 32 bits wide. */
const SEGMENT_LIMIT_BYTES = 2 ** 32 - 1;

/** Which records a segment holds: [first, first + count) of a tenant. */
export type SegmentName = {
  readonly tenant: string;
  readonly first: number;
  readonly count: number;
};

export type SegmentFooter = {
  readonly first: number;
  readonly count: number;
  /** Where the tables begin: the end of the frames. */
  readonly tables_at: number;
  /** Times of the UUIDv7 ids, in Unix milliseconds; earliest > latest where there are none. */
  readonly earliest_ms: number;
  readonly latest_ms: number;
  /** Ids that are not UUIDv7, whose time is not known. */
  readonly untimed: number;
  readonly places_crc: number;
  readonly prints_crc: number;
};

/** `archive/<tenant>/<first index, 12 digits>-<count>.seg`. */
export function segmentKey({ tenant, first, count }: SegmentName): string {
  return `archive/${tenant}/${String(first).padStart(12, '0')}-${count}.seg`;
}

/** The segment that a key names, or undefined for another object's key. */
export function parseSegmentKey(key: string): SegmentName | undefined {
  const [, tenant, first, count] =
    key.match(/^archive\/([^/]+)\/(\d{12,16})-(\d{1,10})\.seg$/) ?? [];
  if (tenant === undefined) return undefined;
  const name = { tenant, first: Number(first), count: Number(count) };
  return name.count > 0 && segmentKey(name) === key ? name : undefined;
}

/** Work in steps of less than a millisecond, between which others may have their turn. */
export type Steps<T> = Generator<void, T, void>;

/** Records of one step, and ids, of which each is less work. */
const RECORDS = 64;
const IDS = 256;

/** A tenant's records, contiguous by index, as a segment: same records, same bytes. */
export function* encodeSegment(records: readonly JournalRecord[]): Steps<Buffer> {
  const [{ tenant, index: first }] = records as [JournalRecord];
  const count = records.length;
  const frames_bytes = records.reduce((sum, record) => sum + frameBytes(record), 0);
  const total = HEADER_BYTES + frames_bytes + tablesBytes(count) + FOOTER_BYTES;
  if (total > SEGMENT_LIMIT_BYTES) {
    throw new Fault('internal.bug', `A segment of ${total} bytes is above the limit of 4 GiB.`);
  }
  const segment = Buffer.allocUnsafe(total);
  encodeHeader({ tenant, first, count }).copy(segment);
  const offsets: number[] = [];
  let at = HEADER_BYTES;
  for (const record of records) {
    if (offsets.length % RECORDS === RECORDS - 1) yield;
    offsets.push(at);
    at = writeFrame(segment, at, record);
  }
  const ids = records.map(({ id }) => id);
  (yield* tailSteps({ first, offsets: [...offsets, at], ids })).copy(segment, at);
  return segment;
}

/** What steps make, at once. */
export function inOneGo<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** The bytes that a segment of this name begins with. */
export function encodeHeader({ tenant, first, count }: SegmentName): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  HEADER_MAGIC.copy(header);
  writeUint(header, 8, first);
  header.writeUInt32LE(count, 16);
  header[20] = tenant.length;
  header.write(tenant, 21, 'latin1');
  return closeWithCrc(header);
}

export type Tail = {
  readonly first: number;
  /** Where each frame begins, and where the last one ends. */
  readonly offsets: readonly number[];
  readonly ids: readonly string[];
};

/** Tables and footer: all that follows the frames. */
export function encodeTail(tail: Tail): Buffer {
  return inOneGo(tailSteps(tail));
}

function* tailSteps({ first, offsets, ids }: Tail): Steps<Buffer> {
  const prints = yield* encodePrints(ids);
  const places = Buffer.alloc(placesBytes(ids.length));
  offsets.forEach((offset, i) => {
    places.writeUInt32LE(offset, 4 * i);
  });
  fanOut(prints).forEach((start, i) => {
    places.writeUInt32LE(start, 4 * (offsets.length + i));
  });
  const { earliest_ms, latest_ms, untimed } = yield* timesOf(ids);
  const footer = Buffer.alloc(FOOTER_BYTES);
  FOOTER_MAGIC.copy(footer);
  footer.writeUInt32LE(offsets.at(-1) ?? 0, 8);
  footer.writeUInt32LE(ids.length, 12);
  writeUint(footer, 16, first);
  writeUint(footer, 24, earliest_ms);
  writeUint(footer, 32, latest_ms);
  footer.writeUInt32LE(untimed, 40);
  footer.writeUInt32LE(crc32(places), 44);
  footer.writeUInt32LE(crc32(prints), 48);
  return Buffer.concat([places, prints, closeWithCrc(footer)]);
}

function* timesOf(
  ids: readonly string[],
): Steps<Pick<SegmentFooter, 'earliest_ms' | 'latest_ms' | 'untimed'>> {
  let [earliest_ms, latest_ms, untimed] = [2 ** 48, 0, 0];
  for (const [i, id] of ids.entries()) {
    if (i % IDS === IDS - 1) yield;
    const time = idTime(id);
    if (time === undefined) untimed++;
    else [earliest_ms, latest_ms] = [Math.min(earliest_ms, time), Math.max(latest_ms, time)];
  }
  return { earliest_ms, latest_ms, untimed };
}

/** The footer of a segment's last 64 bytes, or undefined where they are none. */
export function parseFooter(bytes: Buffer): SegmentFooter | undefined {
  if (bytes.length !== FOOTER_BYTES || !bytes.subarray(0, 8).equals(FOOTER_MAGIC)) return undefined;
  if (crc32(bytes.subarray(0, FOOTER_BYTES - 4)) !== bytes.readUInt32LE(FOOTER_BYTES - 4)) {
    return undefined;
  }
  return {
    tables_at: bytes.readUInt32LE(8),
    count: bytes.readUInt32LE(12),
    first: readUint(bytes, 16),
    earliest_ms: readUint(bytes, 24),
    latest_ms: readUint(bytes, 32),
    untimed: bytes.readUInt32LE(40),
    places_crc: bytes.readUInt32LE(44),
    prints_crc: bytes.readUInt32LE(48),
  };
}

/** Bytes of offsets and fan-out, which come first in the tables. */
export function placesBytes(count: number): number {
  return 4 * (count + 1) + 4 * (FAN + 1);
}

/** Bytes of all tables. */
export function tablesBytes(count: number): number {
  return placesBytes(count) + PRINT_BYTES * count;
}

/** The prints of a whole segment. */
export function printsOf(segment: Buffer, count: number): Buffer {
  const end = segment.length - FOOTER_BYTES;
  return segment.subarray(end - PRINT_BYTES * count, end);
}

/** Where the frame of the record at `place` begins and ends. */
export function frameRange(places: Buffer, place: number): readonly [number, number] {
  return [places.readUInt32LE(4 * place), places.readUInt32LE(4 * place + 4)];
}

/** Which prints, by their order, may be those of a print. */
export function printRange(places: Buffer, print: Buffer): readonly [number, number] {
  const at = places.length - 4 * (FAN + 1) + 4 * (print[0] as number);
  return [places.readUInt32LE(at), places.readUInt32LE(at + 4)];
}

/** Places of the records whose print this is, in a run of prints. */
export function* printPlaces(prints: Buffer, print: Buffer): Generator<number, void, void> {
  for (let at = 0; at + PRINT_BYTES <= prints.length; at += PRINT_BYTES) {
    if (print.equals(prints.subarray(at, at + 8))) yield prints.readUInt32LE(at + 8);
  }
}

/** What a segment knows an id by. */
export function idPrint(id: string): Buffer {
  return Buffer.from(printText(id), 'latin1');
}

/** As text of a character a byte: a buffer for each hash costs as much as the hash. */
function printText(id: string): string {
  return hash('sha256', uuidBytes(id), 'binary').slice(0, PRINT_BYTES - 4);
}

/** Unix milliseconds of a UUIDv7, or undefined for an id of another version. */
export function idTime(id: string): number | undefined {
  return id[14] === '7' ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : undefined;
}

/** Sorted by their bytes, equal ones by their place. */
function* encodePrints(ids: readonly string[]): Steps<Buffer> {
  // Texts sort ten times as fast as buffers do, and few at a time.
  const byFirst = Array.from({ length: FAN }, (): string[] => []);
  for (const [place, id] of ids.entries()) {
    if (place % IDS === IDS - 1) yield;
    const row = printText(id) + String.fromCharCode(place >>> 16, place & 0xffff);
    byFirst[row.charCodeAt(0)]?.push(row);
  }
  const prints = Buffer.allocUnsafe(PRINT_BYTES * ids.length);
  let at = 0;
  for (const rows of byFirst) {
    for (const row of rows.sort()) {
      prints.write(row.slice(0, PRINT_BYTES - 4), at, 'latin1');
      const place = row.charCodeAt(PRINT_BYTES - 4) * 2 ** 16 + row.charCodeAt(PRINT_BYTES - 3);
      at = prints.writeUInt32LE(place, at + PRINT_BYTES - 4);
    }
    if (rows.length >= IDS) yield;
  }
  return prints;
}

/** For each first byte, where its prints begin; and their end. */
function fanOut(prints: Buffer): readonly number[] {
  const starts = new Array<number>(FAN + 1).fill(0);
  for (let at = 0; at < prints.length; at += PRINT_BYTES) {
    const next = (prints[at] as number) + 1;
    starts[next] = (starts[next] ?? 0) + 1;
  }
  for (let i = 1; i <= FAN; i++) starts[i] = (starts[i] ?? 0) + (starts[i - 1] ?? 0);
  return starts;
}

function closeWithCrc(bytes: Buffer): Buffer {
  bytes.writeUInt32LE(crc32(bytes.subarray(0, bytes.length - 4)), bytes.length - 4);
  return bytes;
}

function writeUint(target: Buffer, at: number, value: number): void {
  target.writeUInt32LE(value >>> 0, at);
  target.writeUInt32LE(Math.floor(value / 2 ** 32), at + 4);
}

function readUint(buffer: Buffer, at: number): number {
  return buffer.readUInt32LE(at) + buffer.readUInt32LE(at + 4) * 2 ** 32;
}
