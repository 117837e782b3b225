/** Which kinds of source show tool calls in a session, and which of them could show one call. */
import { isOf, type Sighting, spellings } from './sighting.ts';

export type Sides = {
  /** Kinds that reported tool calls, and of these the ones that announced some. */
  readonly active: ReadonlySet<string>;
  readonly announcing: ReadonlySet<string>;
  /** Those that told of some what came of them. */
  readonly answering: ReadonlySet<string>;
  /** MCP servers that a proxy stood before. */
  readonly servers: ReadonlySet<string>;
};

export function sidesOf(calls: readonly Sighting[]): Sides {
  const active = new Set<string>();
  const announcing = new Set<string>();
  const answering = new Set<string>();
  const servers = new Set<string>();
  for (const { by, asked, answered, server } of calls) {
    for (const kind of by) active.add(kind);
    for (const kind of asked) announcing.add(kind);
    for (const kind of answered) answering.add(kind);
    if (!by.has('mcp_proxy') || server === undefined) continue;
    for (const name of spellings(server)) servers.add(name);
  }
  return { active, announcing, answering, servers };
}

/** Whether a kind of source shows calls of this sort where it shows any. */
export function shows(kind: string, call: Sighting, { servers }: Sides): boolean {
  if (kind === 'egress_proxy' || kind === 'api') return false;
  return kind !== 'mcp_proxy' || isOf(call, servers);
}

/** Whether somebody recorded what was done, so that a call nobody recorded stands out. */
export function isRecorded(call: Sighting, sides: Sides): boolean {
  const others = [...sides.active].filter((kind) => kind !== 'model_proxy');
  return others.some((kind) => kind === 'api' || shows(kind, call, sides));
}

/**
 * Whether both sides could have told: the traffic with the model what was asked for, the runtime
 * what was done. A transcript is the runtime's own writing; proxies before others see a part.
 */
export function isBothSided(kinds: Iterable<string>): boolean {
  const all = [...kinds];
  return all.includes('model_proxy') && all.some((kind) => !PROXIES.has(kind));
}

const PROXIES: ReadonlySet<string> = new Set(['model_proxy', 'mcp_proxy', 'egress_proxy']);

/** All of a call; that it was asked for; or what came of it. */
export type Half = 'call' | 'request' | 'result';

/**
 * What a kind of source did not show of a call. One that never announces calls, or never tells
 * what came of them, misses neither.
 */
export function missedBy(kind: string, call: Sighting, sides: Sides): Half | undefined {
  if (!shows(kind, call, sides)) return undefined;
  const { by, asked, answered } = call;
  if (!by.has(kind)) return 'call';
  if (!asked.has(kind) && sides.announcing.has(kind)) return 'request';
  return !answered.has(kind) && sides.answering.has(kind) ? 'result' : undefined;
}

/** Who showed that part of a call. */
export function halfOf({ by, asked, answered }: Sighting, half: Half): ReadonlySet<string> {
  return { call: by, request: asked, result: answered }[half];
}
