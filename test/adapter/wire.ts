/** Writes the JSON shape of OTLP as protobuf, by the schema that the decoder reads with. */
import protobuf from 'protobufjs/minimal.js';
import { MESSAGES, type Scalar } from '../../src/server/otlp/schema.ts';

type Json = Readonly<Record<string, unknown>>;

export function encodeMessage(value: Json, message: string): Uint8Array {
  return write(protobuf.Writer.create(), value, message).finish();
}

function write(writer: protobuf.Writer, value: Json, message: string): protobuf.Writer {
  for (const [number, field] of Object.entries(MESSAGES[message] ?? {})) {
    const item = value[field.name];
    if (item === undefined || item === null) continue;
    for (const one of field.repeated ? (item as unknown[]) : [item]) {
      if ('message' in field) {
        write(writer.uint32((Number(number) << 3) | 2).fork(), one as Json, field.message).ldelim();
      } else {
        const [wire, put] = SCALARS[field.scalar];
        put(writer.uint32((Number(number) << 3) | wire), one as never);
      }
    }
  }
  return writer;
}

type Put = (writer: protobuf.Writer, value: never) => unknown;

/** 64 bits as protobufjs takes them without a library for long integers. */
function halves(value: string | number) {
  const bits = BigInt.asUintN(64, BigInt(value));
  const low = Number(BigInt.asIntN(32, bits));
  return new protobuf.util.LongBits(low >>> 0, Number(bits >> 32n)).toLong(true);
}

const SCALARS: Readonly<Record<Scalar, readonly [number, Put]>> = {
  string: [2, (writer, value: string) => writer.string(value)],
  bytes: [2, (writer, value: string) => writer.bytes(Buffer.from(value, 'base64'))],
  hex: [2, (writer, value: string) => writer.bytes(Buffer.from(value, 'hex'))],
  bool: [0, (writer, value: boolean) => writer.bool(value)],
  int32: [0, (writer, value: number) => writer.int32(value)],
  uint32: [0, (writer, value: number) => writer.uint32(value)],
  int64: [0, (writer, value: string | number) => writer.int64(halves(value))],
  fixed64: [1, (writer, value: string | number) => writer.fixed64(halves(value))],
  double: [1, (writer, value: number) => writer.double(value)],
};
