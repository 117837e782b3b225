/** One tool call as its witnesses saw it: who announced it, who told what came of it. */
import { serverIn } from '../action/mcp.ts';
import type { Event } from '../event/event.ts';

export type Sighting = Pick<Event, 'session_id' | 'time'> & {
  readonly call_id: string | undefined;
  readonly tool: string | undefined;
  /** The MCP server whose tool it is. */
  readonly server: string | undefined;
  readonly runtime: string | undefined;
  /** Kinds of source that reported anything of it. */
  readonly by: ReadonlySet<string>;
  readonly asked: ReadonlySet<string>;
  readonly answered: ReadonlySet<string>;
  /** The index has given up waiting for its result. */
  readonly settled: boolean;
};

/** `type`: where it is another than the row's. */
export type SightedFact = Pick<Event, 'status' | 'source'> & Partial<Pick<Event, 'type' | 'time'>>;

type Sighted = Pick<Event, 'session_id' | 'time' | 'type'> &
  Partial<Event> & { readonly facts: readonly SightedFact[] };

/**
 * A fact without a status tells what came of the call without saying whether it went well. An
 * approval says nothing of that, unless it is a denial: leave to run is no outcome.
 */
export function sightingOf(row: Sighted): Sighting {
  const asked = new Set<string>();
  const answered = new Set<string>();
  for (const { status, source, type = row.type } of row.facts) {
    const waits = type === 'approval' && status !== 'blocked';
    const open = waits || status === 'pending' || status === 'escalated';
    (open ? asked : answered).add(source?.kind ?? 'api');
  }
  const { session_id, time, call_id, tool, status, attributes, agent } = row;
  const { runtime } = agent ?? {};
  const by = new Set([...asked, ...answered]);
  const settled = status !== 'pending' && status !== 'escalated';
  const server = serverIn(attributes) ?? /^mcp__(.+?)__/s.exec(tool ?? '')?.[1];
  const what = { session_id, time, call_id, tool, server, runtime };
  return { ...what, by, asked, answered, settled };
}

/**
 * Whether the call is of a tool of one of these MCP servers: where no witness says whose it is,
 * the tool's name does, in the form that its runtime gives it.
 */
export function isOf({ tool = '', server, runtime = '' }: Sighting, names: ReadonlySet<string>) {
  if (server !== undefined) return names.has(server);
  const [open, close] = NAMED.get(runtime) ?? [];
  if (open === undefined || close === undefined || !tool.startsWith(open)) return false;
  let at = tool.indexOf(close, open.length + 1);
  while (at >= 0 && !names.has(tool.slice(open.length, at))) at = tool.indexOf(close, at + 1);
  return at >= 0;
}

/** A server's name, and how it stands in the names of its tools. */
export function spellings(server: string): readonly string[] {
  return [server, server.replaceAll(/[^A-Za-z0-9_-]/g, '_')];
}

/** What stands before and after the server's name. */
const NAMED: ReadonlyMap<string, readonly [string, string]> = new Map([
  ['gemini', ['mcp_', '_']],
  ['opencode', ['', '_']],
  ['openclaw', ['', '__']],
]);
