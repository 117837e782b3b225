/** What `connect()` takes, and the same with defaults filled in and checked. */
import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Event } from '../event/event.ts';
import { Fault } from '../fault/fault.ts';

export type Agent = NonNullable<Event['agent']>;
export type User = NonNullable<Event['user']>;

/** Called with each kind of trouble once an outage, with each bad event, and with each drop. */
export type OnError = (fault: Fault, ids: readonly string[]) => void;

export type ConnectOptions = {
  /** Where Claw is; `CLAW_URL`, else `http://127.0.0.1:4620`. */
  readonly url?: string;
  /** A token of role recorder (to record) or viewer (to read); `CLAW_TOKEN`. */
  readonly token?: string;
  /** Who acts, in every event that does not say otherwise; a string is its id. */
  readonly agent?: string | Agent;
  /** Who is behind it; a string is their id. */
  readonly user?: string | User;
  readonly environment?: string;
  /**
   * The folder that keeps events while the server is away; false keeps them in memory alone.
   * By default a folder of this URL and token below `~/.claw/spool`: after a change of token, what
   * the old one left there waits for the old one, because a token decides whose trail it is.
   */
  readonly spool?: string | false;
  readonly batch?: Partial<BatchSettings>;
  readonly limits?: Partial<Limits>;
  /** `'leave'` installs no handler for SIGTERM, SIGINT and SIGHUP: they then lose the memory. */
  readonly signals?: 'spool' | 'leave';
  /** Without it, the first of each kind becomes a process warning. What it throws is ignored. */
  readonly onError?: OnError;
};

export type BatchSettings = {
  /** Most events of one request. */
  readonly events: number;
  /** Bytes of one request, before compression; a larger event goes alone. */
  readonly size_bytes: number;
  /** The longest that an event waits for others. */
  readonly interval_ms: number;
  readonly gzip: boolean;
};

export type Limits = {
  /** One event, as JSON. */
  readonly event_bytes: number;
  /** Events in memory; beyond it they go to the spool at once. */
  readonly queue_bytes: number;
  /** Files in the spool folder, of all processes; at least 4 KiB are counted for each. */
  readonly spool_bytes: number;
  /** Text kept of one argument or result that `start`, `success` and `wrapTool` record. */
  readonly value_chars: number;
  /** Answer to a read. */
  readonly response_bytes: number;
  /** One request, from connecting to the last byte of the answer. */
  readonly request_ms: number;
  /** Longest wait between two attempts while the server is away. */
  readonly backoff_ms: number;
  /** How long the process's end may be put off to deliver what is left. */
  readonly exit_ms: number;
};

export type Settings = {
  readonly url: URL;
  readonly token: string | undefined;
  /** Fields that an event gets where it has none: agent, user, environment, source. */
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly spool: string | undefined;
  readonly batch: BatchSettings;
  readonly limits: Limits;
  readonly signals: 'spool' | 'leave';
  readonly onError: OnError | undefined;
};

const KIB = 1024;
const MIB = 1024 * KIB;
const BATCH: BatchSettings = { events: 500, size_bytes: MIB, interval_ms: 100, gzip: false };
const LIMITS: Limits = {
  event_bytes: 8 * MIB,
  queue_bytes: 16 * MIB,
  spool_bytes: 256 * MIB,
  value_chars: 512 * KIB,
  response_bytes: 64 * MIB,
  request_ms: 10_000,
  backoff_ms: 30_000,
  exit_ms: 3000,
};

/** Throws `config.invalid` with the option's name. */
export function settings(options: ConnectOptions, env: NodeJS.ProcessEnv): Settings {
  const url = readUrl(options.url ?? env['CLAW_URL'] ?? 'http://127.0.0.1:4620');
  const token = readToken(options.token ?? env['CLAW_TOKEN']);
  const { agent, user, environment, spool } = options;
  return {
    url,
    token,
    defaults: {
      ...(agent === undefined ? {} : { agent: named(agent) }),
      ...(user === undefined ? {} : { user: named(user) }),
      ...(environment === undefined ? {} : { environment }),
      source: { kind: 'sdk' },
    },
    spool: spool === false ? undefined : resolve(spool ?? home(url, token)),
    batch: { ...fill('batch', BATCH, options.batch), gzip: options.batch?.gzip ?? BATCH.gzip },
    limits: fill('limits', LIMITS, options.limits),
    signals: options.signals ?? 'spool',
    onError: options.onError,
  };
}

/** A string names an id. */
export function named<T extends object>(value: string | T): T | { id: string } {
  return typeof value === 'string' ? { id: value } : value;
}

function readUrl(text: string): URL {
  const hint = 'Give it as http://127.0.0.1:4620.';
  if (!URL.canParse(text)) throw refuse('url', 'is not a URL', hint);
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw refuse('url', 'must begin with http:// or https://', hint);
  }
  if (url.username !== '' || url.password !== '') {
    throw refuse('url', 'holds a name or password', 'Give the credential as token.');
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  url.search = '';
  url.hash = '';
  return url;
}

function readToken(token: string | undefined): string | undefined {
  if (token === undefined || token === '') return undefined;
  if (typeof token === 'string' && /^[\x21-\x7e]{1,4096}$/.test(token)) return token;
  throw refuse('token', 'holds characters that no token has', 'Make one: clawctl token create.');
}

/** A credential decides the tenant, so two credentials never share a default folder. */
function home(url: URL, token: string | undefined): string {
  const key = createHash('sha256').update(`claw/spool/v1\n${url.href}\n${token ?? ''}`);
  return join(homedir(), '.claw', 'spool', key.digest('hex').slice(0, 16));
}

function fill<T extends Readonly<Record<string, number | boolean>>>(
  group: string,
  defaults: T,
  given: Partial<T> | undefined,
): T {
  const filled: Record<string, number | boolean> = { ...defaults };
  for (const [key, value] of Object.entries(given ?? {})) {
    if (!Object.hasOwn(defaults, key)) throw refuse(`${group}.${key}`, 'is no option of the SDK');
    if (value === undefined) continue;
    const wanted = typeof defaults[key];
    if (typeof value !== wanted || (wanted === 'number' && !(Number(value) >= 1))) {
      throw refuse(`${group}.${key}`, `must be a ${wanted}${wanted === 'number' ? ' ≥ 1' : ''}`);
    }
    filled[key] = value as number | boolean;
  }
  return filled as T;
}

function refuse(field: string, reason: string, hint?: string): Fault {
  const detail = hint === undefined ? { field } : { field, hint };
  return new Fault('config.invalid', `${field} ${reason}.`, detail);
}
