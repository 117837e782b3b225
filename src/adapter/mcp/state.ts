/** What a watcher of one MCP connection remembers, within limits, and the drafts it makes. */
import type { Draft, Resource } from '../../event/event.ts';
import { eventId } from '../identity.ts';
import { contained, fit, given } from '../record.ts';
import type { KnownTools } from './definition.ts';
import { type Fields, idText, type Side } from './message.ts';
import { type Belonging, type Client, toolName } from './party.ts';

export type WatchOptions = {
  /** The server's name in `mcp__<server>__<tool>`; without it, what the server calls itself. */
  readonly server?: string | undefined;
  /** Its name until it has told its own: from the command or the address. */
  readonly place: string;
  readonly transport: 'stdio' | 'http';
  /** Tells this connection apart from every other: it is part of the ids that are made here. */
  readonly nonce: string;
  /** Whose session it is where the client's messages do not say. */
  readonly sessionOf: (runtime: string) => string;
  /** Shared by the connections to one server; changed in place. */
  readonly known: KnownTools;
  /** Each HTTP exchange answers its own requests (no `Mcp-Session-Id`): ids are its own too. */
  readonly scoped?: boolean;
  /** The folder that the server runs in: relative paths in arguments are read from there. */
  readonly cwd?: string | undefined;
};

/** A request without its answer. What it asked stands in the draft that was made of it. */
export type Open = {
  readonly key: string;
  readonly from: Side;
  readonly id: unknown;
  readonly method: string;
  readonly kind: 'tool_call' | 'approval' | 'api_call';
  readonly at_ms: number;
  readonly exchange: number | undefined;
  readonly call_id: string;
  readonly session_id: string;
  /** Who asked: of connections without sessions each request may be another's. */
  readonly client: Client;
  readonly belonging: Belonging;
  readonly tool?: string | undefined;
  /** Of the server: as it stands in the message. */
  readonly name?: string | undefined;
  /** Of what tells a retry of this call, where the server gave no state. */
  readonly likeness: string;
  readonly progressToken?: string | undefined;
  /** The task that a `tasks/…` request is about. */
  readonly task?: string | undefined;
  /** How often input was asked for. */
  readonly round: number;
  /** What was asked for in this round: method by name. */
  readonly inputs: Map<string, string>;
  /** JSON text of the `requestState` that a retry brings back; empty where there is none. */
  state_text?: string;
  progress?: { count: number; last: unknown };
  cancelled?: true;
};

export type State = {
  readonly options: WatchOptions;
  /** When what is being looked at passed, in Unix milliseconds. */
  at_ms: number;
  client: Client;
  /** Named by the server itself; the first name stays. */
  server: string | undefined;
  /** The last session that the client named. */
  session_id: string | undefined;
  /** By side and id. */
  readonly open: Map<string, Open>;
  /** Hashes of the answers to the last requests, by the same key. */
  readonly answered: Map<string, string>;
  /** Calls that wait for input and will be sent again. */
  readonly waiting: Map<string, Open>;
  /** Calls that go on as a task, by its id. */
  readonly tasks: Map<string, Open>;
  /** Hashes of the definitions that were recorded in full. */
  readonly recorded: Set<string>;
  facts: number;
  gaps: number;
};

/** Entries of each of the maps; the oldest gives way. */
export const REMEMBERED = 1000;

export function stateOf(options: WatchOptions, client: Client): State {
  return {
    options,
    at_ms: 0,
    client,
    server: undefined,
    session_id: undefined,
    open: new Map(),
    answered: new Map(),
    waiting: new Map(),
    tasks: new Map(),
    recorded: new Set(),
    facts: 0,
    gaps: 0,
  };
}

/** Puts an entry last; gives back the oldest where there was no more room. */
export function remember<V>(map: Map<string, V>, key: string, value: V): V | undefined {
  map.delete(key);
  map.set(key, value);
  if (map.size <= REMEMBERED) return undefined;
  const [oldest] = map;
  if (oldest === undefined) return undefined;
  map.delete(oldest[0]);
  return oldest[1];
}

export function serverOf({ options, server }: State): string {
  return options.server ?? server ?? options.place;
}

export function toolOf(state: State, name: string): string {
  return fit(toolName(serverOf(state), name));
}

export function sessionOf(state: State): string {
  return fit(state.session_id ?? state.options.sessionOf(state.client.runtime));
}

export type Facts = Partial<Draft> &
  Pick<Draft, 'type'> & {
    /** The request that it is about. */
    readonly about?: Open | undefined;
    /** What kind of fact: `asked`, `answered`, … */
    readonly fact: string;
  };

/** A draft with what every draft of this connection says. Values are bounded in depth. */
export function draftOf(state: State, { about, fact, ...facts }: Facts): Draft {
  const { options } = state;
  const { nonce, transport } = options;
  const { runtime, name, version } = about?.client ?? state.client;
  const session_id = about?.session_id ?? sessionOf(state);
  const { turn_id, trace } = about?.belonging ?? {};
  state.facts++;
  const id = eventId({
    scheme: 'mcp/id/v1',
    session_id,
    hook: fact,
    key: about?.call_id,
    part: `${nonce}/${state.facts}`,
    nonce,
    text: '',
  });
  return {
    id,
    time: new Date(state.at_ms).toISOString(),
    session_id,
    ...given('turn_id', turn_id),
    ...given('call_id', about?.call_id),
    ...given('trace', trace),
    agent: {
      runtime,
      ...(runtime === 'mcp' ? given('name', name) : {}),
      ...given('version', version),
    },
    source: { kind: 'mcp_proxy', runtime, ...given('version', version) },
    ...bounded(facts),
    attributes: {
      mcp_server: fit(serverOf(state)),
      // Without a name from its user, a server may call itself anything.
      ...given('mcp_place', options.server === undefined ? fit(options.place) : undefined),
      mcp_transport: transport,
      mcp_connection: nonce,
      ...(about === undefined ? {} : { mcp_id: idText(about.id) }),
      ...bounded(facts.attributes ?? {}),
    },
  };
}

function bounded<T extends object>(fields: T): T {
  const pairs = Object.entries(fields).map(([key, value]) => [key, shallow(value)]);
  return Object.fromEntries(pairs) as T;
}

/** Thousands of levels exhaust the stack of whoever prints them. */
function shallow(value: unknown): unknown {
  try {
    return contained(value);
  } catch {
    return '[nested too deeply to be kept]';
  }
}

/** The server as what was touched. */
export function serverResource(state: State, access: Resource['access']): Resource {
  return { kind: 'mcp_server', id: fit(serverOf(state)), access };
}

/** The key of a request: ids of the two sides are apart, and those of scoped exchanges. */
export function keyOf(
  state: State,
  { from, id, exchange }: { from: Side; id: unknown; exchange: number | undefined },
): string {
  const scope = state.options.scoped === true ? (exchange ?? '') : '';
  return `${from}/${scope}/${idText(id)}`;
}

/** A text of the error or the like that is kept. */
const TEXT_CHARS = 4000;

export function cutText(text: string): string {
  return text.length <= TEXT_CHARS ? text : `${text.slice(0, TEXT_CHARS)}…`;
}

/** The members of an object but for these; undefined where none is left. */
export function without(fields: Fields, names: readonly string[]): Fields | undefined {
  const rest = Object.entries(fields).filter(([name]) => !names.includes(name));
  return rest.length === 0 ? undefined : Object.fromEntries(rest);
}
