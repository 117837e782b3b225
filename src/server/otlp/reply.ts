/** What OTLP clients are answered, in the encoding of what they sent: the OTLP specification. */
import type { IncomingMessage } from 'node:http';
import protobuf from 'protobufjs/minimal.js';
import { z } from 'zod';
import type { Fault } from '../../fault/fault.ts';
import type { Answer, Refusal } from '../route.ts';

export const PROTOBUF = 'application/x-protobuf';
const JSON_TYPE = 'application/json';

/** Records that were refused, and why the first of them was. */
export type Rejected = { readonly count: number; readonly why: string };

/** `Export…ServiceResponse`: empty where all was taken. `counted` names its counter in JSON. */
export function exported(request: IncomingMessage, counted: string, rejected?: Rejected): Answer {
  if (isProtobuf(request)) return { kind: 'bytes', bytes: encoded(rejected), type: PROTOBUF };
  const { count, why } = rejected ?? { count: 0, why: '' };
  const partialSuccess = { [counted]: String(count), errorMessage: why };
  return { kind: 'json', body: rejected ? { partialSuccess } : {} };
}

/** Field 1, `partial_success`: 1 its counter, 2 its message; the same in all three. */
function encoded(rejected: Rejected | undefined): Buffer {
  const writer = protobuf.Writer.create();
  if (rejected) {
    writer.uint32(0x0a).fork();
    writer.uint32(0x08).int64(rejected.count);
    writer.uint32(0x12).string(rejected.why).ldelim();
  }
  return Buffer.from(writer.finish());
}

/** A failure as `google.rpc.Status`. */
export const refusal: Refusal = {
  content: {
    types: [JSON_TYPE, PROTOBUF],
    schema: z.strictObject({ code: z.int(), message: z.string() }),
  },
  answer: (fault, request) => {
    const status = statusFor(fault);
    const code = RPC_CODES.get(status) ?? UNKNOWN;
    const message = `${fault.code}: ${sentenceOf(fault)}`;
    if (!isProtobuf(request)) {
      return { status, type: JSON_TYPE, bytes: Buffer.from(JSON.stringify({ code, message })) };
    }
    const writer = protobuf.Writer.create().uint32(0x08).int32(code);
    writer.uint32(0x12).string(message);
    return { status, type: PROTOBUF, bytes: Buffer.from(writer.finish()) };
  },
};

/** A bug's message stays inside. */
function sentenceOf({ blame, message }: Fault): string {
  return blame === 'internal' ? 'Something failed inside Claw.' : message;
}

/** Exporters send again after 429, 502, 503 and 504 alone: a full disk is a reason to do so. */
function statusFor({ status }: Fault): number {
  return status === 507 ? 503 : status;
}

export function isProtobuf(request: IncomingMessage): boolean {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';');
  return [PROTOBUF, 'application/protobuf'].includes(type.trim().toLowerCase());
}

/** google.rpc.Code by HTTP status. */
const RPC_CODES: ReadonlyMap<number, number> = new Map([
  [400, 3],
  [401, 16],
  [403, 7],
  [404, 5],
  [405, 12],
  [408, 4],
  [413, 3],
  [415, 3],
  [422, 3],
  [429, 8],
  [500, 13],
  [503, 14],
]);
const UNKNOWN = 2;
