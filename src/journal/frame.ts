/** The frame: one record's bytes with a checksum, as journal files and archive segments hold it. */
import { crc32 } from 'node:zlib';
import { TENANT } from '../event/event.ts';
import { Fault } from '../fault/fault.ts';
import type { SealedEvent } from '../seal/seal.ts';
import type { JournalRecord } from './journal.ts';

/**
 * Little-endian: magic 4 · CRC-32 of all that follows it 4 · bytes of the whole frame 4 ·
 * version 1 · bytes of the tenant 1 · zero 2 · seq 8 · index 8 · at_ms 8 · synced 8 · id 16 ·
 * commitment 32 · tenant · envelope. The magic holds 0xC1, which no UTF-8 text does.
 */
const MAGIC = Buffer.from([0xc1, 0x46, 0x52, 0x9d]);
const MAGIC_NUMBER = MAGIC.readUInt32LE(0);
const VERSION = 1;
const CRC_AT = 4;
const LENGTH_AT = 8;
const VERSION_AT = 12;
const TENANT_BYTES_AT = 13;
const SEQ_AT = 16;
const INDEX_AT = 24;
const AT_MS_AT = 32;
const SYNCED_AT = 40;
const ID_AT = 48;
const COMMITMENT_AT = 64;
const COMMITMENT_BYTES = 32;

/** Bytes before the tenant: the least that a frame has. */
export const FRAME_HEADER_BYTES = 96;
/** The most that a whole frame may have. */
const FRAME_LIMIT_BYTES = 32 * 1024 * 1024;

/** The last moment that a date can name (ECMA-262), in Unix milliseconds. */
const LAST_MS = 8.64e15;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A record as a frame holds it. */
export type Framed = JournalRecord & {
  /** Every smaller seq was durable when this frame was made: what it proves about those before. */
  readonly synced?: number;
};

/** A whole frame, or bytes that are none; `at` is the offset in the buffer. */
export type FrameRead =
  | { readonly record: JournalRecord; readonly at: number; readonly bytes: number }
  | { readonly damage: { readonly at: number; readonly bytes: number } };

/** One record as a frame. Throws as `requireEncodable` does. */
export function encodeFrame(record: Framed): Buffer {
  requireEncodable(record);
  const frame = Buffer.allocUnsafe(frameBytes(record));
  writeFrame(frame, 0, record);
  return frame;
}

/** The size of an event's frame. */
export function frameBytes({ tenant, envelope }: SealedEvent): number {
  return FRAME_HEADER_BYTES + tenant.length + envelope.length;
}

/**
 * Throws `event.too_large` above 32 MiB, and `internal.bug` for what the front door should have
 * refused: a tenant, id, time or commitment that fits no frame.
 */
export function requireEncodable(event: SealedEvent): void {
  const { commitment } = event;
  if (!TENANT.test(event.tenant)) throw bug('tenant');
  if (!UUID.test(event.id)) throw bug('id');
  if (commitment.length !== COMMITMENT_BYTES) throw bug('commitment');
  if (!Number.isSafeInteger(event.at_ms) || event.at_ms < 0 || event.at_ms > LAST_MS) {
    throw bug('at_ms');
  }
  const bytes = frameBytes(event);
  if (bytes <= FRAME_LIMIT_BYTES) return;
  throw new Fault(
    'event.too_large',
    `A sealed event of ${bytes} bytes is above the limit of ${FRAME_LIMIT_BYTES} bytes a record.`,
    { limit: FRAME_LIMIT_BYTES },
  );
}

/** Writes an encodable record's frame into `target` and returns the offset after it. */
export function writeFrame(target: Buffer, at: number, record: Framed): number {
  const { tenant, envelope } = record;
  const envelopeAt = at + FRAME_HEADER_BYTES + tenant.length;
  const end = envelopeAt + envelope.length;
  target.set(MAGIC, at);
  target.writeUInt32LE(end - at, at + LENGTH_AT);
  target.writeUInt32LE(VERSION | (tenant.length << 8), at + VERSION_AT);
  writeUint(target, at + SEQ_AT, record.seq);
  writeUint(target, at + INDEX_AT, record.index);
  writeUint(target, at + AT_MS_AT, record.at_ms);
  writeUint(target, at + SYNCED_AT, record.synced ?? 0);
  target.write(record.id.replaceAll('-', ''), at + ID_AT, 'hex');
  target.set(record.commitment, at + COMMITMENT_AT);
  target.write(tenant, at + FRAME_HEADER_BYTES, 'latin1');
  target.set(envelope, envelopeAt);
  target.writeUInt32LE(crc32(target.subarray(at + LENGTH_AT, end)), at + CRC_AT);
  return end;
}

/** Every frame of a buffer in order, and every range that is none; resyncs past damage. */
export function* readFrames(buffer: Buffer): Generator<FrameRead, void, void> {
  let at = 0;
  while (at < buffer.length) {
    const bytes = probeFrame(buffer, at);
    if (bytes > 0) {
      yield { record: frameRecord(buffer, at), at, bytes };
      at += bytes;
    } else {
      const next = resync(buffer, at + 1);
      yield { damage: { at, bytes: next - at } };
      at = next;
    }
  }
}

