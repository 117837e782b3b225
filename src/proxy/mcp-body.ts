/** Reads the messages of MCP out of the bodies of HTTP requests and answers. */
import type { Transform } from 'node:stream';
import type { Side } from '../adapter/mcp/message.ts';
import { decoded, decoderOf } from './decode.ts';
import { type Growing, openGrowing } from './growing.ts';
import { HEAD_BYTES } from './line.ts';
import { MESSAGE_BYTES, type Watching } from './mcp-watching.ts';
import { openSseReader } from './sse.ts';

/** No more than a message is kept; all of it is counted. */
export type Body = { readonly kept: Growing; size_bytes: number; complete: boolean };

export function emptyBody(): Body {
  return { kept: openGrowing(), size_bytes: 0, complete: false };
}

export function keep(body: Body, chunk: Buffer): void {
  body.size_bytes += chunk.length;
  if (body.size_bytes <= MESSAGE_BYTES) body.kept.add(chunk);
}

export type Reading = {
  readonly push: (chunk: Buffer) => void;
  /** Calls back when all of it was told. */
  readonly end: (then: () => void) => void;
};

/** Whose messages they are, and of which exchange. */
export type Told = { readonly watching: Watching; readonly number: number };

/** What reads an answer with these headers as it passes. */
export function readingOf(headers: ReadonlyMap<string, string>, to: Told): Reading {
  const encoding = headers.get('content-encoding');
  const kind = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (kind === 'text/event-stream') return stream(decoderOf(encoding), to);
  const body = emptyBody();
  if (kind !== 'application/json') return { push: () => {}, end: (then) => then() };
  return {
    push: (chunk) => keep(body, chunk),
    end: (then) => {
      if (body.size_bytes > 0) whole({ body, encoding, from: 'server' }, to);
      then();
    },
  };
}

/** A stream that is packed is unpacked beside the relay, and so told a moment later. */
function stream(unpack: Transform | undefined | false, to: Told): Reading {
  const reader = openSseReader(MESSAGE_BYTES);
  const tell = (events: ReturnType<typeof reader.push>) => {
    for (const { data, cut = 0 } of events) {
      const bytes = Buffer.from(data);
      if (cut === 0 && data !== '') to.watching.bytes('server', bytes, to.number);
      else if (cut > 0) tooLong(to, 'server', { bytes, size_bytes: bytes.length + cut });
    }
  };
  if (unpack === undefined) {
    const end = (then: () => void) => {
      tell(reader.end());
      then();
    };
    return { push: (chunk) => tell(reader.push(chunk)), end };
  }
  if (unpack === false) return unread(to);
  let failed = false;
  unpack.on('data', (chunk: Buffer) => tell(reader.push(chunk)));
  unpack.on('error', () => {
    failed = true;
  });
  return {
    push: (chunk) => failed || unpack.write(chunk),
    end: (then) => {
      unpack.once('close', () => {
        tell(reader.end());
        then();
      });
      if (failed || unpack.destroyed) unpack.emit('close');
      else unpack.end();
    },
  };
}

/** Packed in a way that nobody here knows: one gap for the whole of it. */
function unread(to: Told): Reading {
  let size_bytes = 0;
  return {
    push: (chunk) => {
      size_bytes += chunk.length;
    },
    end: (then) => {
      tooLong(to, 'server', { bytes: Buffer.alloc(0), size_bytes });
      then();
    },
  };
}

type Whole = {
  readonly body: Body;
  readonly encoding: string | undefined;
  readonly from: Side;
};

/** A body that has come to its end. */
export function whole({ body, encoding, from }: Whole, to: Told): void {
  const bytes = body.kept.bytes();
  const readable = body.size_bytes <= MESSAGE_BYTES;
  const text = readable ? decoded(bytes, encoding, MESSAGE_BYTES) : undefined;
  if (text === undefined) tooLong(to, from, { bytes, size_bytes: body.size_bytes });
  else to.watching.bytes(from, text, to.number);
}

type Long = { readonly bytes: Buffer; readonly size_bytes: number };

function tooLong({ watching, number }: Told, from: Side, { bytes, size_bytes }: Long): void {
  const head = bytes.subarray(0, HEAD_BYTES);
  watching.tooLong(from, { head, size_bytes, exchange: number });
}
