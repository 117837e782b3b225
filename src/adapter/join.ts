/** Joins what witnesses with ids tell of calls that a witness without ids told first. */
import { isObject } from '../event/name.ts';
import { wholeOf } from '../event/part.ts';
import type { KnownCalls } from './adapter.ts';
import { OWN_ID } from './memory.ts';

/** How far apart two witnesses may tell that one call begins. */
const APART_MS = 600_000;
/** Runtimes whose hooks name no calls, and kinds of source that do. */
const NAMELESS: ReadonlySet<unknown> = new Set(['gemini']);
const KINDS: ReadonlySet<unknown> = new Set(['model_proxy', 'mcp_proxy', 'transcript']);

/**
 * The draft under the id that was made for its call, its own id kept in `attributes`; the draft
 * itself where its id is known, or where no call without one has its tool and arguments, is near
 * in time and not yet told by this kind of source. What a producer sent is not checked before.
 */
export function joined<T>(calls: KnownCalls, draft: T): T {
  if (!isObject(draft)) return draft;
  if (isAstray(draft)) return sited(calls, draft);
  if (!isNamed(draft)) return draft;
  const { call_id, attributes = {} } = draft;
  const session_id = wholeOf(draft);
  if (!isObject(attributes) || calls.stateOf(session_id, call_id) !== undefined) return draft;
  const known = calls.aliasOf(session_id, call_id) ?? unnamed(calls, session_id, draft);
  if (known === undefined) return draft;
  return { ...draft, call_id: known, attributes: { ...attributes, [OWN_ID]: call_id } };
}

/** Whether `joined` has anything to look up: of most drafts it has not. */
export function mayJoin(draft: unknown): boolean {
  return isObject(draft) && (isAstray(draft) || isNamed(draft));
}

/** How the MCP proxy begins the sessions that it makes up for a client that names none. */
const MADE_SESSION = 'mcp-';
/** Characters of an id that is a model's own, and not a counter's that other sessions use too. */
const OWN_ID_CHARS = 12;

type Astray = {
  readonly session_id: string;
  readonly call_id: string;
  readonly attributes?: unknown;
};

/** A client over HTTP may name the call alone (Claude Code's `claudecode/toolUseId`). */
function isAstray(draft: Record<string, unknown>): draft is Record<string, unknown> & Astray {
  const { session_id, parent_session_id, call_id, source } = draft;
  if (!isObject(source) || source['kind'] !== 'mcp_proxy') return false;
  const made = typeof session_id === 'string' && session_id.startsWith(MADE_SESSION);
  const own = typeof call_id === 'string' && call_id.length >= OWN_ID_CHARS;
  return made && own && parent_session_id === undefined;
}

/**
 * The draft in the one session that is known to have this call, the proxy's own session kept in
 * `attributes`. What already began in the proxy's session stays there: a call is one row.
 */
function sited<T extends Astray>(calls: KnownCalls, draft: T): T {
  const { session_id, call_id, attributes = {} } = draft;
  const [known, other] = calls.sessionsOf(call_id);
  const clear = known !== undefined && other === undefined && known !== session_id;
  if (!clear || !isObject(attributes)) return draft;
  if (calls.stateOf(session_id, call_id) !== undefined) return draft;
  return { ...draft, session_id: known, attributes: { ...attributes, proxy_session: session_id } };
}

type Named = {
  readonly session_id: string;
  readonly parent_session_id?: string;
  readonly call_id: string;
  readonly tool?: unknown;
  readonly arguments?: unknown;
  readonly time?: unknown;
  readonly source: { readonly kind: string };
  readonly attributes?: unknown;
};

function isNamed(draft: Record<string, unknown>): draft is Record<string, unknown> & Named {
  const { type, session_id, parent_session_id: parent, call_id, source, agent } = draft;
  if (!isObject(source) || !KINDS.has(source['kind'])) return false;
  const runtime = (isObject(agent) ? agent['runtime'] : undefined) ?? source['runtime'];
  const texts = typeof session_id === 'string' && typeof call_id === 'string';
  const sited = parent === undefined || typeof parent === 'string';
  return type === 'tool_call' && NAMELESS.has(runtime) && texts && sited;
}

function unnamed(calls: KnownCalls, session_id: string, draft: Named): string | undefined {
  const { tool, arguments: args, time, source } = draft;
  if (typeof tool !== 'string') return undefined;
  const at_ms = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  try {
    return calls
      .alike(session_id, tool, args)
      .filter(({ made_ms = Number.NaN }) => Math.abs(made_ms - at_ms) <= APART_MS)
      .find(({ witnesses }) => !witnesses.has(source.kind))?.call_id;
  } catch {
    // Arguments that no event may have: the front door says so.
    return undefined;
  }
}
