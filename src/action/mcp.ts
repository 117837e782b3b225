/** Tools of MCP servers: whose they are, and what their servers claim about them. */
import { isObject } from '../event/name.ts';
import { type Guess, graver } from './verb.ts';

export type McpTool = { readonly server: string; readonly tool: string };

/**
 * The server and tool behind a runtime's name for an MCP tool: `mcp__server__tool` everywhere,
 * `mcp_server_tool` in Gemini, `server__tool` in OpenClaw, `server_tool` in OpenCode. `known` is
 * the server's name where something else tells it; without it Gemini's names are cut where Gemini
 * cuts them, at the first underscore, and OpenCode's names are not told from others.
 */
export function mcpToolOf(
  tool: string,
  runtime: string | undefined,
  known: string | undefined,
): McpTool | undefined {
  for (const prefix of known
    ? [`mcp__${known}__`, `mcp_${known}_`, `${known}__`, `${known}_`]
    : []) {
    if (tool.startsWith(prefix) && tool.length > prefix.length) {
      return { server: known ?? '', tool: tool.slice(prefix.length) };
    }
  }
  const pattern =
    PATTERNS.find(({ of }) => of === runtime)?.pattern.exec(tool) ?? EVERYWHERE.exec(tool);
  const [, server, name] = pattern ?? [];
  if (server !== undefined && name !== undefined) return { server, tool: name };
  return known ? { server: known, tool } : undefined;
}

const EVERYWHERE = /^mcp__(.+?)__(.+)$/s;
const PATTERNS = [
  { of: 'gemini', pattern: /^mcp_([^_]+)_(.+)$/s },
  { of: 'openclaw', pattern: /^([^_](?:[^_]|_(?!_))*)__(.+)$/s },
] as const;

/** `mcp_server` of an event's attributes: a name, or an object with one. */
export function serverIn(attributes: Readonly<Record<string, unknown>> | undefined) {
  const given = attributes?.['mcp_server'];
  const name = isObject(given) ? given['name'] : given;
  return typeof name === 'string' && name !== '' ? name : undefined;
}

/** `annotations` of a tool's definition, as MCP has them. */
export type Annotations = {
  readonly readOnlyHint?: unknown;
  readonly destructiveHint?: unknown;
  readonly openWorldHint?: unknown;
};

/**
 * A guess made graver by what the server says of its tool. The server is not trusted: a hint that
 * would make a call look more harmless is not used.
 */
export function hinted(guess: Guess, annotations: Annotations | undefined): Guess {
  if (!annotations) return guess;
  const changes = annotations.destructiveHint === true || annotations.readOnlyHint === false;
  const why = annotations.destructiveHint === true ? 'destructiveHint' : 'readOnlyHint: false';
  const opened = annotations.openWorldHint === true;
  const outside = opened ? graver(guess, 'network', 'the annotation openWorldHint') : guess;
  return changes ? graver(outside, 'write', `the annotation ${why}`) : outside;
}
