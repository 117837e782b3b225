/** Reads a request's body, inflating gzip, within its limits. */
import type { IncomingMessage } from 'node:http';
import { createGunzip } from 'node:zlib';
import { Fault } from '../fault/fault.ts';
import type { Lease } from './budget.ts';

export type BodyLimit = {
  /** As sent, and as inflated. */
  readonly max_bytes: number;
  readonly lease: Lease;
};

/**
 * The body's bytes, inflated. Throws `batch.too_large`, `batch.invalid` for broken gzip,
 * `request.unsupported` for another encoding, `queue.full`.
 */
export async function readBody(request: IncomingMessage, limit: BodyLimit): Promise<Buffer> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (!['identity', 'gzip', 'x-gzip'].includes(encoding)) {
    throw new Fault('request.unsupported', 'The Content-Encoding is not gzip.', {
      field: 'content-encoding',
      hint: 'Send gzip, or no Content-Encoding.',
    });
  }
  if (Number(request.headers['content-length']) > limit.max_bytes) throw tooLarge(limit, 'sent');
  const sent = await collect(request, limit);
  return encoding === 'identity' ? sent : inflate(sent, limit);
}

/** Not `for await`: leaving it early would destroy the socket before the refusal is sent. */
function collect(request: IncomingMessage, limit: BodyLimit): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const body = new Promise<Buffer>((resolve, reject) => {
    const giveUp = (error: unknown) => {
      request.off('data', onData);
      request.resume();
      reject(error);
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      try {
        if (size > limit.max_bytes) throw tooLarge(limit, 'sent');
        limit.lease.take(chunk.length);
        chunks.push(chunk);
      } catch (error) {
        giveUp(error);
      }
    };
    limit.lease.waits(giveUp);
    request.on('data', onData);
    request.once('end', () => resolve(joined(chunks, size)));
    request.once('error', () => reject(new Fault('request.invalid', 'The body was cut off.')));
  });
  return body.finally(() => limit.lease.waits(undefined));
}

async function inflate(sent: Buffer, limit: BodyLimit): Promise<Buffer> {
  const gunzip = createGunzip({ chunkSize: 64 * 1024 });
  const chunks: Buffer[] = [];
  let size = 0;
  gunzip.end(sent);
  try {
    for await (const chunk of gunzip) {
      size += chunk.length;
      if (size > limit.max_bytes) throw tooLarge(limit, 'inflated');
      limit.lease.take(chunk.length);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    throw new Fault('batch.invalid', 'The body is not valid gzip.', {
      field: 'content-encoding',
      cause,
    });
  }
  return joined(chunks, size);
}

function joined(chunks: readonly Buffer[], size: number): Buffer {
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, size);
}

function tooLarge({ max_bytes }: BodyLimit, as: 'sent' | 'inflated'): Fault {
  return new Fault('batch.too_large', `The body is larger than ${max_bytes} bytes as ${as}.`, {
    limit: max_bytes,
    hint: 'Send it in several requests.',
  });
}
