/** Watches exchanges with model APIs: copies what passes, and reads it when it has passed. */
import type { ModelAnswer, ModelApi, ModelRequest } from '../adapter/model/api.ts';
import { clientOf, type Headers } from '../adapter/model/client.ts';
import { draftsOf, SESSIONLESS, sessionOf } from '../adapter/model/exchange.ts';
import { type ExchangeMemory, openExchangeMemory } from '../adapter/model/memory.ts';
import { agentOf, type Exchange, type RefusedCall } from '../adapter/model/telling.ts';
import type { Draft } from '../event/event.ts';
import { isObject } from '../event/name.ts';
import { type Copy, decoded, openCopy, type Piece, parse, type Room, textOf } from './copy.ts';
import { gapOf } from './gap.ts';
import { headerMap, type RawHeaders } from './header.ts';
import type { Failure, Tap } from './relay.ts';
import { openSseReader } from './sse.ts';

export type Watch = {
  /** A tap for one request; it never throws. */
  readonly open: (seen: Seen) => ModelTap;
  /** Something passed that is not read at all. */
  readonly unread: (headers: Headers, what: Unread) => void;
  /** Resolves when everything that has passed was read. */
  readonly idle: () => Promise<void>;
  /** Exchanges that could not be read in full; each is a `gap`. */
  readonly missed: () => number;
};

export type ModelTap = Tap & {
  /** Whose exchange it is, by the rules by which it is recorded. Never rejects. */
  readonly whose: () => Promise<Whose>;
  /** A call that the client does not get, by its id. */
  readonly refused: (call_id: string, call: RefusedCall) => void;
};

export type Whose = {
  readonly session_id: string;
  readonly agent: Draft['agent'];
  readonly started_ms: number;
};

export type Seen = {
  readonly api: ModelApi;
  readonly method: string;
  /** Without query. */
  readonly path: string;
  /** Host of the upstream. */
  readonly host: string;
  readonly headers: Headers;
  readonly address: string;
};

export type Unread = { readonly path: string; readonly host: string; readonly detail: string };

export type WatchOptions = {
  readonly record: (draft: Draft) => unknown;
  readonly session_id?: string | undefined;
  readonly now: () => number;
  readonly limits?: Partial<WatchLimits>;
};

export type WatchLimits = {
  /** One request's or one answer's body, decoded. */
  readonly body_bytes: number;
  /** All copies together. */
  readonly total_bytes: number;
};

const MIB = 1024 * 1024;
const LIMITS: WatchLimits = { body_bytes: 32 * MIB, total_bytes: 256 * MIB };
/** Facts that are remembered, of all conversations. */
const REMEMBERED = 200_000;
/** Characters of one event of a stream. */
const EVENT_CHARS = 16 * MIB;

type State = WatchOptions & {
  readonly limit: WatchLimits;
  readonly room: Room;
  readonly memory: ExchangeMemory;
  /** Exchanges are read one after another, so that a result never comes before its request. */
  last: Promise<void>;
  missed: number;
};

type Taken = Seen & {
  readonly sent: Copy;
  readonly received: Copy;
  readonly started_ms: number;
  first_byte_ms: number | undefined;
  status: number | undefined;
  answerHeaders: Headers;
  readonly refused: Map<string, RefusedCall>;
  session_id: string | undefined;
};

export function openWatch(options: WatchOptions): Watch {
  const limit = { ...LIMITS, ...options.limits };
  const state: State = {
    ...options,
    limit,
    room: { left: limit.total_bytes },
    memory: openExchangeMemory(REMEMBERED),
    last: Promise.resolve(),
    missed: 0,
  };
  return {
    open: (seen) => openTap(state, seen),
    unread: (headers, { path, host, detail }) => {
      state.missed++;
      const client = clientOf(headers, undefined);
      const session_id = client.session_id ?? options.session_id ?? SESSIONLESS;
      const attributes = { endpoint: path, destination: host };
      options.record(gapOf(client, { session_id, at_ms: options.now(), detail, attributes }));
    },
    idle: async () => {
      for (let last: unknown; last !== state.last; ) {
        last = state.last;
        await last;
      }
    },
    missed: () => state.missed,
  };
}

/** Relaying never waits for these: they keep references, and count. */
function openTap(state: State, seen: Seen): ModelTap {
  const { now, limit, room } = state;
  const taken: Taken = {
    ...seen,
    sent: openCopy(limit.body_bytes, room),
    received: openCopy(limit.body_bytes, room),
    started_ms: now(),
    first_byte_ms: undefined,
    status: undefined,
    answerHeaders: new Map(),
    refused: new Map(),
    session_id: undefined,
  };
  let whose: Promise<Whose> | undefined;
  return {
    whose: () => {
      whose ??= whoseIs(state, taken);
      return whose;
    },
    refused: (call_id, call) => taken.refused.set(call_id, call),
    sent: (chunk) => taken.sent.add(chunk, 0),
    began: (status: number, headers: RawHeaders) => {
      taken.status = status;
      taken.answerHeaders = headerMap(headers);
    },
    received: (chunk) => {
      const at_ms = now();
      taken.first_byte_ms ??= at_ms;
      taken.received.add(chunk, at_ms);
    },
    ended: (failure) => {
      const ended_ms = now();
      state.last = state.last.then(async () => {
        await read(state, taken, { ended_ms, failure });
        taken.sent.release();
        taken.received.release();
      });
    },
  };
}

