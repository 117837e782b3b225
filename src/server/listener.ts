/** The fastify instance: timeouts, sizes, logging, and what it answers to broken HTTP. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { fastify, LogController } from 'fastify';
import { Fault } from '../fault/fault.ts';
import type { Face } from './face.ts';
import type { ServerOptions } from './option.ts';
import { addHeaders, faultBody, HEADERS, JSON_TYPE, sendFault } from './reply.ts';

/** Characters of one path parameter: a session id of 512 characters, percent-encoded. */
const PARAM_CHARS = 8192;

export type AppOptions = {
  readonly face: Face;
  readonly log: ServerOptions['log'];
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | undefined;
};

export function openApp({ face, log, tls }: AppOptions) {
  const { limits } = face;
  const http = {
    maxHeaderSize: limits.header_bytes,
    headersTimeout: limits.header_ms,
    requestTimeout: limits.request_ms,
    connectionsCheckingInterval: 1000,
    // Answered by the guard, in the same shape as every other refusal.
    requireHostHeader: false,
  };
  const app = fastify({
    ...(tls ? { https: { ...http, ...tls } } : { http }),
    requestTimeout: limits.request_ms,
    connectionTimeout: limits.idle_ms,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: PARAM_CHARS },
    logger: log ? logger(log) : false,
    logController: new LogController({
      disableRequestLogging: true,
      requestIdLogLabel: 'request_id',
    }),
    clientErrorHandler: refuseConnection,
    frameworkErrors: (error, request, reply) => {
      addHeaders(reply, request.id);
      sendFault(reply, error);
    },
  });
  app.server.maxConnections = limits.connections;
  makeRoom(app.server, { event: tls ? 'secureConnection' : 'connection', now: face.now });
  return app;
}

/** Milliseconds in which a new connection says something, where others wait for its place. */
const SILENCE_MS = 1000;

type Room = { readonly event: 'connection' | 'secureConnection'; readonly now: () => number };

/** Whoever is turned away finds room next time, at the cost of those who say nothing. */
function makeRoom(server: Server, { event, now }: Room): void {
  const silent = new Map<Socket, number>();
  server.on(event, (socket: Socket) => {
    silent.set(socket, now());
    socket.once('close', () => silent.delete(socket));
  });
  server.on('request', ({ socket }) => silent.delete(socket));
  server.on('drop', () => {
    server.closeIdleConnections();
    for (const [socket, since_ms] of silent) {
      if (now() - since_ms > SILENCE_MS) socket.destroy();
    }
  });
}

function logger({ level, stream }: NonNullable<ServerOptions['log']>) {
  return {
    level,
    redact: ['req.headers.authorization', 'headers.authorization', 'token'],
    ...(stream && { stream }),
  };
}

/** What never became a request. */
function refuseConnection(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, fault } = connectionFault(error.code);
  const body = JSON.stringify({ error: faultBody(fault, '') });
  const headers = { ...HEADERS, 'content-type': JSON_TYPE, connection: 'close' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const head = [`HTTP/1.1 ${status}`, ...lines, `content-length: ${Buffer.byteLength(body)}`];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function connectionFault(code: string | undefined): { status: string; fault: Fault } {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return {
      status: '431 Request Header Fields Too Large',
      fault: new Fault('request.too_large', 'The header of the request is too large.'),
    };
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return {
      status: '408 Request Timeout',
      fault: new Fault('request.timeout', 'The request did not come in time.'),
    };
  }
  return {
    status: '400 Bad Request',
    fault: new Fault('request.invalid', 'What was sent is not valid HTTP/1.1.'),
  };
}
