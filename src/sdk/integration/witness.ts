/** What the integrations share: sessions that name their witness, and hooks that never throw. */
import { safeError } from '../safe.ts';
import type { Call, Claw, Fields, Session } from '../sdk.ts';

/** What an integration needs of the client that `connect()` gives. */
export type Host = Pick<Claw, 'session' | 'record'>;

export type IntegrationOptions = {
  /**
   * Where runs are recorded: a session's handle, its id, or a function asked when a run begins.
   * Without it, or where the function gives nothing, a run has a session of its own.
   */
  readonly session?: Session | string | (() => Session | string | undefined);
};

/** Characters of a name, as the event limits it. */
const NAME_CHARS = 512;
/** Where a gap stands whose session is not known; the same as the client's own. */
const NO_SESSION = 'claw-sdk';

/** The fields that say which library was seen; they stand in each event of an integration. */
export function marks(runtime: string, version?: string): Fields {
  const source = { kind: 'sdk', runtime, ...(version === undefined ? {} : { version }) } as const;
  return { source, agent: { runtime } };
}

/** The same session, with `given` in each event that does not say otherwise. */
export function witnessed(session: Session, given: Fields): Session {
  const { turn_id: _turn, ...lasting } = given;
  const more = (fields: Fields | undefined): Fields => ({ ...given, ...fields });
  return {
    ...session,
    prompt: (text, fields) => session.prompt(text, more(fields)),
    output: (text, fields) => session.output(text, { ...given, ...fields }),
    start: (tool, args, fields) => marked(session.start(tool, args, more(fields)), more),
    api_call: (fields) => session.api_call({ ...given, ...fields }),
    file_operation: (fields) => session.file_operation({ ...given, ...fields }),
    record: (draft) => session.record({ ...given, ...draft }),
    child: (options) => witnessed(session.child(options), lasting),
    end: (fields) => session.end({ operation: 'end', ...more(fields) }),
  };
}

function marked(call: Call, more: (fields: Fields | undefined) => Fields): Call {
  return {
    call_id: call.call_id,
    success: (result, fields) => call.success(result, more(fields)),
    error: (thrown, fields) => call.error(thrown, more({ error: failureOf(thrown), ...fields })),
    blocked: (reason, fields) => call.blocked(reason, more(fields)),
    unknown: (reason, fields) => call.unknown(reason, more(fields)),
  };
}

export type Opened = {
  readonly session: Session;
  /** Whether it began with this run, and so ends with it. */
  readonly own: boolean;
};

/** The session of a run that begins; a new one, of the run's own id, says that it began. */
export function openRun(
  host: Host,
  { session }: IntegrationOptions,
  run: { readonly session_id: string; readonly fields: Fields },
): Opened {
  const given = typeof session === 'function' ? session() : session;
  const handle = given === undefined || typeof given === 'string' ? undefined : given;
  if (handle !== undefined) return { session: witnessed(handle, run.fields), own: false };
  const session_id = typeof given === 'string' ? given : run.session_id;
  const opened = witnessed(host.session({ session_id }), run.fields);
  if (given === undefined) began(opened, 'The run began.');
  return { session: opened, own: given === undefined };
}

/** A sub-agent's session, as a part of the one that started it. */
export function openPart(session: Session, part: string, fields: Fields): Session {
  const session_id = nameOf(`${session.session_id}:${part}`) ?? part;
  const opened = witnessed(session.child({ session_id }), fields);
  began(opened, 'The sub-agent began.');
  return opened;
}

function began(session: Session, detail: string): void {
  session.record({ type: 'session', operation: 'start', status: 'pending', detail });
}

/**
 * The library's work goes on whatever its records hold: what `hook` throws while it reads them
 * becomes a `gap` event.
 */
export function guarded(host: Host, runtime: string) {
  return <A extends readonly unknown[]>(name: string, hook: (...args: A) => void) =>
    (...args: A): void => {
      try {
        hook(...args);
      } catch (error) {
        lose(host, { runtime, name, error });
      }
    };
}

