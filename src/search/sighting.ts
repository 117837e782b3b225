/** One tool call as its witnesses saw it: who announced it, who told what came of it. */
import type { Event } from '../event/event.ts';

export type Sighting = Pick<Event, 'session_id' | 'time'> & {
  readonly call_id: string | undefined;
  readonly tool: string | undefined;
  /** The MCP server whose tool it is. */
  readonly server: string | undefined;
  /** Kinds of source that reported anything of it. */
  readonly by: ReadonlySet<string>;
  readonly asked: ReadonlySet<string>;
  readonly answered: ReadonlySet<string>;
  /** The index has given up waiting for its result. */
  readonly settled: boolean;
};

type Sighted = Pick<Event, 'session_id' | 'time'> &
  Partial<Event> & { readonly facts: readonly Pick<Event, 'status' | 'source'>[] };

/** A fact without a status tells what came of the call without saying whether it went well. */
export function sightingOf(row: Sighted): Sighting {
  const asked = new Set<string>();
  const answered = new Set<string>();
  for (const { status, source } of row.facts) {
    const open = status === 'pending' || status === 'escalated';
    (open ? asked : answered).add(source?.kind ?? 'api');
  }
  const { session_id, time, call_id, tool, status } = row;
  const by = new Set([...asked, ...answered]);
  const settled = status !== 'pending';
  return { session_id, time, call_id, tool, server: serverOf(row), by, asked, answered, settled };
}

/** `mcp__server__tool` names it; else the witness says so. */
function serverOf({ tool, attributes }: Sighted): string | undefined {
  const named = /^mcp__(.+?)__/s.exec(tool ?? '')?.[1];
  if (named !== undefined) return named;
  const server = attributes?.['mcp_server'];
  return typeof server === 'string' ? server : undefined;
}
