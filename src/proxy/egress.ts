/** The egress proxy: passes agents' connections on to hosts that rules allow, and records each. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { fit } from '../adapter/record.ts';
import type { Draft } from '../event/event.ts';
import { hostOf, rangeNet } from './address.ts';
import { type EgressCall, openCall } from './egress-call.ts';
import type { Gate } from './gate.ts';
import type { HostRules } from './hosts.ts';
import { type ListenOptions, listen } from './listen.ts';
import { type Failure, HEADER_BYTES, openConnections, refuse, relay, type Tap } from './relay.ts';
import { pinned, resolveHost } from './resolve.ts';
import { join } from './tunnel.ts';

export type EgressProxyOptions = ListenOptions & {
  readonly rules: HostRules;
  readonly record: (draft: Draft) => unknown;
  /** The session of connections that name none. */
  readonly session_id?: string | undefined;
  /** Decides on each connection that the rules let pass; without it those are all. */
  readonly gate?: Gate | undefined;
};

export type EgressProxy = {
  readonly url: string;
  readonly counts: () => EgressCounts;
  /** Lets what is under way finish, within the grace in milliseconds. */
  readonly close: (grace_ms: number) => Promise<void>;
};

export type EgressCounts = {
  readonly passed: number;
  readonly denied: number;
  /** Hosts that were not found or did not answer. */
  readonly failed: number;
};

type State = EgressProxyOptions & {
  /** Its own port, to which it connects nobody. */
  port: number;
  passed: number;
  denied: number;
  failed: number;
};

/** Milliseconds until a host that does not answer is given up. */
const CONNECT_MS = 30_000;
const SESSIONLESS = 'claw-egress-proxy';

/** Throws `config.invalid` where the port is taken. */
export async function startEgressProxy(options: EgressProxyOptions): Promise<EgressProxy> {
  const state: State = { ...options, port: 0, passed: 0, denied: 0, failed: 0 };
  const server = createServer({
    maxHeaderSize: HEADER_BYTES,
    requestTimeout: 0,
    // WebSockets come by CONNECT; another offer to upgrade is not taken.
    shouldUpgradeCallback: () => false,
  });
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    void passRequest(state, request, response);
  };
  server.on('request', handle);
  server.on('checkContinue', handle);
  server.on('checkExpectation', handle);
  server.on('connect', (request, socket: Duplex, head: Buffer) => {
    void passTunnel(state, { request, socket, head });
  });
  const listening = await listen(server, options);
  state.port = Number(new URL(listening.url).port);
  return {
    url: listening.url,
    counts: () => ({ passed: state.passed, denied: state.denied, failed: state.failed }),
    close: listening.close,
  };
}

type Target = { readonly host: string; readonly port: number; readonly endpoint?: string };
type Checked =
  | { readonly call: EgressCall; readonly addresses: readonly string[] }
  | { readonly status: number; readonly refused: string };

/** Decides on name and addresses; what may not pass is recorded here. */
async function check(state: State, request: IncomingMessage, target: Target): Promise<Checked> {
  const { rules, record } = state;
  const { method = '' } = request;
  const call = openCall({ record, session_id: sessionOf(state, request), method, ...target });
  const deny = (reason: string): Checked => {
    state.denied++;
    call.deny(reason);
    return { status: 403, refused: `Claw's egress proxy denies ${target.host}: ${reason}.` };
  };
  const byName = rules.deniesName(target);
  if (byName.denied !== undefined) return deny(byName.denied);
  const addresses = await resolveHost(target.host);
  if (addresses.length === 0) {
    state.failed++;
    const message = `${target.host} has no address.`;
    call.end({ error: { code: 'ENOTFOUND', message } });
    return { status: 502, refused: message };
  }
  const { denied } = rules.decide({ ...target, addresses });
  if (denied !== undefined) return deny(denied);
  if (addresses.some(LOOPBACK) && target.port === state.port) return deny('it is this proxy');
  const { gate } = state;
  if (gate === undefined) return { call, addresses };
  const ruling = await whileOpen(request, (signal) => gate.decide(call.action(), { signal }));
  if (ruling.allowed) return { call, addresses };
  state.denied++;
  call.deny(ruling.text, ruling.decision);
  return { status: 403, refused: ruling.text };
}

/** A client that is gone waits for no approval. */
async function whileOpen<T>(
  { socket }: IncomingMessage,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const gone = new AbortController();
  const abort = () => gone.abort();
  if (socket.destroyed) abort();
  socket.once('close', abort);
  try {
    return await act(gone.signal);
  } finally {
    socket.off('close', abort);
  }
}

const LOOPBACK = rangeNet('loopback');

/** The user of the proxy's credentials, as in `http://SESSION:x@127.0.0.1:4631`. */
function sessionOf({ session_id = SESSIONLESS }: State, { headers }: IncomingMessage): string {
  const basic = /^Basic +([A-Za-z0-9+/=_-]+)$/i.exec(headers['proxy-authorization'] ?? '')?.[1];
  const user =
    Buffer.from(basic ?? '', 'base64')
      .toString()
      .split(':')[0] ?? '';
  return user === '' ? session_id : fit(user);
}

