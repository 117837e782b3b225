/** Decodes OTLP's protobuf into the shape of its JSON, within a budget of values and nesting. */
import protobuf from 'protobufjs/minimal.js';
import { Fault } from '../../fault/fault.ts';
import { type Field, MESSAGES, type Scalar } from './schema.ts';

export type DecodeLimits = {
  /** Values of any kind in one message: a byte or two may stand for an object each. */
  readonly values: number;
};

type Json = Record<string, unknown>;
type Decoding = { readonly reader: protobuf.Reader; readonly limit: number; values: number };

/** Messages within messages; a value of 32 levels takes 64 of them. Deeper ones stay empty. */
const DEPTH = 80;

/**
 * Throws `batch.invalid` for bytes that are no such message, `batch.too_large` for too many
 * values. Names of `message` are those of the schema.
 */
export function decodeMessage(bytes: Uint8Array, message: string, limits: DecodeLimits): Json {
  const reader = protobuf.Reader.create(bytes);
  const decoding = { reader, limit: limits.values, values: 0 };
  try {
    return readMessage(decoding, { message, end: reader.len, depth: 0 });
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    throw malformed(cause);
  }
}

type Place = { readonly message: string; readonly end: number; readonly depth: number };

function readMessage(decoding: Decoding, { message, end, depth }: Place): Json {
  const { reader } = decoding;
  const fields = MESSAGES[message] ?? {};
  const value: Json = {};
  if (depth > DEPTH || message === 'Point') reader.pos = end;
  while (reader.pos < end) {
    const tag = reader.uint32();
    const wire = tag & 7;
    const field = Object.hasOwn(fields, tag >>> 3) ? fields[tag >>> 3] : undefined;
    // Groups nest without a length and are not part of proto3.
    if (wire === 3 || wire === 4 || tag >>> 3 === 0) throw malformed();
    count(decoding);
    if (!field || wire !== wireOf(field)) {
      reader.skipType(wire);
      continue;
    }
    const item =
      'scalar' in field
        ? SCALARS[field.scalar].read(reader)
        : readMessage(decoding, {
            message: field.message,
            end: inner(reader, end),
            depth: depth + 1,
          });
    put(value, field, item);
  }
  if (reader.pos !== end) throw malformed();
  return value;
}

function put(value: Json, { name, repeated }: Field, item: unknown): void {
  const before = value[name];
  if (!repeated) value[name] = item;
  else if (Array.isArray(before)) before.push(item);
  else value[name] = [item];
}

/** Where a message of a given length ends: never beyond the one that it is in. */
function inner(reader: protobuf.Reader, end: number): number {
  const length = reader.uint32();
  if (reader.pos + length > end) throw malformed();
  return reader.pos + length;
}

function count(decoding: Decoding): void {
  decoding.values++;
  if (decoding.values <= decoding.limit) return;
  throw new Fault('batch.too_large', `The body holds more than ${decoding.limit} values.`, {
    limit: decoding.limit,
    hint: 'Send it in several requests.',
  });
}

type Read = { readonly wire: number; readonly read: (reader: protobuf.Reader) => unknown };

const SCALARS: Readonly<Record<Scalar, Read>> = {
  string: { wire: 2, read: (reader) => reader.string() },
  bytes: { wire: 2, read: (reader) => Buffer.from(reader.bytes()).toString('base64') },
  hex: { wire: 2, read: (reader) => Buffer.from(reader.bytes()).toString('hex') },
  bool: { wire: 0, read: (reader) => reader.bool() },
  int32: { wire: 0, read: (reader) => reader.int32() },
  uint32: { wire: 0, read: (reader) => reader.uint32() },
  int64: { wire: 0, read: (reader) => String(reader.int64()) },
  fixed64: { wire: 1, read: (reader) => String(reader.fixed64()) },
  double: { wire: 1, read: (reader) => reader.double() },
};

function wireOf(field: Field): number {
  return 'scalar' in field ? SCALARS[field.scalar].wire : 2;
}

function malformed(cause?: unknown): Fault {
  const hint = 'Send what an OTLP exporter sends, as application/x-protobuf or application/json.';
  return new Fault('batch.invalid', 'The body is not a protobuf message of OTLP.', { hint, cause });
}
