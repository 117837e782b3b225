/** Claude Code's records about tool calls: asked by the model, decided, answered. */
import type { Draft, Event } from '../../event/event.ts';
import { isObject } from '../../event/name.ts';
import { contained, given, nameIn, textIn } from '../record.ts';
import { draftOf, parsedIn, type Scene, spanDuration } from './draft.ts';
import type { Log, Span } from './telemetry.ts';
import { countIn, type Fields, flagIn } from './value.ts';

type Decided = NonNullable<Event['decision']>;

/** Whose words `source` are: anything else, such as `user-rejected`, is nobody's known decision. */
const DECIDERS: ReadonlyMap<string, Decided['by']> = new Map<string, Decided['by']>([
  ['hook', 'hook'],
  ['config', 'config'],
  ['user_permanent', 'human'],
  ['user_temporary', 'human'],
  ['user_abort', 'human'],
  ['user_reject', 'human'],
]);

const OUTCOMES: ReadonlyMap<string, Decided['outcome']> = new Map<string, Decided['outcome']>([
  ['accept', 'permit'],
  ['reject', 'deny'],
]);

/**
 * A rejected call never runs, and has no other record: its arguments are what is told here. What
 * came of an accepted one is still unseen.
 */
export function decision(scene: Scene<Log>): Draft[] {
  const { attributes } = scene.record;
  const source = textIn(attributes, 'source') ?? '';
  const outcome = OUTCOMES.get(textIn(attributes, 'decision') ?? '');
  const call = callOf(attributes);
  const args = commandIn(attributes);
  return [
    draftOf(scene, {
      ...call,
      ...given('arguments', args),
      status: outcome === 'deny' ? 'blocked' : 'pending',
      decision: {
        ...given('outcome', outcome),
        ...given('by', DECIDERS.get(source)),
      },
      attributes: { ...settings(attributes), ...given('decision_source', source || undefined) },
      used: [...CALL, ...SETTINGS, 'decision', 'source', 'body'],
    }),
  ];
}

export function result(scene: Scene<Log>): Draft[] {
  const { attributes } = scene.record;
  const input = parsedIn(attributes, 'tool_input');
  const call = callOf(attributes);
  const success = flagIn(attributes, 'success');
  const status = success === undefined ? 'unknown' : success ? outcome(call.tool, input) : 'error';
  return [
    draftOf(scene, {
      ...call,
      ...given('arguments', input ?? commandIn(attributes)),
      status,
      ...(status === 'error' ? { error: errorIn(attributes) } : {}),
      ...given('duration_ms', countIn(attributes, 'duration_ms')),
      attributes: settings(attributes),
      used: [
        ...[...CALL, ...SETTINGS, 'success', 'tool_input', 'duration_ms', 'body'],
        ...(status === 'error' ? ['error', 'error_type'] : []),
      ],
    }),
  ];
}

/** What goes on in the background has only been started: its outcome is unseen. */
function outcome(tool: string | undefined, input: unknown): 'success' | 'pending' {
  const background = isObject(input) ? input['run_in_background'] : undefined;
  const begun = background === true || (tool === 'Agent' && background !== false);
  return begun ? 'pending' : 'success';
}

const CALL = ['tool_name', 'tool_use_id', 'gen_ai.tool.name', 'gen_ai.tool.call.id'];
const SETTINGS = ['permission_mode', 'request_id', 'tool_source', 'tool_parameters'];

function settings(attributes: Fields): Record<string, unknown> {
  const mode = textIn(attributes, 'permission_mode');
  const request = nameIn(attributes, 'request_id');
  const parameters = parsedIn(attributes, 'tool_parameters');
  return {
    ...given('permission_mode', mode),
    ...given('request_id', request),
    ...given('tool_parameters', parameters),
  };
}

/** Of an MCP tool the records say `mcp_tool`; its name is among the parameters. */
function callOf(attributes: Fields) {
  const parameters = parsedIn(attributes, 'tool_parameters');
  const given_name = nameIn(attributes, 'tool_name') ?? nameIn(attributes, 'gen_ai.tool.name');
  const known = isObject(parameters) ? parameters : {};
  const server = nameIn(known, 'mcp_server_name');
  const mcp = nameIn(known, 'mcp_tool_name');
  const named = server !== undefined && mcp !== undefined;
  const full = named ? `mcp__${plain(server)}__${plain(mcp)}` : undefined;
  const tool = given_name === 'mcp_tool' ? full : given_name;
  const call_id = nameIn(attributes, 'tool_use_id') ?? nameIn(attributes, 'gen_ai.tool.call.id');
  return { type: 'tool_call', ...given('tool', tool), ...given('call_id', call_id) } as const;
}

/** As Claude Code itself builds the names of MCP tools. */
function plain(name: string): string {
  return name.replace(/[^a-zA-Z0-9_-]/g, '_');
}

/** The command of a shell call, where the parameters alone are told. */
function commandIn(attributes: Fields): unknown {
  const parameters = parsedIn(attributes, 'tool_parameters');
  if (!isObject(parameters)) return undefined;
  const command = textIn(parameters, 'full_command');
  if (command === undefined) return undefined;
  return { command, ...given('description', textIn(parameters, 'description')) };
}

export function errorIn(attributes: Fields): NonNullable<Event['error']> {
  const code = nameIn(attributes, 'error_type') ?? nameIn(attributes, 'error.type');
  const message = textIn(attributes, 'error') ?? textIn(attributes, 'error_message');
  return { ...given('code', code), ...given('message', message) };
}

/** What the model asked for: the only trace of calls that the runtime refused to begin. */
export function requests(scene: Scene<Log>): Draft[] | string {
  const body = parsedIn(scene.record.attributes, 'body');
  const content = isObject(body) ? body['content'] : undefined;
  const blocks = Array.isArray(content) ? content.filter(isObject) : [];
  const drafts = blocks.flatMap((block) => {
    const call_id = nameIn(block, 'id');
    if (block['type'] !== 'tool_use' || call_id === undefined) return [];
    return draftOf(scene, {
      type: 'tool_call',
      call_id,
      ...given('tool', nameIn(block, 'name')),
      ...given('arguments', contained(block['input'])),
      status: 'pending',
      attributes: { evidence: 'api_response_body' },
      part: call_id,
      whole: false,
      used: [],
    });
  });
  return drafts.length > 0
    ? drafts
    : 'an answer that asks for no tool: assistant_response tells it';
}

/** The only place where telemetry shows what a tool gave back. */
export function toolSpan(scene: Scene<Span>): Draft[] | string {
  const { attributes, events } = scene.record;
  const call = callOf(attributes);
  if (call.call_id === undefined) return 'it names no call';
  const said = events.find(({ name }) => name === 'tool.output')?.attributes;
  return [
    draftOf(scene, {
      ...call,
      ...given('result', said && contained(said)),
      ...spanDuration(scene.record),
      used: [...CALL, 'tool_name_safe', 'gen_ai.operation.name', 'duration_ms', 'events'],
    }),
  ];
}

export function executionSpan(scene: Scene<Span>): Draft[] | string {
  const { attributes } = scene.record;
  const call_id = nameIn(attributes, 'tool_use_id');
  if (call_id === undefined) return 'it names no call';
  if (flagIn(attributes, 'success') !== false) return 'the log record tool_result says it';
  const used = [...CALL, 'success', 'error', 'error.type', 'duration_ms'];
  return [
    draftOf(scene, {
      type: 'tool_call',
      call_id,
      status: 'error',
      error: errorIn(attributes),
      ...spanDuration(scene.record),
      used,
    }),
  ];
}