type End = { readonly ended_ms: number; readonly failure: Failure | undefined };

/** In a turn of its own; whatever is wrong with what passed becomes a gap. Never rejects. */
async function read(state: State, taken: Taken, end: End): Promise<void> {
  const problems: string[] = [];
  let session_id = state.session_id ?? SESSIONLESS;
  await new Promise(setImmediate);
  const request = await attempt(problems, 'request', () => readRequest(state, taken));
  await new Promise(setImmediate);
  const answer = await attempt(problems, 'answer', () => readAnswer(state, taken));
  await attempt(problems, 'exchange', async () => {
    const exchange = exchangeOf(state, taken, { ...end, request, answer });
    session_id = taken.session_id ?? sessionOf(exchange, state.memory);
    for (const draft of draftsOf(exchange, session_id, state.memory)) state.record(draft);
  });
  if (problems.length === 0) return;
  state.missed++;
  const detail = `The model proxy passed on what it could not read: ${problems.join('; ')}.`;
  const attributes = { api: taken.api.name, endpoint: taken.path, destination: taken.host };
  const gap = { session_id, at_ms: end.ended_ms, detail, attributes };
  await attempt([], 'gap', async () => {
    state.record(gapOf(clientOf(taken.headers, undefined), gap));
  });
}

/** Asked while the answer comes: when all that ended before it has been read. */
async function whoseIs(state: State, taken: Taken): Promise<Whose> {
  await state.last;
  const request = await attempt([], 'request', () => readRequest(state, taken));
  const end = { ended_ms: taken.started_ms, failure: undefined };
  const exchange = exchangeOf(state, taken, { ...end, request, answer: undefined });
  taken.session_id ??= sessionOf(exchange, state.memory);
  const { session_id, started_ms } = taken;
  return { session_id, agent: agentOf(exchange.client), started_ms };
}

async function attempt<T>(
  problems: string[],
  what: string,
  act: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'it threw';
    problems.push(`${what}: ${reason.slice(0, 200)}`);
    return undefined;
  }
}

async function readRequest(state: State, taken: Taken): Promise<ModelRequest | undefined> {
  const body = await bodyOf(state, taken.sent, taken.headers);
  if (body.length === 0) return undefined;
  const value = parse(textOf(body));
  if (!isObject(value)) throw new Error('its body is no JSON object');
  return taken.api.request(value, taken.path);
}

/** Error pages that are no JSON say nothing; an answer that should be JSON and is not does. */
async function readAnswer(state: State, taken: Taken): Promise<ModelAnswer | undefined> {
  const { answerHeaders, status = 0, api } = taken;
  const body = await bodyOf(state, taken.received, answerHeaders);
  if (body.length === 0) return undefined;
  const type = answerHeaders.get('content-type')?.toLowerCase() ?? '';
  if (type.includes('event-stream')) return streamed(api, body);
  try {
    return api.answer(parse(textOf(body)));
  } catch (error) {
    if (status >= 400) return undefined;
    throw error;
  }
}

function streamed(api: ModelApi, body: readonly Piece[]): ModelAnswer {
  const sse = openSseReader(EVENT_CHARS);
  const stream = api.stream();
  let broken = 0;
  const push = (data: string, at_ms: number) => {
    if (data.trim() === '[DONE]') return;
    try {
      stream.push(JSON.parse(data), at_ms);
    } catch {
      broken++;
    }
  };
  for (const { chunk, at_ms } of body) {
    for (const { data } of sse.push(chunk)) push(data, at_ms);
  }
  for (const { data } of sse.end()) push(data, body.at(-1)?.at_ms ?? 0);
  const answer = stream.answer();
  if (broken === 0) return answer;
  return { ...answer, attributes: { ...answer.attributes, unreadable_events: broken } };
}

/** Undecoded text would be read as nonsense, so a body that cannot be decoded is a gap. */
async function bodyOf({ limit }: State, copy: Copy, headers: Headers): Promise<readonly Piece[]> {
  const pieces = copy.chunks();
  if (pieces === undefined) throw new Error(`${copy.bytes()} bytes are more than is watched`);
  return decoded(pieces, headers.get('content-encoding'), limit.body_bytes);
}

type Read = End & {
  readonly request: ModelRequest | undefined;
  readonly answer: ModelAnswer | undefined;
};

function exchangeOf(state: State, taken: Taken, { request, answer, ...end }: Read): Exchange {
  const { api, headers, address, method, host, path, answerHeaders, status } = taken;
  const request_id = answerHeaders.get('request-id') ?? answerHeaders.get('x-request-id');
  const { first_byte_ms, started_ms } = taken;
  return {
    api,
    client: clientOf(headers, request),
    address,
    request,
    answer,
    ...(state.session_id === undefined ? {} : { session_id: state.session_id }),
    refused: taken.refused,
    passage: {
      method,
      host,
      endpoint: path,
      started_ms,
      ended_ms: end.ended_ms,
      sent_bytes: taken.sent.bytes(),
      received_bytes: taken.received.bytes(),
      ...(first_byte_ms === undefined ? {} : { first_byte_ms }),
      ...(status === undefined ? {} : { status_code: status }),
      ...(request_id ? { request_id: request_id.slice(0, 200) } : {}),
      ...(end.failure === undefined ? {} : { failure: end.failure }),
    },
  };
}
