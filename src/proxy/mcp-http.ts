/** Stands between MCP clients and a server that they speak to over streamable HTTP. */
import { createHash } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Transform } from 'node:stream';
import type { Side } from '../adapter/mcp/message.ts';
import { decoded, decoderOf } from './decode.ts';
import { type Growing, openGrowing } from './growing.ts';
import { createRelay, type ExchangeWatch } from './http-relay.ts';
import { HEAD_BYTES } from './line.ts';
import { MESSAGE_BYTES, type Watching } from './mcp-watching.ts';
import { openSseReader } from './sse.ts';

export type HttpOptions = {
  /** The MCP endpoint. Requests to other paths of its host pass unwatched: they are no MCP. */
  readonly upstream: URL;
  /**
   * Begins to watch a connection. `session` is what the server calls it, hashed, because whoever
   * knows the name may speak in the session; undefined for requests without one, whose ids are
   * their exchange's own.
   */
  readonly open: (session: string | undefined) => Watching;
};

export type HttpProxy = {
  /** Not listening yet. */
  readonly server: Server;
  /** Breaks off what is under way; what has no answer will get none. */
  readonly close: () => Promise<void>;
};

/** Sessions that are watched at once; the one that was silent longest gives way. */
const SESSIONS = 1000;

type Proxy = HttpOptions & {
  readonly sessions: Map<string, Watching>;
  loose: Watching | undefined;
  exchanges: number;
};

export function createHttpProxy(options: HttpOptions): HttpProxy {
  const proxy: Proxy = { ...options, sessions: new Map(), loose: undefined, exchanges: 0 };
  const { pathname } = options.upstream;
  const server = createRelay({
    upstream: options.upstream,
    watch: (request) => {
      if (request.url?.split('?')[0] !== pathname) return undefined;
      return request.method === 'OPTIONS' ? undefined : openExchange(proxy, request);
    },
  });
  return {
    server,
    close: async () => {
      server.closeAllConnections();
      if (server.listening) await new Promise((closed) => server.close(closed));
      // Each exchange tells how it ended before the whole does.
      await new Promise((later) => setImmediate(later));
      for (const watching of proxy.sessions.values()) watching.end();
      proxy.loose?.end();
    },
  };
}

/** No more than a message is kept; all of it is counted. */
type Body = { readonly kept: Growing; size_bytes: number; complete: boolean };

type Exchange = {
  readonly number: number;
  readonly method: string;
  readonly encoding: string | undefined;
  readonly request: Body;
  /** Undefined until it is known whose it is: a request that begins a session has no name yet. */
  watching: Watching | undefined;
  status_code: number | undefined;
  response: Reading | undefined;
};

function openExchange(proxy: Proxy, request: IncomingMessage): ExchangeWatch {
  proxy.exchanges++;
  const session = headerOf(request, 'mcp-session-id');
  const exchange: Exchange = {
    number: proxy.exchanges,
    method: request.method ?? '',
    encoding: headerOf(request, 'content-encoding'),
    request: emptyBody(),
    watching: session === undefined ? undefined : watchingOf(proxy, session),
    status_code: undefined,
    response: undefined,
  };
  return {
    requestChunk: (chunk) => keep(exchange.request, chunk),
    requestEnd: () => {
      exchange.request.complete = true;
      if (!mayBegin(exchange)) exchange.watching ??= loose(proxy);
      told(exchange);
    },
    responseHead: (head) => answered(proxy, exchange, head),
    responseChunk: (chunk) => exchange.response?.push(chunk),
    end: (by) => {
      settle(proxy, exchange);
      const { number, status_code } = exchange;
      const finish = () => {
        exchange.watching?.exchangeEnded({ exchange: number, by, status_code });
        if (exchange.method === 'DELETE' && (status_code ?? 500) < 300) forget(proxy, exchange);
      };
      if (exchange.response === undefined) finish();
      else exchange.response.end(finish);
    },
  };
}

/** What begins a session has no name for it yet: it is told when the answer has one. */
function mayBegin({ request, encoding }: Exchange): boolean {
  return encoding !== undefined || request.kept.bytes().includes('"initialize"');
}

function emptyBody(): Body {
  return { kept: openGrowing(), size_bytes: 0, complete: false };
}

function keep(body: Body, chunk: Buffer): void {
  body.size_bytes += chunk.length;
  if (body.size_bytes <= MESSAGE_BYTES) body.kept.add(chunk);
}

/** The messages of the request's body; once. */
function told(exchange: Exchange): void {
  const { request, watching, number, encoding } = exchange;
  if (watching === undefined || !request.complete || request.size_bytes === 0) return;
  whole({ body: request, encoding, from: 'client' }, { watching, number });
  request.kept.clear();
  request.size_bytes = 0;
}

function answered(proxy: Proxy, exchange: Exchange, head: IncomingMessage): void {
  exchange.status_code = head.statusCode ?? 0;
  const named = headerOf(head, 'mcp-session-id');
  exchange.watching ??= named === undefined ? loose(proxy) : watchingOf(proxy, named);
  told(exchange);
  const { watching, number } = exchange;
  exchange.response = readingOf(head, { watching, number });
}

/** Where no answer came, or before the request was whole, it is told all the same. */
function settle(proxy: Proxy, exchange: Exchange): void {
  exchange.watching ??= loose(proxy);
  exchange.request.complete = true;
  told(exchange);
}

function loose(proxy: Proxy): Watching {
  proxy.loose ??= proxy.open(undefined);
  return proxy.loose;
}

function watchingOf(proxy: Proxy, session: string): Watching {
  const key = createHash('sha256').update(session).digest('hex').slice(0, 32);
  const watching = proxy.sessions.get(key) ?? proxy.open(key);
  proxy.sessions.delete(key);
  proxy.sessions.set(key, watching);
  const [oldest] = proxy.sessions;
  if (proxy.sessions.size > SESSIONS && oldest !== undefined) {
    proxy.sessions.delete(oldest[0]);
    oldest[1].end();
  }
  return watching;
}

/** The client ended the session. */
function forget(proxy: Proxy, { watching }: Exchange): void {
  for (const [key, one] of proxy.sessions) {
    if (one !== watching) continue;
    proxy.sessions.delete(key);
    one.end();
  }
}

type Reading = {
  readonly push: (chunk: Buffer) => void;
  /** Calls back when all of it was told. */
  readonly end: (then: () => void) => void;
};

type Told = { readonly watching: Watching; readonly number: number };

function readingOf(head: IncomingMessage, to: Told): Reading {
  const encoding = headerOf(head, 'content-encoding');
  const kind = headerOf(head, 'content-type')?.split(';')[0]?.trim().toLowerCase();
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

function whole({ body, encoding, from }: Whole, to: Told): void {
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

function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.[0];
}