type Loss = { readonly runtime: string; readonly name: string; readonly error: unknown };

function lose(host: Host, { runtime, name, error }: Loss): void {
  const reason = error instanceof Error ? error.name : typeof error;
  host.record({
    type: 'gap',
    session_id: NO_SESSION,
    ...marks(runtime),
    detail: `A record of ${runtime} (${name}) could not be read.`,
    attributes: { dropped: 1, hook: name, reason: String(reason).slice(0, 100) },
  });
}

/** What is under way, by id: beyond `limit` the oldest is given up, and `lost` told of it. */
export function keepOpen<V>(limit: number, lost: (value: V) => void = () => {}) {
  const open = new Map<string, V>();
  return {
    get: (key: string) => open.get(key),
    has: (key: string) => open.has(key),
    set: (key: string, value: V) => {
      open.delete(key);
      open.set(key, value);
      const [oldest] = open.size > limit ? open : [];
      if (oldest === undefined) return;
      open.delete(oldest[0]);
      lost(oldest[1]);
    },
    take: (key: string) => {
      const value = open.get(key);
      open.delete(key);
      return value;
    },
    values: () => open.values(),
    size: () => open.size,
  };
}

/**
 * The promise that follows `promise` and tells of its outcome: a rejection that nobody handles
 * stays one. `settled` and `failed` must not throw.
 */
export function followed<T>(
  promise: Promise<T>,
  settled: (value: T) => void,
  failed: (error: unknown) => void,
): Promise<T> {
  return promise.then(
    (value) => {
      settled(value);
      return value;
    },
    (error: unknown) => {
      failed(error);
      throw error;
    },
  );
}

export type Open<V> = ReturnType<typeof keepOpen<V>>;

/** The value at the path of own or inherited properties; undefined where there is none. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = (found as Readonly<Record<string | number, unknown>>)[key];
  }
  return found;
}

export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A string that can be a name; a longer one keeps its beginning. */
export function nameOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, NAME_CHARS) : undefined;
}

export function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** `{ [key]: value }`, or nothing where there is no value. */
export function given<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}

/** Tokens as an event has them; nothing where none were counted. */
export function tokensOf(input: unknown, output: unknown, total?: unknown) {
  const counts = {
    ...given('input', countOf(input)),
    ...given('output', countOf(output)),
  };
  const sum = countOf(total);
  if (Object.keys(counts).length > 0) return { tokens: counts };
  return sum === undefined ? {} : { tokens: { total: sum } };
}

/** Characters of an error's message. */
const MESSAGE_CHARS = 100_000;

/** What went wrong, as an event has it: of an error, of its serialised form, or of words. */
export function failureOf(error: unknown): { readonly code?: string; readonly message: string } {
  const words = textOf(error) ?? textOf(at(error, 'message'));
  const code = nameOf(at(error, 'code')) ?? nameOf(at(error, 'name'));
  const message = (words ?? safeError(error, MESSAGE_CHARS).message).slice(0, MESSAGE_CHARS);
  return { ...given('code', code), message };
}

/** The host of a URL, with its port. */
export function hostOf(url: unknown): string | undefined {
  return typeof url === 'string' && URL.canParse(url) ? nameOf(new URL(url).host) : undefined;
}

/** Arguments that came as JSON text, as the object that it spells; else as they are. */
export function argumentsOf(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === 'object' && parsed !== null ? parsed : value;
  } catch {
    return value;
  }
}

/** The text of a message's content: a string, or a list of parts; other parts are named. */
export function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map(partText).filter(Boolean).join('\n');
}

function partText(part: unknown): string {
  if (typeof part === 'string') return part;
  const text = textOf(at(part, 'text'));
  if (text !== undefined) return text;
  const type = nameOf(at(part, 'type'));
  const media = nameOf(at(part, 'mediaType') ?? at(part, 'mimeType'));
  return type === undefined ? '' : `[${type}${media === undefined ? '' : ` ${media}`}]`;
}
