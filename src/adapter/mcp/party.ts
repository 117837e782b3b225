/** Who speaks MCP: which runtime the client is, and what it says of session, turn and call. */
import { given, nameIn, textIn } from '../record.ts';
import { type Fields, fieldsIn } from './message.ts';

export type Client = {
  /** As `agent.runtime` names it; `mcp` for a client that Claw does not know. */
  readonly runtime: string;
  readonly name?: string;
  readonly version?: string;
};

/** By the beginning of `clientInfo.name`, as the captures of each runtime show it. */
const RUNTIMES: readonly (readonly [string, string])[] = [
  ['claude-code', 'claude-code'],
  ['codex-mcp-client', 'codex'],
  ['gemini-cli', 'gemini'],
  ['opencode', 'opencode'],
  ['openclaw', 'openclaw'],
];

const PREFIX = 'io.modelcontextprotocol/';
export const NOBODY: Client = { runtime: 'mcp' };

/** The client that `initialize` (2025-11-25) or any request's `_meta` (2026-07-28) names. */
export function clientIn(params: Fields): Client | undefined {
  const info = infoIn(params, 'clientInfo');
  const name = nameIn(info, 'name');
  if (name === undefined) return undefined;
  const runtime = RUNTIMES.find(([start]) => name.toLowerCase().startsWith(start))?.[1] ?? 'mcp';
  return { runtime, name, ...given('version', nameIn(info, 'version')) };
}

/** What a server calls itself, in the answer to `initialize` or in a result's `_meta`. */
export function serverNameIn(result: Fields): string | undefined {
  return nameIn(infoIn(result, 'serverInfo'), 'name');
}

function infoIn(fields: Fields, key: string): Fields {
  const modern = fieldsIn(fieldsIn(fields, '_meta'), `${PREFIX}${key}`);
  return Object.keys(modern).length > 0 ? modern : fieldsIn(fields, key);
}

/** What a request's `_meta` says of where it belongs. */
export type Belonging = {
  readonly session_id?: string;
  readonly turn_id?: string;
  /** The model's own id of the call. */
  readonly call_id?: string;
  readonly trace?: { readonly trace_id: string; readonly span_id: string };
};

/**
 * Claude Code names the call (`claudecode/toolUseId`) and not the session; Codex names call,
 * session and turn. `traceparent` is W3C Trace Context's.
 */
export function belongingIn(params: Fields): Belonging {
  const meta = fieldsIn(params, '_meta');
  const turn = codexTurn(meta);
  const trace = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(
    nameIn(meta, 'traceparent') ?? '',
  );
  return {
    ...given('session_id', nameIn(turn, 'session_id') ?? codexSession(meta)),
    ...given('turn_id', nameIn(turn, 'turn_id')),
    ...given('call_id', nameIn(meta, 'claudecode/toolUseId') ?? nameIn(meta, 'callId')),
    ...(trace ? { trace: { trace_id: trace[1] ?? '', span_id: trace[2] ?? '' } } : {}),
  };
}

/** An object, or the JSON text of one, as in Codex's requests to the model. */
function codexTurn(meta: Fields): Fields {
  const text = textIn(meta, 'x-codex-turn-metadata');
  if (text === undefined) return fieldsIn(meta, 'x-codex-turn-metadata');
  try {
    return Object(JSON.parse(text)) as Fields;
  } catch {
    return {};
  }
}

/** `sessionId` alone could be anybody's: beside Codex's `threadId` it is Codex's. */
function codexSession(meta: Fields): string | undefined {
  return nameIn(meta, 'threadId') === undefined ? undefined : nameIn(meta, 'sessionId');
}

/** `mcp__server__tool`, spelt as Claude Code and Codex spell it for the model. */
export function toolName(server: string, tool: string): string {
  return `mcp__${plain(server)}__${plain(tool)}`;
}

function plain(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_-]/g, '_');
}
