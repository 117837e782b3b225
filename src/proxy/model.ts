/** The model proxy: stands between agents and model APIs, passes on, records what was said. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ModelApi } from '../adapter/model/api.ts';
import { SESSION_HEADER } from '../adapter/model/client.ts';
import { apiOf } from '../adapter/model/menu.ts';
import type { Draft } from '../event/event.ts';
import { Fault } from '../fault/fault.ts';
import { isLoopback } from '../server/loopback.ts';
import type { Gate } from './gate.ts';
import { headerMap } from './header.ts';
import { type Listening, type ListenOptions, listen } from './listen.ts';
import { decider } from './model-decide.ts';
import { openModelHold } from './model-hold.ts';
import {
  type Connections,
  HEADER_BYTES,
  openConnections,
  refuse,
  relay,
  type Tap,
} from './relay.ts';
import { stripOf } from './strip/menu.ts';
import { tunnel } from './tunnel.ts';
import { destinationOf, pathAt, split, type Upstreams } from './upstream.ts';
import { type ModelTap, openWatch, type Watch, type WatchLimits } from './watch.ts';

export type ModelProxyOptions = ListenOptions & {
  readonly upstreams: Upstreams;
  readonly record: (draft: Draft) => unknown;
  /** The session of requests that name none; without it each conversation is one. */
  readonly session_id?: string | undefined;
  readonly limits?: Partial<WatchLimits>;
  /** Decides what answers ask for before agents get them; without it all passes as it comes. */
  readonly gate?: Gate | undefined;
};

export type ModelProxy = {
  /** `http://127.0.0.1:4630`. */
  readonly url: string;
  readonly counts: () => Counts;
  /** Waits for what is under way, `grace_ms` at most, and until all that passed is recorded. */
  readonly close: (grace_ms: number) => Promise<void>;
};

export type Counts = {
  /** Exchanges with a model's API. */
  readonly watched: number;
  /** Other requests, which passed unread. */
  readonly passed: number;
  readonly refused: number;
  /** Watched exchanges that could not be read in full. */
  readonly missed: number;
};

type State = ModelProxyOptions & {
  readonly watch: Watch;
  readonly connections: Connections;
  watched: number;
  passed: number;
  refused: number;
};

/**
 * Throws `usage.invalid` where an upstream is the proxy itself, `config.invalid` where the port is
 * taken.
 */
export async function startModelProxy(options: ModelProxyOptions): Promise<ModelProxy> {
  const watch = openWatch({ ...options, now: Date.now });
  const connections = openConnections();
  const state: State = { ...options, watch, connections, watched: 0, passed: 0, refused: 0 };
  // A long upload is no attack here: who may connect may do anything.
  const server = createServer({
    maxHeaderSize: HEADER_BYTES,
    requestTimeout: 0,
    // Who offers HTTP/2 by an upgrade (Java does) still means the request that carries the offer.
    shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
  });
  const handle = (request: IncomingMessage, response: ServerResponse) =>
    pass(state, request, response);
  server.on('request', handle);
  // Without these, Node would answer in the upstream's place.
  server.on('checkContinue', handle);
  server.on('checkExpectation', handle);
  server.on('upgrade', (request, socket, head) => upgrade(state, { request, socket, head }));
  const listening = await listen(server, options);
  try {
    requireOthers(listening, options.upstreams);
  } catch (error) {
    await listening.close(0);
    throw error;
  }
  return {
    url: listening.url,
    counts: () => {
      const { watched, passed, refused } = state;
      return { watched, passed, refused, missed: watch.missed() };
    },
    close: async (grace_ms) => {
      await listening.close(grace_ms);
      connections.close();
      await watch.idle();
    },
  };
}

/** A proxy that is its own upstream would pass one request on for ever. */
function requireOthers({ url }: Listening, { urls }: Upstreams): void {
  const { port } = new URL(url);
  for (const [vendor, upstream] of Object.entries(urls)) {
    const { hostname } = upstream;
    const local = isLoopback(hostname) || hostname === '[::]' || hostname === '0.0.0.0';
    if (!local || upstream.port !== port) continue;
    throw new Fault('usage.invalid', `${vendor} names the proxy itself.`, { field: vendor });
  }
}

const NOTHING: Tap = { sent: () => {}, began: () => {}, received: () => {}, ended: () => {} };

