/** Reads what OpenCode's plugin posts: `{hook, input, output, at}`, or `{hook, event, at}`. */
import type { AdaptContext } from '../adapter.ts';
import { missing, momentIn, nonceIn, objectIn, type Seen } from '../draft.ts';
import { heldBackIn } from '../gap.ts';
import { type Reader, readerOf } from '../reader.ts';
import { given, jsonOf } from '../record.ts';

export const RUNTIME = 'opencode';

export type Posted = {
  /** The hook's name; for a bus event its type. */
  readonly kind: string;
  /** Absent where the record belongs to no session. */
  readonly seen: Seen | undefined;
};

/** A bus event's fields lie below `event`; for a hook's own, `event` is `undefined`. */
const SESSIONS = {
  hook: ['input.sessionID', 'output.message.sessionID'],
  event: ['sessionID', 'info.sessionID', 'part.sessionID'],
  /** `info` of these is the session itself, elsewhere a message or a project. */
  session: ['sessionID', 'info.sessionID', 'info.id'],
};

/** Throws `event.invalid` where the record is no object or names no hook. */
export function readPosted(record: unknown, context: AdaptContext): Posted {
  const posted = objectIn(record, 'OpenCode plugin');
  const text = jsonOf(posted);
  const outer = readerOf(posted);
  const hook = outer.name('hook');
  if (hook === undefined) throw missing('hook', 'OpenCode plugin');
  const claimed = outer.peek('at') ?? outer.peek('t');
  const { kind, read } = hook === 'event' ? busEvent(outer) : { kind: hook, read: outer };
  const told = kind.startsWith('session.') ? SESSIONS.session : SESSIONS.event;
  const paths = hook === 'event' ? told : SESSIONS.hook;
  const session_id = firstName(read, paths);
  if (momentIn(claimed, NEVER) !== 0) outer.told(outer.peek('at') === undefined ? 't' : 'at');
  if (session_id === undefined) return { kind, seen: undefined };
  const origin = {
    runtime: RUNTIME,
    kind: 'plugin' as const,
    hook: kind,
    text,
    at_ms: momentIn(claimed, context),
    nonce: nonceIn(claimed, context),
    session_id,
    attributes: { ...given('cwd', outer.text('cwd')), ...heldBackIn(outer) },
  };
  return { kind, seen: { origin, read, context } };
}

const NEVER: AdaptContext = { now_ms: 0 };

/** The lab's own plugin put the event below `input`. */
function busEvent(outer: Reader): { readonly kind: string; readonly read: Reader } {
  const at = outer.peek('event') === undefined ? 'input' : 'event';
  const kind = outer.name(`${at}.type`) ?? 'event';
  return { kind, read: below(outer, `${at}.properties`) };
}

/** The same reader, asked from a place below; what is left over is of the whole record. */
function below(read: Reader, place: string): Reader {
  const path = (inner: string) => `${place}.${inner}`;
  return {
    name: (inner) => read.name(path(inner)),
    text: (inner) => read.text(path(inner)),
    count: (inner) => read.count(path(inner)),
    value: (inner) => read.value(path(inner)),
    peek: (inner) => read.peek(path(inner)),
    told: (...inner) => read.told(...inner.map(path)),
    rest: read.rest,
  };
}

function firstName(read: Reader, paths: readonly string[]): string | undefined {
  for (const path of paths) {
    const name = read.name(path);
    if (name !== undefined) return name;
  }
  return undefined;
}
