/** Passes an upgrade (a WebSocket) on to the upstream, and then both directions as they come. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { pairs, passing, type RawHeaders } from './header.ts';
import type { Connections } from './relay.ts';

export type Tunnel = {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What the client sent behind its request. */
  readonly head: Buffer;
  readonly upstream: URL;
  readonly path: string;
  readonly connections: Connections;
  readonly dropped: readonly string[];
};

/** Never throws. */
export function tunnel(options: Tunnel): void {
  const { request, socket, head, upstream } = options;
  const secure = upstream.protocol === 'https:';
  const outgoing = (secure ? httpsRequest : httpRequest)({
    protocol: upstream.protocol,
    hostname: upstream.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: upstream.port,
    method: request.method,
    path: options.path,
    headers: [
      'Host',
      upstream.host,
      'Connection',
      'Upgrade',
      'Upgrade',
      request.headers.upgrade ?? '',
      ...passing(request.rawHeaders, options.dropped),
    ],
    agent: false,
    ...(secure ? { rejectUnauthorized: true } : {}),
  });
  socket.on('error', () => outgoing.destroy());
  socket.on('close', () => outgoing.destroy());
  outgoing.on('error', () => socket.destroy());
  outgoing.on('upgrade', (incoming, other, first) => {
    socket.write(headOf(incoming, ['Connection', 'Upgrade', ...upgradeOf(incoming)]));
    socket.write(first);
    other.write(head);
    join(socket, other);
  });
  // The upstream would rather not: its answer is the client's.
  outgoing.on('response', (incoming) => {
    socket.write(headOf(incoming, ['Connection', 'close']));
    incoming.pipe(socket);
    incoming.on('close', () => {
      if (!incoming.complete) socket.destroy();
    });
  });
  outgoing.end();
}

/**
 * Passes on what either side says, until both are done. One that breaks off breaks the other off;
 * one that ends leaves the other the time to take what was sent.
 */
export function join(one: Duplex, other: Duplex): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.pipe(to);
    // What follows an error is the close.
    from.on('error', () => {});
    from.on('close', () => {
      if (!from.readableEnded || !from.writableFinished) to.destroy();
    });
  }
}

function upgradeOf({ headers }: IncomingMessage): string[] {
  return headers.upgrade === undefined ? [] : ['Upgrade', headers.upgrade];
}

function headOf(incoming: IncomingMessage, own: RawHeaders): string {
  const status = `HTTP/1.1 ${incoming.statusCode} ${incoming.statusMessage}`;
  const lines = pairs([...own, ...passing(incoming.rawHeaders)]);
  return `${[status, ...lines.map(([name, value]) => `${name}: ${value}`)].join('\r\n')}\r\n\r\n`;
}
