/** Requests to Claw, and what its answers mean. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { CODES, type Code, Fault } from '../fault/fault.ts';
import type { Receipt } from '../trail/trail.ts';
import { type Answer, type AskOptions, type Call, call, type Line, openLine } from './exchange.ts';
import type { Settings } from './option.ts';

/** What became of a batch. */
export type Sent =
  | { readonly kind: 'answered'; readonly receipts: readonly Receipt[] }
  /** The server does not want this body, however often it is sent. */
  | { readonly kind: 'refused'; readonly fault: Fault }
  /** Not now: unreachable, busy, failing, or not for this credential. */
  | { readonly kind: 'away'; readonly fault: Fault; readonly wait_ms: number };

type Query = Readonly<Record<string, unknown>>;

export type Wire = {
  /** Never throws. Does not keep the process alive. */
  readonly send: (lines: readonly string[]) => Promise<Sent>;
  /**
   * JSON of a GET; throws the Fault that the server named, or `server.unreachable`, or the
   * signal's reason where it aborts.
   */
  readonly read: (path: string, query: Query, options?: AskOptions) => Promise<unknown>;
  /**
   * JSON of a POST; throws as `read` does. The body is turned into text before this returns; what
   * is no JSON is `usage.invalid`.
   */
  readonly post: (path: string, body: unknown, options?: AskOptions) => Promise<unknown>;
  readonly close: () => void;
};

const compress = promisify(gzip);
/** A server that asks for a longer silence is asked again after this one. */
const RETRY_AFTER_MS = 300_000;

export function openWire(settings: Settings): Wire {
  const line = openLine(settings);
  return {
    send: async (lines) => {
      try {
        return meaning(await deliver(line, lines), lines.length);
      } catch (error) {
        return { kind: 'away', fault: unreachable(settings, error), wait_ms: 0 };
      }
    },
    read: (path, query, options = {}) => get(line, { path, query }, options),
    post: (path, body, options = {}) => post(line, { path, body }, options),
    close: () => {
      line.agent.destroy();
      line.waiting.destroy();
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
  { path, query }: { readonly path: string; readonly query: Query },
  options: AskOptions,
): Promise<unknown> {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, String(value));
  }
  const text = search.toString();
  const target = text === '' ? path : `${path}?${text}`;
  return ask(line, {
    method: 'GET',
    path: target,
    headers: {},
    hold: true,
    ...holding(line, options),
  });
}

async function post(
  line: Line,
  { path, body }: { readonly path: string; readonly body: unknown },
  options: AskOptions,
): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const text = jsonOf(body);
  return ask(line, {
    method: 'POST',
    path,
    headers,
    body: text,
    hold: true,
    ...holding(line, options),
  });
}

/** What may be held until a person decides gets a connection of its own. */
function holding({ waiting }: Line, options: AskOptions): AskOptions & Pick<Call, 'agent'> {
  return options.timeout_ms === undefined ? options : { ...options, agent: waiting };
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