/** The frame does not end within the buffer: more bytes may make it whole. */
export const PARTIAL = 0;
/** No frame begins here. */
export const NO_FRAME = -1;

/** The size of the whole, checked frame at an offset, else `PARTIAL` or `NO_FRAME`. */
export function probeFrame(buffer: Buffer, at: number): number {
  const left = buffer.length - at;
  if (left < FRAME_HEADER_BYTES) return beginsFrame(buffer, at) ? PARTIAL : NO_FRAME;
  const bytes = frameLength(buffer, at);
  if (bytes === undefined) return NO_FRAME;
  if (bytes > left) return PARTIAL;
  const sum = crc32(buffer.subarray(at + LENGTH_AT, at + bytes));
  if (sum !== buffer.readUInt32LE(at + CRC_AT)) return NO_FRAME;
  return buffer[at + VERSION_AT] === VERSION && isSound(buffer, at) ? bytes : NO_FRAME;
}

/** Anybody can make a checksum: what no writer lets through must not reach a reader either. */
function isSound(buffer: Buffer, at: number): boolean {
  return readUint(buffer, at + AT_MS_AT) <= LAST_MS && TENANT.test(tenantAt(buffer, at));
}

/** The length that a frame's first bytes claim, unchecked; undefined where they begin none. */
function frameLength(buffer: Buffer, at: number): number | undefined {
  if (buffer.readUInt32LE(at) !== MAGIC_NUMBER) return undefined;
  const bytes = buffer.readUInt32LE(at + LENGTH_AT);
  const least = FRAME_HEADER_BYTES + (buffer[at + TENANT_BYTES_AT] ?? 0);
  return bytes < least || bytes > FRAME_LIMIT_BYTES ? undefined : bytes;
}

/** Where the next bytes that look like a frame's beginning are, or the buffer's end. */
export function nextMagic(buffer: Buffer, from: number): number {
  const found = buffer.indexOf(MAGIC, from);
  if (found !== -1) return found;
  for (let at = Math.max(from, buffer.length - MAGIC.length + 1); at < buffer.length; at++) {
    if (beginsFrame(buffer, at)) return at;
  }
  return buffer.length;
}

/** The record of a frame that `probeFrame` found whole; its bytes are views of the buffer. */
export function frameRecord(buffer: Buffer, at: number): JournalRecord {
  const envelopeAt = at + FRAME_HEADER_BYTES + (buffer[at + TENANT_BYTES_AT] ?? 0);
  const end = at + buffer.readUInt32LE(at + LENGTH_AT);
  const commitmentAt = at + COMMITMENT_AT;
  return {
    seq: readUint(buffer, at + SEQ_AT),
    index: readUint(buffer, at + INDEX_AT),
    tenant: tenantAt(buffer, at),
    id: idText(buffer.toString('hex', at + ID_AT, at + ID_AT + 16)),
    at_ms: readUint(buffer, at + AT_MS_AT),
    commitment: buffer.subarray(commitmentAt, commitmentAt + COMMITMENT_BYTES),
    envelope: buffer.subarray(envelopeAt, end),
  };
}

/** What an index of the journal keeps of a whole frame, without its content. */
export type FramePlace = {
  readonly seq: number;
  readonly index: number;
  readonly tenant: string;
  readonly id: string;
  readonly synced: number;
};

export function framePlace(buffer: Buffer, at: number): FramePlace {
  return {
    seq: readUint(buffer, at + SEQ_AT),
    index: readUint(buffer, at + INDEX_AT),
    tenant: tenantAt(buffer, at),
    id: idText(buffer.toString('hex', at + ID_AT, at + ID_AT + 16)),
    synced: readUint(buffer, at + SYNCED_AT),
  };
}

function tenantAt(buffer: Buffer, at: number): string {
  const from = at + FRAME_HEADER_BYTES;
  return buffer.toString('latin1', from, from + (buffer[at + TENANT_BYTES_AT] ?? 0));
}

function resync(buffer: Buffer, from: number): number {
  let at = nextMagic(buffer, from);
  while (at < buffer.length && probeFrame(buffer, at) <= 0) at = nextMagic(buffer, at + 1);
  return at;
}

function beginsFrame(buffer: Buffer, at: number): boolean {
  const bytes = Math.min(MAGIC.length, buffer.length - at);
  return MAGIC.compare(buffer, at, at + bytes, 0, bytes) === 0;
}

function bug(field: string): Fault {
  return new Fault('internal.bug', `A sealed event's ${field} does not fit a frame.`, { field });
}

function writeUint(target: Buffer, at: number, value: number): void {
  target.writeUInt32LE(value >>> 0, at);
  target.writeUInt32LE(Math.floor(value / 2 ** 32), at + 4);
}

function readUint(buffer: Buffer, at: number): number {
  return buffer.readUInt32LE(at) + buffer.readUInt32LE(at + 4) * 2 ** 32;
}

function idText(hex: string): string {
  const head = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}`;
  return `${head}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
