/** Who calls the model: runtime, session, sub-agent and turn, as its request tells. */
import { createHash } from 'node:crypto';
import { uuidOfHash } from '../../event/id.ts';
import { isObject } from '../../event/name.ts';
import { PART_MARK } from '../../event/part.ts';
import { fit, given, nameIn } from '../record.ts';
import { type Fields, type ModelRequest, objectIn } from './api.ts';

/** Lower-case names; of a repeated header the first value. */
export type Headers = ReadonlyMap<string, string>;

export type Client = {
  /** Undefined where the request names none. */
  readonly session_id: string | undefined;
  readonly parent_session_id?: string;
  readonly runtime?: string;
  readonly version?: string;
  readonly agent_id?: string;
  readonly turn_id?: string;
  readonly trace?: { readonly trace_id: string; readonly span_id: string };
  readonly user_agent?: string;
};

/** Our own header, for clients that name no session; it is not sent on. */
export const SESSION_HEADER = 'x-claw-session-id';

export function clientOf(headers: Headers, request: ModelRequest | undefined): Client {
  const user_agent = headers.get('user-agent')?.slice(0, 500);
  const { runtime, version } = runtimeOf(headers, request);
  const trace = traceOf(headers.get('traceparent'));
  const base = {
    ...given('runtime', runtime),
    ...given('version', version),
    ...given('trace', trace),
    ...given('user_agent', user_agent),
  };
  const read = READERS.get(runtime ?? '') ?? (() => ({ session_id: undefined }));
  const named = read(headers, request?.body ?? {}, request);
  const own = headers.get(SESSION_HEADER);
  const given_id = own === undefined || own === '' ? undefined : fit(own);
  return given_id === undefined ? { ...base, ...named } : { ...base, session_id: given_id };
}

/**
 * A session for requests that name none: the same as long as a conversation begins with the same
 * words from the same address. `generation` tells conversations apart that begin alike.
 */
export function conversationId(request: ModelRequest, address: string, generation: string): string {
  const hash = createHash('sha256').update(`claw/model/conversation/v1\n`);
  hash.update(JSON.stringify([openingOf(request), address, generation]));
  return uuidOfHash(hash.digest());
}

/** What a conversation begins with: it stands in front of every request of it. */
function openingOf({ messages }: ModelRequest): readonly string[] {
  const first = messages.find(({ role }) => role === 'user')?.index;
  const user = messages.filter(({ role, index }) => role === 'user' && index === first);
  return user.map(({ text }) => text);
}

type Named = Pick<Client, 'session_id' | 'parent_session_id' | 'agent_id' | 'turn_id'>;
type Read = (headers: Headers, body: Fields, request: ModelRequest | undefined) => Named;

const READERS: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['claude-code', claudeCode],
  ['codex', codex],
  ['opencode', openCode],
  ['openclaw', openClaw],
]);

/** Sub-agents share the session's header and add one of their own. */
function claudeCode(headers: Headers, body: Fields): Named {
  const session = headers.get('x-claude-code-session-id') ?? claudeUser(body);
  return partOf(session, headers.get('x-claude-code-agent-id'));
}

/** `metadata.user_id` is JSON; before, it was `user_…_session_<uuid>`. */
function claudeUser(body: Fields): string | undefined {
  const user = nameIn(objectIn(body, 'metadata'), 'user_id') ?? '';
  return nameIn(jsonIn(user), 'session_id') ?? /_session_([0-9a-f-]{36})$/.exec(user)?.[1];
}

function codex(headers: Headers): Named {
  const turn = jsonIn(headers.get('x-codex-turn-metadata') ?? '');
  const session =
    nameIn(turn, 'session_id') ?? headers.get('session-id') ?? headers.get('session_id');
  const thread = nameIn(turn, 'thread_id') ?? headers.get('thread-id');
  const part = thread === session ? undefined : thread;
  return { ...partOf(session, part), ...given('turn_id', nameIn(turn, 'turn_id')) };
}

function openCode(headers: Headers): Named {
  const session = headers.get('x-session-id') ?? headers.get('x-session-affinity');
  const parent = headers.get('x-parent-session-id');
  return {
    session_id: session && fit(session),
    ...given('parent_session_id', parent && fit(parent)),
  };
}

/** OpenClaw tells the model its session at the end of the prompt; elsewhere only the trace. */
function openClaw(headers: Headers, _: Fields, request: ModelRequest | undefined): Named {
  const texts = request?.messages.filter(({ role }) => role === 'user') ?? [];
  for (const { text } of texts) {
    const line = text.slice(text.lastIndexOf('\n') + 1);
    const session = /^Runtime: .{0,500}\| sessionId=([\w-]{8,100}) \|/.exec(line)?.[1];
    if (session !== undefined) return { session_id: session };
  }
  return { session_id: traceOf(headers.get('traceparent'))?.trace_id };
}

function partOf(session: string | undefined, agent: string | undefined): Named {
  if (session === undefined || session === '') return { session_id: undefined };
  const whole = fit(session);
  if (agent === undefined || agent === '') return { session_id: whole };
  return {
    session_id: fit(`${whole}${PART_MARK}${agent}`),
    parent_session_id: whole,
    agent_id: fit(agent),
  };
}

/** `name/version` at the start of the user agent, and which runtime that is. */
const AGENTS: readonly (readonly [prefix: RegExp, runtime: string])[] = [
  [/^claude-cli\/([\w.-]+)/, 'claude-code'],
  [/^codex[\w-]*(?:\/([\w.-]+))?/, 'codex'],
  [/^opencode\/([\w.-]+)/, 'opencode'],
  [/^GeminiCLI[\w-]*\/([\w.-]+)/, 'gemini'],
  [/^openclaw\/([\w.-]+)/i, 'openclaw'],
  [/^ai(?:-sdk)?\/([\w.-]+)/, 'ai-sdk'],
];

function runtimeOf(headers: Headers, request: ModelRequest | undefined) {
  const agent = headers.get('user-agent') ?? '';
  for (const [prefix, runtime] of AGENTS) {
    const match = prefix.exec(agent);
    if (match) return { runtime, version: match[1]?.slice(0, 100) };
  }
  if (headers.has('x-claude-code-session-id')) return { runtime: 'claude-code' };
  if (headers.has('x-codex-turn-metadata')) return { runtime: 'codex' };
  const system = request?.messages.find(({ role }) => role === 'system')?.text;
  if (system?.startsWith('<!-- openclaw:')) return { runtime: 'openclaw' };
  return {};
}

/** W3C Trace Context, version 00. */
function traceOf(text: string | undefined): Client['trace'] {
  const match = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}/.exec(text ?? '');
  return match?.[1] && match[2] ? { trace_id: match[1], span_id: match[2] } : undefined;
}

function jsonIn(text: string): Fields {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}
