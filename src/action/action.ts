/** Turns a tool call into a canonical action on resources, and says how sure that is. */
import { posix } from 'node:path';
import type { Access, Action, Event, Resource } from '../event/event.ts';
import { NAME_CHARS, RESOURCE_CHARS, RESOURCES } from '../event/event.ts';
import { isObject } from '../event/name.ts';
import { describeFields } from './field.ts';
import { type Naming, toolOf } from './tool.ts';
import { accessOf, type Guess, guessFromKinds, guessFromName, kindOf } from './verb.ts';

export type Call = {
  /** As `agent.runtime` names it; without it the tool counts as unknown. */
  readonly runtime?: string | undefined;
  readonly tool: string;
  readonly arguments?: unknown;
  /** Absolute: relative paths are read from here. Without it they stay as they are. */
  readonly cwd?: string | undefined;
};

export type Classified = {
  /** Absent where nothing tells: unknown is a value. */
  readonly action?: Action;
  readonly resources: readonly Resource[];
  /** From 0 to 1; 1 is a tool of the runtime's own, from the table. */
  readonly confidence: number;
  /** A few words, to show beside it. */
  readonly reason: string;
};

const CERTAIN = { confidence: 1, reason: "one of the runtime's own tools" };

/** The canonical action of a tool call and what it touches. Never throws. */
export function classify(call: Call): Classified {
  const known = toolOf(call.runtime, call.tool);
  if (known) {
    return {
      action: known.action,
      resources: bounded((known.names ?? []).flatMap((name) => named(call, name))),
      ...CERTAIN,
    };
  }
  const mcp = /^mcp__(.+?)__(.+)$/s.exec(call.tool);
  const guess = guessFromName(mcp?.[2] ?? call.tool);
  const found = resourcesOf(call, guess);
  if (!mcp) return inferred(guess, found);
  const server = { kind: 'mcp_server', id: mcp[1] ?? '', access: 'execute' } as const;
  return inferred(guess, [server, ...found]);
}

type Filled = Pick<Event, 'action' | 'resources' | 'attributes'>;

/**
 * The event with `action` and `resources` filled in from its own fields where the producer said
 * nothing. What the producer said is never changed. A guess leaves its confidence and reason in
 * `attributes.action_inferred`.
 */
export function describe<E extends Partial<Event>>(event: E): E & Filled {
  if (event.action !== undefined && event.resources !== undefined) return event;
  const seen = event.tool === undefined ? describeFields(event) : describeCall(event, event.tool);
  if (!seen) return event;
  const action = event.action ?? seen.action;
  const inferred = event.action === undefined && seen.action !== undefined && seen.confidence < 1;
  const described: E & Filled = { ...event };
  if (action !== undefined) described.action = action;
  if (!event.resources && seen.resources.length > 0) described.resources = [...seen.resources];
  if (inferred) described.attributes = withInference(event.attributes, seen);
  return described;
}

/** What `describe` adds to `attributes` for a guess; a producer's own value stays. */
function withInference(attributes: Event['attributes'], { confidence, reason }: Classified) {
  return { action_inferred: { confidence, reason }, ...attributes };
}

function describeCall(event: Partial<Event>, tool: string): Classified {
  const runtime = event.agent?.runtime ?? event.source?.runtime;
  const known = event.resources && toolOf(runtime, tool);
  if (known) return { action: known.action, resources: [], ...CERTAIN };
  const cwd = event.attributes?.['cwd'];
  return classify({
    runtime,
    tool,
    arguments: event.arguments,
    cwd: typeof cwd === 'string' ? cwd : undefined,
  });
}

function inferred(guess: Guess, resources: readonly Resource[]): Classified {
  const better = guess.action ? guess : guessFromKinds(new Set(resources.map(({ kind }) => kind)));
  return { ...better, resources: bounded(resources) };
}

function resourcesOf(call: Call, guess: Guess): Resource[] {
  if (!isObject(call.arguments)) return [];
  return Object.keys(call.arguments)
    .slice(0, RESOURCES)
    .flatMap((argument) => {
      const kind = kindOf(argument);
      if (kind === undefined) return [];
      return named(call, { argument, kind, access: accessOf(guess.action, kind) });
    });
}

function named(call: Call, { argument, kind, access, otherwise }: Naming): Resource[] {
  const value = valueAt(call.arguments, argument);
  const values = (Array.isArray(value) ? value.slice(0, RESOURCES) : [value]).filter(
    (item): item is string => typeof item === 'string' && item !== '',
  );
  if (values.length === 0 && otherwise) {
    const id = 'cwd' in otherwise ? call.cwd : otherwise.id;
    return id === undefined ? [] : [{ kind, id, access }];
  }
  return values.flatMap((id) => resource(call, id, { kind, access }));
}

function resource(
  { cwd }: Call,
  id: string,
  { kind, access }: { readonly kind: string; readonly access: Access },
): Resource[] {
  if (kind === 'file' || kind === 'directory') return [{ kind, id: absolute(id, cwd), access }];
  if (kind !== 'url') return [{ kind, id, access }];
  const host = URL.canParse(id) ? new URL(id).host : '';
  return host === ''
    ? [{ kind, id, access }]
    : [
        { kind, id, access },
        { kind: 'host', id: host, access },
      ];
}

/** A relative path from the working folder; `~`, drives and URLs stay as they are. */
function absolute(path: string, cwd: string | undefined): string {
  if (cwd === undefined || !cwd.startsWith('/') || /^(\/|~|[A-Za-z]:|\\|\w+:\/\/)/.test(path)) {
    return path;
  }
  return posix.join(cwd, path);
}

function valueAt(value: unknown, path: string): unknown {
  let at = value;
  for (const key of path.split('.')) {
    if (!isObject(at) || !Object.hasOwn(at, key)) return undefined;
    at = at[key];
  }
  return at;
}

/** Within the limits of an event; the whole value stays in `arguments`. */
function bounded(resources: readonly Resource[]): Resource[] {
  return resources.slice(0, RESOURCES).map(({ kind, id, access }) => ({
    kind: kind.slice(0, NAME_CHARS),
    id: id.slice(0, RESOURCE_CHARS),
    access,
  }));
}