function pass(state: State, request: IncomingMessage, response: ServerResponse): void {
  const where = routeOf(state, request);
  if ('refused' in where) {
    state.refused++;
    refuse(response, 421, `The model proxy does not pass this request on: ${where.refused}.`);
    return;
  }
  if (state.gate !== undefined && isUnheld(request)) {
    state.refused++;
    refuse(response, 403, UNHELD);
    return;
  }
  const { upstream, target, headers } = where;
  const [path] = split(target);
  const { method = 'GET' } = request;
  // A slash more is the same to many servers, and must not be a way around the gate.
  const api = apiOf(method, state.gate === undefined ? path : path.replace(/\/+$/, ''));
  if (api === undefined) state.passed++;
  else state.watched++;
  const address = request.socket.remoteAddress ?? '';
  const tap = api && state.watch.open({ api, method, path, host: upstream.host, headers, address });
  relay({
    request,
    response,
    upstream,
    path: pathAt(upstream, target),
    connections: state.connections,
    dropped: [SESSION_HEADER],
    tap: tap ?? NOTHING,
    ...(state.gate && api && tap ? gated(state.gate, { api, tap, response }) : {}),
  });
}

type Gated = {
  readonly api: ModelApi;
  readonly tap: ModelTap;
  readonly response: ServerResponse;
};

/** The answer comes unpacked, so that a stream can be read as it comes. */
function gated(gate: Gate, { api, tap, response }: Gated) {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const decide = decider(gate, tap, gone.signal);
  return {
    dropped: [SESSION_HEADER, 'accept-encoding'],
    added: ['Accept-Encoding', 'identity'],
    hold: openModelHold({ strip: stripOf(api.name), decide, limit_bytes: HELD_BYTES }),
  };
}

/** Bytes of one answer that are held back at once. */
const HELD_BYTES = 32 * 1024 * 1024;

const UNHELD =
  'The model proxy enforces policy, and cannot hold what this request would bring: answers are ' +
  'decided when they are asked for, by POST.';

/** Answers that are fetched later, in forms that are not read here. */
function isUnheld({ method, url = '' }: IncomingMessage): boolean {
  const [path] = split(url);
  const later = /\/(?:responses|chat\/completions)\/[^/]+$|\/batches\/[^/]+\/results$/.test(path);
  return method === 'GET' && later;
}

type Upgrade = {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
};

/** A WebSocket passes as it is; what it carries is not read, so it leaves a gap. */
function upgrade(state: State, { request, socket, head }: Upgrade): void {
  socket.on('error', () => socket.destroy());
  const where = routeOf(state, request);
  if ('refused' in where) {
    state.refused++;
    socket.end(
      'HTTP/1.1 421 Misdirected Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n',
    );
    return;
  }
  if (state.gate !== undefined) {
    state.refused++;
    // Codex asks again without a WebSocket when it is told this.
    socket.end('HTTP/1.1 426 Upgrade Required\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    return;
  }
  state.passed++;
  const { upstream, target, headers } = where;
  const path = pathAt(upstream, target);
  const dropped = [SESSION_HEADER];
  const detail = 'The model proxy passed a WebSocket on, and did not read what it carried.';
  state.watch.unread(headers, { path: split(target)[0], host: upstream.host, detail });
  tunnel({ request, socket, head, upstream, path, connections: state.connections, dropped });
}

/**
 * A page that a browser shows could send what it likes to this machine, also under a name of its
 * own that resolves to it, and so write into the trail. Programs name no origin, or no site.
 */
function isForeignPage(origin: string | undefined): boolean {
  if (origin === undefined || !/^https?:/i.test(origin)) return false;
  return !URL.canParse(origin) || !isLoopback(new URL(origin).hostname);
}

function routeOf(state: State, request: IncomingMessage) {
  const headers = headerMap(request.rawHeaders);
  const target = request.url ?? '/';
  // It is no proxy for whatever address a request names.
  if (!target.startsWith('/')) return { refused: 'it names a host of its own' };
  if (isForeignPage(headers.get('origin'))) return { refused: 'a page of the web asks for it' };
  const found = destinationOf(target, headers, state.upstreams);
  if ('refused' in found) return found;
  return { upstream: state.upstreams.urls[found.vendor], target, headers };
}
