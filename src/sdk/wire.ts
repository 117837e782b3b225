/** One HTTP request to Claw, by node:http alone, and what its answer means. */
import type { Agent, IncomingMessage, RequestOptions } from 'node:http';
import { createRequire } from 'node:module';
import { urlToHttpOptions } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { CODES, type Code, Fault } from '../fault/fault.ts';
import type { Receipt } from '../trail/trail.ts';
import type { Settings } from './option.ts';

/** What became of a batch. */
export type Sent =
  | { readonly kind: 'answered'; readonly receipts: readonly Receipt[] }
  /** The server does not want this body, however often it is sent. */
  | { readonly kind: 'refused'; readonly fault: Fault }
  /** Not now: unreachable, busy, failing, or not for this credential. */
  | { readonly kind: 'away'; readonly fault: Fault; readonly wait_ms: number };

export type Wire = {
  /** Never throws. Does not keep the process alive. */
  readonly send: (lines: readonly string[]) => Promise<Sent>;
  /** JSON of a GET; throws the Fault that the server named, or `server.unreachable`. */
  readonly read: (path: string, query: Readonly<Record<string, unknown>>) => Promise<unknown>;
  /**
   * JSON of a POST; throws as `read` does, and the signal's reason where it aborts. The body is
   * turned into text before this returns; what is no JSON is `usage.invalid`.
   */
  readonly post: (path: string, body: unknown, options?: PostOptions) => Promise<unknown>;
  readonly close: () => void;
};

export type PostOptions = {
  /** From connecting to the last byte of the answer; `limits.request_ms` where absent. */
  readonly timeout_ms?: number | undefined;
  readonly signal?: AbortSignal | undefined;
};

type Answer = {
  readonly status: number;
  readonly body: string;
  readonly retry_after: string | undefined;
};

type Call = {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Whether the process stays alive for the answer. */
  readonly hold: boolean;
  readonly agent?: Agent;
} & PostOptions;

type Http = typeof import('node:http');
type Line = {
  readonly settings: Settings;
  readonly http: Http;
  readonly agent: Agent;
  /** Answers that wait for a person hold a connection each, and must not hold up events. */
  readonly waiting: Agent;
};

/** An import would read each export of `node:http`, and so load all of `fetch`: 25 ms. */
const require = createRequire(import.meta.url);

const compress = promisify(gzip);
/** A server that asks for a longer silence is asked again after this one. */
const RETRY_AFTER_MS = 300_000;

export function openWire(settings: Settings): Wire {
  const tls = settings.url.protocol === 'https:';
  const http: Http = require(tls ? 'node:https' : 'node:http');
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8, scheduling: 'lifo' });
  const waiting = new http.Agent({ keepAlive: true, scheduling: 'lifo' });
  const line: Line = { settings, http, agent, waiting };
  return {
    send: async (lines) => {
      try {
        return meaning(await deliver(line, lines), lines.length);
      } catch (error) {
        return { kind: 'away', fault: unreachable(settings, error), wait_ms: 0 };
      }
    },
    read: (path, query) => get(line, path, query),
    post: (path, body, options = {}) => post(line, { path, body }, options),
    close: () => {
      agent.destroy();
      waiting.destroy();
    },
  };
}

async function deliver(line: Line, lines: readonly string[]): Promise<Answer> {
  const text = `${lines.join('\n')}\n`;
  const zipped = line.settings.batch.gzip;
  return call(line, {
    method: 'POST',
    path: 'v1/events',
    headers: {
      'content-type': 'application/x-ndjson',
      ...(zipped ? { 'content-encoding': 'gzip' } : {}),
    },
    body: zipped ? await compress(text) : text,
    hold: false,
  });
}

async function get(
  line: Line,
  path: string,
  query: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, String(value));
  }
  const text = search.toString();
  const target = text === '' ? path : `${path}?${text}`;
  return ask(line, { method: 'GET', path: target, headers: {}, hold: true });
}

async function post(
  line: Line,
  { path, body }: { readonly path: string; readonly body: unknown },
  options: PostOptions,
): Promise<unknown> {
  const { waiting: agent } = line;
  const headers = { 'content-type': 'application/json' };
  const text = jsonOf(body);
  return ask(line, { method: 'POST', path, headers, body: text, hold: true, agent, ...options });
}

function jsonOf(body: unknown): string {
  try {
    return JSON.stringify(body);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : 'it threw';
    throw new Fault('usage.invalid', `What was asked is no JSON: ${reason}.`, { cause });
  }
}

async function ask(line: Line, what: Call): Promise<object> {
  let answer: Answer;
  try {
    answer = await call(line, what);
  } catch (error) {
    if (what.signal?.aborted) throw what.signal.reason;
    throw unreachable(line.settings, error);
  }
  const body = parse(answer.body);
  if (answer.status < 200 || answer.status > 299) throw faultOf(answer, body);
  if (typeof body === 'object' && body !== null) return body;
  throw new Fault('server.unreachable', `What answers at ${line.settings.url.host} is not Claw.`);
}

