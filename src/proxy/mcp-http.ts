/** Stands between MCP clients and a server that they speak to over streamable HTTP. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isLoopback } from '../server/loopback.ts';
import type { Gate } from './gate.ts';
import { headerMap, type RawHeaders } from './header.ts';
import { listen } from './listen.ts';
import { type Body, emptyBody, keep, type Reading, readingOf, whole } from './mcp-body.ts';
import { type McpGate, openMcpGate } from './mcp-gate.ts';
import { holdPost } from './mcp-http-held.ts';
import type { Watching } from './mcp-watching.ts';
import {
  type Connections,
  type Failure,
  HEADER_BYTES,
  openConnections,
  refuse,
  relay,
  type Tap,
} from './relay.ts';

export type HttpOptions = {
  /**
   * The MCP endpoint. Its host is fixed: no request, redirect or header moves it, so no credential
   * reaches another one. Requests to other paths of the host pass unwatched: they are no MCP.
   */
  readonly upstream: URL;
  /** On this machine; 0 takes any that is free. */
  readonly port: number;
  /**
   * Begins to watch a connection. `session` is what the server calls it, hashed, because whoever
   * knows the name may speak in the session; undefined for requests without one, whose ids are
   * their exchange's own.
   */
  readonly open: (session: string | undefined) => Watching;
  /** Decides what is posted before it goes on; without it all passes as it comes. */
  readonly gate?: Gate | undefined;
};

export type HttpProxy = {
  /** Of the MCP endpoint, for clients. */
  readonly url: string;
  /** Lets what is under way finish within the grace, in milliseconds; the rest has no answer. */
  readonly close: (grace_ms: number) => Promise<void>;
};

/** Sessions that are watched at once; the one that was silent longest gives way. */
const SESSIONS = 1000;

type Proxy = HttpOptions & {
  readonly connections: Connections;
  readonly sessions: Map<string, Watching>;
  readonly gates: WeakMap<Watching, McpGate>;
  loose: Watching | undefined;
  exchanges: number;
};

/** Throws `config.invalid` where the port is taken. */
export async function startHttpProxy(options: HttpOptions): Promise<HttpProxy> {
  const connections = openConnections();
  const proxy: Proxy = {
    ...options,
    ...{ connections, sessions: new Map(), gates: new WeakMap(), loose: undefined, exchanges: 0 },
  };
  const server = createServer({ maxHeaderSize: HEADER_BYTES, requestTimeout: 0 });
  const handle = (request: IncomingMessage, response: ServerResponse) =>
    pass(proxy, request, response);
  server.on('request', handle);
  // Without these, Node would answer in the upstream's place.
  server.on('checkContinue', handle).on('checkExpectation', handle);
  const listening = await listen(server, { port: options.port });
  return {
    url: `${listening.url}${options.upstream.pathname}`,
    close: async (grace_ms) => {
      await listening.close(grace_ms);
      connections.close();
      // Each exchange tells how it ended before the whole does.
      await new Promise((later) => setImmediate(later));
      for (const watching of proxy.sessions.values()) watching.end();
      proxy.loose?.end();
    },
  };
}

function pass(proxy: Proxy, request: IncomingMessage, response: ServerResponse): void {
  const { upstream, connections } = proxy;
  const { url: path = '/', method } = request;
  const refused = refusal(request);
  if (refused !== undefined) {
    refuse(response, 403, refused);
    return;
  }
  const watched = path.split('?')[0] === upstream.pathname && method !== 'OPTIONS';
  // Whatever path a server takes calls on: one that is asked for another way is decided, too.
  if (proxy.gate !== undefined && method === 'POST' && (watched || isJson(request))) {
    passHeld(proxy, proxy.gate, { request, response, watched });
    return;
  }
  const { tap, sent } = watched ? openExchange(proxy, request) : { tap: NOTHING, sent: undefined };
  if (sent !== undefined) request.on('end', sent);
  relay({ request, response, upstream, path, connections, tap });
}

function isJson({ headers }: IncomingMessage): boolean {
  return headers['content-type']?.toLowerCase().includes('json') === true;
}

type Posted = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly watched: boolean;
};

