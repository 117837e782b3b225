/** Passes one HTTP request on and its answer back, byte for byte; a tap may look on. */
import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { pairs, passing, type RawHeaders } from './header.ts';
import { type Hold, headOf, outletTo } from './hold.ts';

/** What a tap learns. It may throw: that is counted by whoever made it, and changes nothing. */
export type Tap = {
  readonly sent: (chunk: Buffer) => void;
  readonly began: (status: number, headers: RawHeaders) => void;
  readonly received: (chunk: Buffer) => void;
  /** Once, last. Without a failure the answer was complete. */
  readonly ended: (failure?: Failure) => void;
};

export type Failure = {
  readonly code:
    | 'client_aborted'
    | 'upstream_unreachable'
    | 'upstream_cut'
    | 'request_invalid'
    | 'answer_refused';
  readonly message: string;
};

export type Relay = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly upstream: URL;
  /** Path and query, as the upstream is asked. */
  readonly path: string;
  readonly connections: Connections;
  /** Lower-case names of headers that end here, beside those of the connection. */
  readonly dropped?: readonly string[];
  /** Headers of our own, for the upstream. */
  readonly added?: RawHeaders;
  /** The request's body where it was read before; else it is passed as it comes. */
  readonly body?: Buffer;
  /** What takes the answer in the client's stead; without it every byte passes as it comes. */
  readonly hold?: Hold | undefined;
  readonly tap: Tap;
};

export type Connections = {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
  readonly close: () => void;
};

/**
 * How long an unused connection waits for the next request, in milliseconds: shorter than servers
 * wait, so that none closes while a request is on its way. Local servers wait the shortest.
 */
const IDLE_MS = { http: 4000, https: 15_000 };
/** Bytes of a request's or an answer's headers; Node's own limit is 16 KiB. */
export const HEADER_BYTES = 128 * 1024;

/**
 * Neither a proxy of the environment nor a certificate that cannot be verified is ever used. With
 * a lookup of its own each request has its own connection.
 */
export function openConnections(lookup?: LookupFunction): Connections {
  const options = lookup ? { lookup } : { keepAlive: true, maxFreeSockets: 256 };
  const http = new HttpAgent({ ...options, timeout: IDLE_MS.http });
  const secure = { ...options, timeout: IDLE_MS.https, rejectUnauthorized: true };
  const https = new HttpsAgent(secure);
  return {
    http,
    https,
    close: () => {
      http.destroy();
      https.destroy();
    },
  };
}

export function relay(options: Relay): void {
  const { request, response, tap } = options;
  // A write to a client that has just gone; its close is what counts.
  response.on('error', () => {});
  let over = false;
  const end = (failure?: Failure) => {
    if (over) return;
    over = true;
    tap.ended(failure);
  };
  if (response.destroyed || request.socket.destroyed) {
    end(ABORTED);
    return;
  }
  const outgoing = ask(options);
  if (outgoing === undefined) {
    refuse(response, 400, 'The request cannot be passed on as it is.');
    end({ code: 'request_invalid', message: 'The request cannot be passed on as it is.' });
    return;
  }
  outgoing.on('information', (information) => inform(response, information));
  outgoing.on('continue', () => response.writeContinue());
  outgoing.on('response', (incoming) => answer(options, incoming, end));
  outgoing.on('error', (error: NodeJS.ErrnoException) => {
    // An upstream may answer and close before it has read the whole request.
    if (response.headersSent || over) return;
    const failure = failureOf(error);
    end(failure);
    if (failure.code === 'upstream_cut') response.destroy();
    else refuse(response, 502, failure.message);
  });
  response.on('close', () => {
    if (response.writableFinished) return;
    end(ABORTED);
    outgoing.destroy();
  });
  send(options, outgoing);
}

const ABORTED: Failure = {
  code: 'client_aborted',
  message: 'The client went away before the answer was over.',
};

/** Methods whose requests Node sends without a length where they have no body. */
const BODILESS = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT']);

function ask(options: Relay): ClientRequest | undefined {
  const { request, upstream, path, connections, dropped = [], added = [], body } = options;
  const secure = upstream.protocol === 'https:';
  const gone = body === undefined ? dropped : [...dropped, 'content-length', 'expect'];
  const headers = ['Host', upstream.host, ...passing(request.rawHeaders, gone), ...added];
  const length = request.headers['content-length'];
  if (body !== undefined) headers.push('Content-Length', `${body.length}`);
  else if (request.headers['transfer-encoding'] !== undefined) {
    headers.push('Transfer-Encoding', 'chunked');
  } else if (length === undefined && !BODILESS.has(request.method ?? '')) {
    headers.push('Content-Length', '0');
  }
  try {
    const outgoing = (secure ? httpsRequest : httpRequest)({
      protocol: upstream.protocol,
      hostname: upstream.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: upstream.port,
      method: request.method,
      path,
      headers,
      agent: secure ? connections.https : connections.http,
      maxHeaderSize: HEADER_BYTES,
    });
    if (request.headers.expect !== undefined && body === undefined) outgoing.flushHeaders();
    return outgoing;
  } catch {
    // A target or a header that Node refuses to send, such as bytes beyond ASCII in a path.
    return undefined;
  }
}