/** A kept-alive connection that the server had just closed is tried once more on a new one. */
async function call(line: Line, what: Call): Promise<Answer> {
  for (let again = true; ; again = false) {
    try {
      return await once(line, what);
    } catch (error) {
      if (!again || !(error instanceof Error) || !('reused' in error)) throw error;
    }
  }
}

function once({ settings, http, agent }: Line, what: Call): Promise<Answer> {
  const { url, token, limits } = settings;
  const timeout_ms = what.timeout_ms ?? limits.request_ms;
  const options: RequestOptions = {
    ...urlToHttpOptions(url),
    ...(what.signal === undefined ? {} : { signal: what.signal }),
    // As it is: a URL object would take a session named `..` for a step up.
    path: url.pathname + what.path,
    method: what.method,
    agent: what.agent ?? agent,
    headers: {
      accept: 'application/json',
      ...what.headers,
      ...(what.body === undefined ? {} : { 'content-length': Buffer.byteLength(what.body) }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
  };
  return new Promise((resolve, reject) => {
    const request = http.request(options);
    const timer = setTimeout(() => {
      request.destroy(new Error(`no answer within ${timeout_ms} ms`));
    }, timeout_ms);
    if (!what.hold) timer.unref();
    request.on('socket', (socket) => (what.hold ? socket.ref() : socket.unref()));
    const fail = (error: Error & { code?: string }) => {
      clearTimeout(timer);
      const stale = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      reject(stale ? Object.assign(error, { reused: true }) : error);
    };
    request.on('error', fail);
    request.on('response', (response) => {
      collect(response, limits.response_bytes).then((body) => {
        clearTimeout(timer);
        const retry_after = response.headers['retry-after'];
        resolve({ status: response.statusCode ?? 0, body, retry_after });
      }, fail);
    });
    request.end(what.body);
  });
}

async function collect(response: IncomingMessage, limit_bytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size_bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size_bytes += chunk.length;
    if (size_bytes > limit_bytes) throw new Error(`an answer of over ${limit_bytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function meaning(answer: Answer, count: number): Sent {
  const body = parse(answer.body) as { results?: unknown } | undefined;
  const wait_ms = waitOf(answer.retry_after);
  const receipts = body?.results;
  // One rejected event alone answers with its own status, and its result all the same.
  if (Array.isArray(receipts) && receipts.length === count) {
    return { kind: 'answered', receipts: receipts as Receipt[] };
  }
  if (answer.status === 200) {
    const message = 'The answer to a batch did not hold one result an event.';
    return { kind: 'away', fault: new Fault('server.unreachable', message), wait_ms };
  }
  const fault = faultOf(answer, body);
  // These speak of the body: less of it, or none of it, may pass. All else may change with time.
  const refused = [400, 413, 415, 422].includes(answer.status);
  return refused ? { kind: 'refused', fault } : { kind: 'away', fault, wait_ms };
}

function waitOf(retry_after: string | undefined): number {
  if (retry_after === undefined) return 0;
  const seconds = /^\d{1,9}$/.test(retry_after.trim());
  const wait_ms = seconds ? Number(retry_after) * 1000 : Date.parse(retry_after) - Date.now();
  return Number.isFinite(wait_ms) ? Math.min(Math.max(wait_ms, 0), RETRY_AFTER_MS) : 0;
}

const BY_STATUS: Readonly<Record<number, Code>> = {
  400: 'request.invalid',
  401: 'request.unauthorised',
  403: 'request.forbidden',
  404: 'request.not_found',
  413: 'batch.too_large',
  415: 'request.invalid',
  422: 'batch.invalid',
  429: 'queue.full',
  507: 'data.full',
};

function faultOf({ status }: Answer, body: unknown): Fault {
  const error = (body as { error?: unknown } | undefined)?.error;
  const rebuilt = rebuild(error);
  if (rebuilt) return rebuilt;
  const code = BY_STATUS[status] ?? 'server.unreachable';
  return new Fault(code, `The server answered with HTTP status ${status} and no reason.`);
}

/** The Fault that the server threw; undefined for anything else. Never throws. */
export function rebuild(body: unknown): Fault | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const { code, message, ...rest } = body as Record<string, unknown>;
  if (typeof code !== 'string' || !Object.hasOwn(CODES, code)) return undefined;
  const detail: Record<string, unknown> = {};
  for (const name of ['field', 'hint'] as const) {
    if (typeof rest[name] === 'string') detail[name] = rest[name];
  }
  for (const name of ['limit', 'column', 'retry_after_s'] as const) {
    if (typeof rest[name] === 'number') detail[name] = rest[name];
  }
  return new Fault(code as Code, typeof message === 'string' ? message : code, detail);
}

function unreachable({ url }: Settings, cause: unknown): Fault {
  const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
  return new Fault('server.unreachable', `Claw at ${url.origin} does not answer: ${reason}.`, {
    hint: 'Is it running? Set CLAW_URL or the option url to where it is.',
    cause,
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
