/** Relays HTTP to one fixed upstream, byte for byte, and shows copies to whoever watches. */
import {
  Agent,
  type ClientRequest,
  createServer,
  type IncomingMessage,
  request as requestHttp,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { request as requestHttps, Agent as SecureAgent } from 'node:https';

/** What sees an exchange. The chunks are those that pass: nothing waits for it, nothing changes. */
export type ExchangeWatch = {
  readonly requestChunk: (chunk: Buffer) => void;
  readonly requestEnd: () => void;
  readonly responseHead: (head: IncomingMessage) => void;
  readonly responseChunk: (chunk: Buffer) => void;
  /** `by` broke it off. */
  readonly end: (by?: 'client' | 'server') => void;
};

export type RelayOptions = {
  readonly upstream: URL;
  /** Called for each request; undefined where nobody watches it. */
  readonly watch: (request: IncomingMessage) => ExchangeWatch | undefined;
};

/** Of one connection alone (RFC 9110 §7.6.1): they are each side's own. */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/**
 * A server that is not listening yet. The upstream's host is fixed: no request, no redirect and no
 * header moves it, so no credential reaches another host; a redirect is the client's to follow.
 * Requests that name another host than this machine are refused: a page in a browser could
 * otherwise reach the upstream through a name that it made resolve to loopback.
 */
export function createRelay({ upstream, watch }: RelayOptions): Server {
  const secure = upstream.protocol === 'https:';
  const agent = secure ? new SecureAgent({ keepAlive: true }) : new Agent({ keepAlive: true });
  const server = createServer((request, response) => {
    const refused = refusal(request);
    if (refused !== undefined) refuse(response, 403, refused);
    else relay(request, response, { upstream, agent, watch });
  });
  server.requestTimeout = 0;
  server.keepAliveTimeout = 60_000;
  server.on('close', () => agent.destroy());
  return server;
}

function refusal({ headers, url = '' }: IncomingMessage): string | undefined {
  const host = headers.host?.replace(/:\d+$/, '').toLowerCase();
  const local = host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host ?? '');
  if (!local) return 'This proxy serves its own machine alone: the Host header names another.';
  return url.startsWith('/') || url === '*' ? undefined : 'The request names another host.';
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  const type = { 'content-type': 'text/plain; charset=utf-8' };
  // The server's own words may be why it is refused.
  response.writeHead(status, STATUS_CODES[status] ?? '', type);
  response.end(`claw: ${reason}\n`);
}

type Relaying = RelayOptions & { readonly agent: Agent };

function relay(request: IncomingMessage, response: ServerResponse, relaying: Relaying): void {
  const sent = open(request, relaying);
  if (sent === undefined) {
    refuse(response, 400, 'The request cannot be passed on.');
    return;
  }
  const watch = guarded(relaying.watch(request));
  request.pipe(sent);
  request.on('error', () => sent.destroy());
  request.on('data', watch.requestChunk);
  request.on('end', watch.requestEnd);
  sent.on('response', (head) => answer(head, response, watch));
  sent.on('error', () => {
    if (response.headersSent) response.destroy();
    else if (!response.destroyed) refuse(response, 502, 'The server cannot be reached.');
    watch.end('server');
  });
  response.on('close', () => {
    if (response.writableFinished) return;
    watch.end('client');
    sent.destroy();
  });
}

/** Undefined where Node refuses to send what it accepted, as an odd path. */
function open(request: IncomingMessage, relaying: Relaying): ClientRequest | undefined {
  const { upstream, agent } = relaying;
  const { headers, rawHeaders, method = 'GET', url = '/' } = request;
  const send = upstream.protocol === 'https:' ? requestHttps : requestHttp;
  // A body without a length is sent in chunks, as it came.
  const framing = headers['transfer-encoding'] ? ['Transfer-Encoding', 'chunked'] : [];
  try {
    return send({
      protocol: upstream.protocol,
      hostname: upstream.hostname.replace(/^\[|\]$/g, ''),
      port: upstream.port,
      agent,
      method,
      path: url,
      headers: ['Host', upstream.host, ...kept(rawHeaders, ['host']), ...framing],
      setDefaultHeaders: false,
    });
  } catch {
    return undefined;
  }
}

function answer(head: IncomingMessage, response: ServerResponse, watch: ExchangeWatch): void {
  try {
    response.sendDate = false;
    response.writeHead(head.statusCode ?? 502, head.statusMessage ?? '', kept(head.rawHeaders, []));
    // A stream of events may say nothing for long: its head must not wait for the first one.
    response.flushHeaders();
  } catch {
    head.destroy();
    if (response.headersSent) response.destroy();
    else refuse(response, 502, "The server's answer cannot be passed on.");
    watch.end('server');
    return;
  }
  watch.responseHead(head);
  head.pipe(response);
  head.on('data', watch.responseChunk);
  head.on('end', () => watch.end());
  // Cut off by the server: so is the client, which must not take it for whole.
  head.on('error', () => {
    watch.end('server');
    response.destroy();
  });
}

/** Raw headers, names and order as they came, without those of the connection and `more`. */
function kept(raw: readonly string[], more: readonly string[]): string[] {
  const listed = raw
    .filter((_, i) => i % 2 === 1 && raw[i - 1]?.toLowerCase() === 'connection')
    .flatMap((value) => value.split(',').map((name) => name.trim().toLowerCase()));
  const gone = new Set([...HOP_BY_HOP, ...more, ...listed]);
  const headers: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const [name = '', value = ''] = [raw[i], raw[i + 1]];
    if (!gone.has(name.toLowerCase())) headers.push(name, value);
  }
  return headers;
}

/** Whatever a watcher throws, the relay goes on; the end is told once. */
function guarded(watch: ExchangeWatch | undefined): ExchangeWatch {
  let over = false;
  const look = (see: (watch: ExchangeWatch) => void) => {
    try {
      if (watch !== undefined && !over) see(watch);
    } catch {
      // Each watcher counts what it could not read.
    }
  };
  return {
    requestChunk: (chunk) => look((one) => one.requestChunk(chunk)),
    requestEnd: () => look((one) => one.requestEnd()),
    responseHead: (head) => look((one) => one.responseHead(head)),
    responseChunk: (chunk) => look((one) => one.responseChunk(chunk)),
    end: (by) => {
      look((one) => one.end(by));
      over = true;
    },
  };
}
