/** Turns answers and failures into HTTP: statuses, headers, bodies, and nothing that leaks. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import { asFault, Fault, type FaultBody } from '../fault/fault.ts';
import { jsonText } from '../format/text.ts';
import type { Budget } from './budget.ts';
import type { Answer, Refusal } from './route.ts';

export const JSON_TYPE = 'application/json; charset=utf-8';

/** Headers of every answer; a route's own replace them. */
export const HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const EVERY = Object.entries(HEADERS);

export function addHeaders({ raw }: FastifyReply, requestId: string): void {
  for (const [name, value] of EVERY) raw.setHeader(name, value);
  raw.setHeader('x-request-id', requestId);
}

/** Seconds after which to try again, where the fault does not say. */
const RETRY_AFTER_S: Readonly<Record<number, number>> = { 429: 1, 503: 5, 507: 30 };

export type Sending = {
  readonly reply: FastifyReply;
  readonly signal: AbortSignal;
  /** Bounds what is made but not read yet. */
  readonly answers: Budget;
};

/** Throws `queue.full` where too many answers are not read yet. */
export async function sendAnswer(answer: Answer, sending: Sending): Promise<void> {
  const { reply, signal } = sending;
  const { raw } = reply;
  for (const [name, value] of Object.entries(answer.headers ?? {})) raw.setHeader(name, value);
  switch (answer.kind) {
    case 'json': {
      const text = jsonText(answer.body);
      hold(sending, text.length);
      reply.code(answer.status ?? 200).header('content-type', JSON_TYPE);
      reply.send(text);
      return;
    }
    case 'bytes':
      hold(sending, answer.bytes.length);
      reply
        .code(answer.status ?? 200)
        .header('content-type', answer.type)
        .send(answer.bytes);
      return;
    case 'stream':
      reply.hijack();
      raw.setHeader('content-type', answer.type);
      await pump(raw, answer.chunks, signal);
      return;
    case 'raw':
      reply.hijack();
      await answer.write(raw);
  }
}

/** The share of all room that one answer takes at most: a large event must be readable. */
const MOST_SHARE = 1 / 4;

/** Until the answer is read, or its reader is cut off for others. */
function hold({ reply, answers }: Sending, bytes: number): void {
  const lease = answers.lease();
  reply.raw.once('close', lease.end);
  lease.take(Math.min(bytes, answers.limit_bytes * MOST_SHARE));
  lease.waits(() => reply.raw.destroy());
}

/** Ends the body only when everything was written; else the connection is cut. */
async function pump(
  response: ServerResponse,
  chunks: AsyncIterable<string>,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const chunk of chunks) {
      if (signal.aborted) break;
      if (!response.write(chunk)) await once(response, 'drain', { signal });
    }
    if (!signal.aborted) response.end();
  } catch (error) {
    // A reader that went away is no failure of ours.
    if (!signal.aborted) throw error;
  } finally {
    if (!response.writableEnded) response.destroy();
  }
}

/** The fault as its status, headers and body, as the route's protocol writes them. */
export function sendFault(reply: FastifyReply, error: unknown, refusal?: Refusal): void {
  const fault = wireFault(error);
  for (const [name, value] of Object.entries(faultHeaders(fault))) reply.header(name, value);
  if (refusal) {
    const { status, type, bytes } = refusal.answer(fault, reply.request.raw);
    reply.code(status).header('content-type', type).send(bytes);
    return;
  }
  reply.code(fault.status).header('content-type', JSON_TYPE);
  reply.send(jsonText({ error: faultBody(fault, reply.request.id) }));
}

/** What a fault adds to the headers of an answer. */
function faultHeaders(fault: Fault): Record<string, string> {
  const retry_s = fault.detail.retry_after_s ?? RETRY_AFTER_S[fault.status];
  return {
    ...(retry_s === undefined ? {} : { 'retry-after': String(retry_s) }),
    ...(fault.status === 401 ? { 'www-authenticate': 'Bearer realm="claw"' } : {}),
  };
}

/** A bug's own message may name paths and values, so only its number goes over the wire. */
export function faultBody(fault: Fault, requestId: string): FaultBody {
  if (fault.blame !== 'internal') return fault.toJSON();
  return {
    code: fault.code,
    message: 'Something failed inside Claw.',
    hint: `The server's log says more under request ${requestId}.`,
  };
}

/** Any failure as a fault; what fastify itself refuses is the caller's. */
export function wireFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  if (status === 415) {
    return new Fault('request.unsupported', 'The Content-Type is not valid.', {
      field: 'content-type',
    });
  }
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new Fault('request.invalid', 'The request is not valid HTTP for this route.');
  }
  return asFault(error);
}