function send({ request, tap, body }: Relay, outgoing: ClientRequest): void {
  if (body !== undefined) {
    outgoing.end(body);
    tap.sent(body);
    return;
  }
  request.on('data', (chunk: Buffer) => {
    // Whoever answered early and left reads no more; the rest of the request still has to come.
    if (!outgoing.destroyed && !outgoing.write(chunk)) request.pause();
    tap.sent(chunk);
  });
  outgoing.on('drain', () => request.resume());
  request.on('end', () => {
    if (request.rawTrailers.length > 0) outgoing.addTrailers(pairs(request.rawTrailers));
    outgoing.end();
  });
  // Whoever stops in the middle of a request has sent none.
  request.on('error', () => outgoing.destroy());
  outgoing.on('close', () => request.resume());
}

function answer(options: Relay, incoming: IncomingMessage, end: (failure?: Failure) => void): void {
  const { response, tap } = options;
  const status = incoming.statusCode ?? 502;
  const held = (message?: string) => end(message ? { code: 'answer_refused', message } : undefined);
  const holding = options.hold?.(headOf(incoming), outletTo(response, incoming, held));
  if (holding !== undefined) {
    tap.began(status, incoming.rawHeaders);
    incoming.on('data', (chunk: Buffer) => {
      tap.received(chunk);
      holding.push(chunk);
    });
    incoming.on('end', () => incoming.complete && holding.end());
    ending(options, incoming, end);
    return;
  }
  response.sendDate = false;
  try {
    const headers = passing(incoming.rawHeaders);
    response.writeHead(status, incoming.statusMessage ?? '', headers);
  } catch {
    incoming.destroy();
    refuse(response, 502, 'The upstream answered what HTTP does not allow.');
    end({ code: 'upstream_cut', message: 'Its answer has headers that HTTP forbids.' });
    return;
  }
  // With the first bytes, where they are there; a stream that is slow to begin has its head now.
  setImmediate(() => {
    if (!response.destroyed && !response.writableEnded) response.flushHeaders();
  });
  tap.began(status, incoming.rawHeaders);
  incoming.on('data', (chunk: Buffer) => {
    if (!response.write(chunk)) incoming.pause();
    tap.received(chunk);
  });
  incoming.on('end', () => {
    if (!incoming.complete) return;
    if (incoming.rawTrailers.length > 0) response.addTrailers(pairs(incoming.rawTrailers));
    response.end();
    end();
  });
  ending(options, incoming, end);
}

function ending({ response }: Relay, incoming: IncomingMessage, end: (failure: Failure) => void) {
  const cut = () => {
    if (incoming.complete) return;
    response.destroy();
    end({ code: 'upstream_cut', message: 'The upstream closed before its answer was over.' });
  };
  response.on('drain', () => incoming.resume());
  incoming.on('error', cut);
  incoming.on('close', cut);
}

type Information = {
  readonly statusCode: number;
  readonly headers: NodeJS.Dict<string | string[]>;
};

/** 102 and 103; what else may come before an answer has no meaning without an upgrade. */
function inform(response: ServerResponse, { statusCode, headers }: Information): void {
  if (response.headersSent) return;
  if (statusCode === 102) response.writeProcessing();
  const { link } = headers;
  if (statusCode !== 103 || link === undefined) return;
  try {
    response.writeEarlyHints({ ...headers, link });
  } catch {
    // A hint in a form that Node does not write is left out: the answer itself still comes.
  }
}

/** Before a connection stands, the client is told why; afterwards it sees what happened. */
function failureOf({ code, message, syscall }: NodeJS.ErrnoException): Failure {
  const open = syscall !== 'connect' && syscall !== 'getaddrinfo';
  const cut = open && (code === 'ECONNRESET' || code === 'EPIPE');
  if (cut) return { code: 'upstream_cut', message: 'The upstream closed without an answer.' };
  const reason = code ?? message;
  return { code: 'upstream_unreachable', message: `The upstream is not reachable: ${reason}.` };
}

/** The proxy's own answer; never where an answer has begun. */
export function refuse(response: ServerResponse, status: number, message: string): void {
  response.on('error', () => {});
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = JSON.stringify({ error: { type: 'claw_proxy', message } });
  const length = Buffer.byteLength(body);
  const headers = { 'content-type': 'application/json', 'content-length': length };
  // The upstream's own words may be why it is refused: they were kept when they were.
  response.writeHead(status, STATUS_CODES[status] ?? '', headers);
  response.end(body);
}
