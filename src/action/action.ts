/** Turns a tool call into a canonical action on resources, and says how sure that is. */
import type { Action, Event, Resource } from '../event/event.ts';
import { RESOURCES } from '../event/event.ts';
import { isObject } from '../event/name.ts';
import { describeFields } from './field.ts';
import { type Annotations, hinted, mcpToolOf, serverIn } from './mcp.ts';
import { absolute, bounded, isCut, named, valueAt } from './resource.ts';
import { type Findings, SURE } from './shell/trace.ts';
import { toolOf } from './tool/menu.ts';
import type { Naming, Tool } from './tool/tool.ts';
import { accessOf, type Guess, guessFromKinds, guessFromName, kindOf } from './verb.ts';

export type Call = {
  /** As `agent.runtime` names it; without it the tool counts as unknown. */
  readonly runtime?: string | undefined;
  readonly tool: string;
  readonly arguments?: unknown;
  /** Absolute: relative paths are read from here. Without it they stay as they are. */
  readonly cwd?: string | undefined;
  /** The MCP server that the tool is of, where something else than the tool's name tells it. */
  readonly server?: string | undefined;
  /**
   * What an MCP server says of its tool. It is not trusted: a hint may make an unknown tool's
   * action graver, never more harmless, and never changes a runtime's own tool.
   */
  readonly annotations?: Annotations | undefined;
};

export type Classified = {
  /** Absent where nothing tells: unknown is a value. */
  readonly action?: Action;
  readonly resources: readonly Resource[];
  /** From 0 to 1; 1 is a tool of the runtime's own, from the table. Speaks of the action. */
  readonly confidence: number;
  /** A few words, to show beside it. */
  readonly reason: string;
  /** Where a shell command was followed: whether all that it touches is in `resources`. */
  readonly effects?: Pick<Findings, 'confidence' | 'reason'>;
};

const CERTAIN = { confidence: 1, reason: "one of the runtime's own tools" };

/** The canonical action of a tool call and what it touches. Never throws. */
export function classify(call: Call): Classified {
  const known = toolOf(call.runtime, call.tool);
  if (known) return { action: known.action, ...touched(call, known), ...CERTAIN };
  const mcp = mcpToolOf(call.tool, call.runtime, call.server);
  const name = mcp?.tool ?? call.tool;
  const guess = hinted(guessFromName(name), call.annotations);
  const { resources, ...rest } = touched(call, guessed(call, name, guess));
  const kinds = new Set(resources.map(({ kind }) => kind));
  const server = { kind: 'mcp_server', id: mcp?.server ?? '', access: 'execute' } as const;
  const whole = mcp ? [server, ...resources] : resources;
  return { ...guessFromKinds(guess, kinds), ...rest, ...listed(whole, rest.effects) };
}

type Filled = Pick<Event, 'action' | 'resources' | 'attributes'>;

/**
 * The event with `action` and `resources` filled in from its own fields where the producer said
 * nothing. What the producer said is never changed. A guess leaves its confidence and reason in
 * `attributes.action_inferred`, a shell command that could not be followed to the end leaves them
 * in `attributes.effects_inferred`.
 */
export function describe<E extends Partial<Event>>(event: E): E & Filled {
  if (event.action !== undefined && event.resources !== undefined) return event;
  const seen = event.tool === undefined ? describeFields(event) : describeCall(event, event.tool);
  if (!seen) return event;
  const action = event.action ?? seen.action;
  const described: E & Filled = { ...event };
  if (action !== undefined) described.action = action;
  if (!event.resources && seen.resources.length > 0) described.resources = [...seen.resources];
  const inferred = inferencesOf(seen);
  if (event.action !== undefined) delete inferred.action_inferred;
  if (event.resources !== undefined) delete inferred.effects_inferred;
  if (Object.keys(inferred).length > 0) {
    described.attributes = { ...inferred, ...event.attributes };
  }
  return described;
}

type Inference = Pick<Classified, 'confidence' | 'reason'>;
type Inferences = { action_inferred?: Inference; effects_inferred?: Inference };

/** For `attributes`: how sure a guess is, and what of a command could not be followed. */
export function inferencesOf({ action, confidence, reason, effects }: Classified): Inferences {
  const inferences: Inferences = {};
  if (action !== undefined && confidence < 1) inferences.action_inferred = { confidence, reason };
  if (effects && effects.confidence < SURE.whole) {
    inferences.effects_inferred = { confidence: effects.confidence, reason: effects.reason };
  }
  return inferences;
}

function describeCall(event: Partial<Event>, tool: string): Classified {
  const runtime = event.agent?.runtime ?? event.source?.runtime;
  const known = event.resources && toolOf(runtime, tool);
  if (known) return { action: known.action, resources: [], ...CERTAIN };
  const cwd = event.attributes?.['cwd'];
  const annotations = event.attributes?.['tool_annotations'];
  return classify({
    runtime,
    tool,
    arguments: event.arguments,
    cwd: typeof cwd === 'string' ? cwd : undefined,
    server: serverIn(event.attributes),
    annotations: isObject(annotations) ? annotations : undefined,
  });
}

/** What the arguments that a tool's table names touch, with the doubts about a command. */
function touched(call: Call, tool: Pick<Tool, 'names' | 'cwd'>) {
  const own = tool.cwd === undefined ? undefined : valueAt(call.arguments, tool.cwd);
  const cwd = typeof own === 'string' && own !== '' ? absolute(own, call.cwd) : call.cwd;
  let effects: Classified['effects'];
  const resources = (tool.names ?? []).flatMap((naming) =>
    named({ arguments: call.arguments, cwd }, naming, ({ confidence, reason }) => {
      if (!effects || confidence < effects.confidence) effects = { confidence, reason };
    }),
  );
  return listed(resources, effects);
}

/** Within the limits of an event: where more is touched than it holds, it says so. */
function listed(
  resources: readonly Resource[],
  effects: Classified['effects'],
): Pick<Classified, 'resources' | 'effects'> {
  const more = isCut(resources)
    ? { confidence: SURE.broken, reason: `more than ${RESOURCES} resources, or a longer name` }
    : effects;
  return { resources: bounded(resources), ...(more ? { effects: more } : {}) };
}

/** For a tool without a table: arguments whose names tell what they hold. */
function guessed({ arguments: args }: Call, name: string, guess: Guess): Pick<Tool, 'names'> {
  if (!isObject(args)) return {};
  const names = Object.keys(args)
    .slice(0, RESOURCES)
    .flatMap((argument): Naming[] => {
      const kind = kindOf(argument, name);
      if (kind === undefined || argument === '' || argument.includes('.')) return [];
      const access = accessOf(guess.action, { kind, argument, tool: name });
      const runs = kind === 'command' && (guess.action ?? 'execute') === 'execute';
      return [{ argument, kind, access, ...(runs && isLine(argument) ? SHELL : {}) }];
    });
  return { names };
}

const SHELL = { holds: 'shell' } as const;

/** `script` may be in any language. */
function isLine(argument: string): boolean {
  return /^(command|cmd)$/i.test(argument);
}