function passHeld(proxy: Proxy, gate: Gate, { request, response, watched }: Posted): void {
  const { upstream, connections, gates } = proxy;
  const { exchange, tap, sent } = openExchange(proxy, request);
  // What begins a session holds nothing that is decided: it finds its own way.
  const watching = exchange.watching ?? loose(proxy);
  const judge = gates.get(watching) ?? openMcpGate(gate, watching);
  gates.set(watching, judge);
  void holdPost({
    ...{ request, response, gate: judge, exchange: exchange.number },
    forward: ({ body, told, hold }) => {
      if (told) exchange.watching = watching;
      const path = request.url ?? '/';
      const merged = hold && { hold, dropped: PACKED, added: ['Accept-Encoding', 'identity'] };
      const seen = told ? { ...tap, sent: () => {} } : watched ? tap : NOTHING;
      relay({ request, response, upstream, path, connections, body, tap: seen, ...merged });
      sent();
    },
    unread: (body) => watching.bytes('client', body, exchange.number),
    over: () => tap.ended(),
  });
}

/** Of a batch that lost a part, the rest goes on as plain JSON. */
const PACKED = ['accept-encoding', 'content-encoding'];

const NOTHING: Tap = { sent: () => {}, began: () => {}, received: () => {}, ended: () => {} };

/**
 * A page in a browser could reach the upstream through a name that it made resolve to this
 * machine: the upstream would see its own name, and could not tell.
 */
function refusal({ headers, url = '' }: IncomingMessage): string | undefined {
  if (!isLoopback(headers.host?.replace(/:\d+$/, '') ?? ''))
    return 'This proxy serves its own machine alone: the Host header names another.';
  return url.startsWith('/') || url === '*' ? undefined : 'The request names another host.';
}

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

/** The relay goes on whatever happens here: each watcher counts what it could not read. */
function openExchange(proxy: Proxy, request: IncomingMessage) {
  const exchange = beginExchange(proxy, request);
  const guarded = (look: () => void) => {
    try {
      look();
    } catch {
      // Told as a gap where it was a message; else there is nothing to tell.
    }
  };
  const sent = () =>
    guarded(() => {
      exchange.request.complete = true;
      if (!mayBegin(exchange)) exchange.watching ??= loose(proxy);
      told(exchange);
    });
  const tap: Tap = {
    sent: (chunk) => keep(exchange.request, chunk),
    began: (status, headers) => guarded(() => answered(proxy, exchange, { status, headers })),
    received: (chunk) => guarded(() => exchange.response?.push(chunk)),
    ended: (failure) => guarded(() => ended(proxy, exchange, failure)),
  };
  return { exchange, tap, sent };
}

function beginExchange(proxy: Proxy, request: IncomingMessage): Exchange {
  proxy.exchanges++;
  const headers = headerMap(request.rawHeaders);
  const session = headers.get('mcp-session-id');
  return {
    number: proxy.exchanges,
    method: request.method ?? '',
    encoding: headers.get('content-encoding'),
    request: emptyBody(),
    watching: session === undefined ? undefined : watchingOf(proxy, session),
    status_code: undefined,
    response: undefined,
  };
}

function ended(proxy: Proxy, exchange: Exchange, failure: Failure | undefined): void {
  settle(proxy, exchange);
  const { number, status_code } = exchange;
  const by = failure && (failure.code === 'client_aborted' ? 'client' : 'server');
  const finish = () => {
    exchange.watching?.exchangeEnded({ exchange: number, by, status_code });
    if (exchange.method === 'DELETE' && (status_code ?? 500) < 300) forget(proxy, exchange);
  };
  if (exchange.response === undefined) finish();
  else exchange.response.end(finish);
}

/** What begins a session has no name for it yet: it is told when the answer has one. */
function mayBegin({ request, encoding }: Exchange): boolean {
  return encoding !== undefined || request.kept.bytes().includes('"initialize"');
}

/** The messages of the request's body; once. */
function told(exchange: Exchange): void {
  const { request, watching, number, encoding } = exchange;
  if (watching === undefined || !request.complete || request.size_bytes === 0) return;
  whole({ body: request, encoding, from: 'client' }, { watching, number });
  request.kept.clear();
  request.size_bytes = 0;
}

type Head = { readonly status: number; readonly headers: RawHeaders };

function answered(proxy: Proxy, exchange: Exchange, { status, headers: raw }: Head): void {
  const headers = headerMap(raw);
  exchange.status_code = status;
  const named = headers.get('mcp-session-id');
  exchange.watching ??= named === undefined ? loose(proxy) : watchingOf(proxy, named);
  told(exchange);
  const { watching, number } = exchange;
  exchange.response = readingOf(headers, { watching, number });
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