type Tunnel = { readonly request: IncomingMessage; readonly socket: Duplex; readonly head: Buffer };

async function passTunnel(state: State, { request, socket, head }: Tunnel): Promise<void> {
  socket.on('error', () => socket.destroy());
  const target = authorityOf(request.url ?? '', undefined);
  if (target === undefined) return say(socket, 400, 'CONNECT needs a host and a port.');
  const checked = await check(state, request, target);
  if ('refused' in checked) return say(socket, checked.status, checked.refused);
  const { call, addresses } = checked;
  const gone = { code: 'client_aborted', message: 'The client went away.' };
  if (socket.destroyed) return call.end({ error: gone });
  const upstream = connect({ ...target, lookup: pinned(addresses), timeout: CONNECT_MS });
  let broken: { code: string; message: string } | undefined;
  upstream.on('error', (error: NodeJS.ErrnoException) => {
    broken ??= { code: error.code ?? 'error', message: 'The connection broke.' };
  });
  upstream.on('timeout', () => {
    broken = { code: 'ETIMEDOUT', message: 'The host did not answer.' };
    upstream.destroy();
  });
  let connected = false;
  upstream.once('close', () => {
    call.end({ error: broken });
    if (connected) return;
    state.failed++;
    say(socket, 502, `${target.host} cannot be reached: ${broken?.code ?? 'closed'}.`);
  });
  upstream.once('connect', () => {
    connected = true;
    upstream.setTimeout(0);
    state.passed++;
    call.connected(upstream.remoteAddress);
    splice({ socket, upstream, head, call });
  });
  socket.once('close', () => {
    if (!upstream.connecting) return;
    broken = gone;
    upstream.destroy();
  });
}

type Splice = Omit<Tunnel, 'request'> & { readonly upstream: Socket; readonly call: EgressCall };

function splice({ socket, upstream, head, call }: Splice): void {
  socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
  if (head.length > 0) upstream.write(head);
  call.sent(head.length);
  socket.on('data', (chunk: Buffer) => call.sent(chunk.length));
  upstream.on('data', (chunk: Buffer) => call.received(chunk.length));
  join(socket, upstream);
}

async function passRequest(
  state: State,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const asked = absoluteForm(request.url ?? '');
  if (asked === undefined) {
    refuse(response, 400, 'This is a proxy: name http://host/path, or use CONNECT.');
    return;
  }
  const { path, ...target } = asked;
  const checked = await check(state, request, target);
  if ('refused' in checked) {
    refuse(response, checked.status, checked.refused);
    return;
  }
  const { call, addresses } = checked;
  const connections = openConnections(pinned(addresses));
  const ended = (failure: Failure | undefined) => {
    connections.close();
    if (failure?.code === 'upstream_unreachable') state.failed++;
    else state.passed++;
  };
  const host = target.host.includes(':') ? `[${target.host}]` : target.host;
  relay({
    request,
    response,
    upstream: new URL(`http://${host}:${target.port}`),
    path,
    connections,
    tap: tapOf(call, ended),
  });
}

function tapOf(call: EgressCall, ended: (failure: Failure | undefined) => void): Tap {
  let status_code: number | undefined;
  return {
    sent: ({ length }) => call.sent(length),
    began: (status) => {
      status_code = status;
    },
    received: ({ length }) => call.received(length),
    ended: (failure) => {
      call.end({ status_code, error: failure });
      ended(failure);
    },
  };
}

/** `http://host:port/path?query`; what a user name or a fragment could hide is not looked at. */
function absoluteForm(target: string): (Target & { path: string }) | undefined {
  const match = /^http:\/\/([^/?#]*)([^#]*)$/i.exec(target);
  const authority = match?.[1]?.slice(match[1].lastIndexOf('@') + 1) ?? '';
  const found = authorityOf(authority, 80);
  if (found === undefined) return undefined;
  const rest = match?.[2] ?? '';
  const path = rest.startsWith('/') ? rest : `/${rest}`;
  return { ...found, path, endpoint: path.split('?')[0] ?? '/' };
}

function authorityOf(text: string, standard: number | undefined): Target | undefined {
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(text);
  const host = hostOf(match?.[1] ?? '');
  const port = match?.[2] === undefined ? standard : Number(match[2]);
  if (host === undefined || port === undefined || port < 1 || port > 65_535) return undefined;
  return { host, port };
}

/** The proxy's own answer on a connection of which nothing was tunnelled. */
function say(socket: Duplex, status: number, message: string): void {
  if (socket.destroyed) return;
  const body = `${message}\n`;
  const head = `HTTP/1.1 ${status} ${STATUS_WORDS[status] ?? 'Error'}\r\nConnection: close`;
  const type = 'Content-Type: text/plain; charset=utf-8';
  socket.end(`${head}\r\n${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

const STATUS_WORDS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  502: 'Bad Gateway',
};
