/** Gemini CLI's log records and spans as events: log records name no call ids, spans do. */
import type { Draft, Event, Status } from '../../event/event.ts';
import { isObject } from '../../event/name.ts';
import type { AdaptContext, Adapted } from '../adapter.ts';
import { contained, given, nameIn, textIn } from '../record.ts';
import {
  callIdOf,
  draftOf,
  type Family,
  type Mapping,
  type Mappings,
  mapped,
  nameOf,
  noted,
  parsedIn,
  type Scene,
  spanDuration,
} from './draft.ts';
import { outputs, tokensIn } from './gen-ai.ts';
import { textOf } from './message.ts';
import type { Log, Span, Telemetry } from './telemetry.ts';
import { countIn, type Fields, flagIn } from './value.ts';

const RUNTIME = 'gemini';
const SHELL = 'run_shell_command';

const BASE = [
  ...['event.name', 'event.timestamp', 'session.id', 'gen_ai.conversation.id', 'prompt_id'],
  ...['gen_ai.agent.name', 'gen_ai.agent.description', 'gen_ai.operation.name', 'auth_type'],
];

export const gemini: Family = {
  owns: ({ scope, name }) => scope === 'gemini-cli' || name.startsWith('gemini_cli.'),
  adapt,
};

function adapt(record: Telemetry, context: AdaptContext): Adapted {
  const session_id = nameOf(record, ['session.id', 'gen_ai.conversation.id']);
  if (session_id === undefined) return { skipped: 'it names no session' };
  const turn_id = nameIn(record.attributes, 'prompt_id');
  // Its `service.version` is that of Node.js.
  const place = { context, runtime: RUNTIME, session_id, turn_id, base: BASE };
  if (record.kind === 'span') {
    return mapped<Span>({ ...place, record }, SPANS.get(record.name) ?? UNKNOWN_SPAN);
  }
  return mapped<Log>({ ...place, record }, LOGS.get(record.name) ?? unknown);
}

const unknown: Mapping<Log> = (scene) =>
  noted(scene, 'A telemetry event that this version of Claw does not know');
const UNKNOWN_SPAN = 'an inner step: the log records tell of calls, models and prompts';
const INNER = 'about how the runtime works inside, not about what the agent did';

/** By `event.name`; docs/cli/telemetry.md of google-gemini/gemini-cli. */
const LOGS: Mappings<Log> = new Map<string, Mapping<Log>>([
  ['gemini_cli.config', start],
  ['gemini_cli.user_prompt', prompt],
  ['gemini_cli.tool_call', toolCall],
  ['gen_ai.client.inference.operation.details', answer],
  ['gemini_cli.api_error', modelError],
  ['gemini_cli.api_request', 'the record of its answer tells of it'],
  ['gemini_cli.api_response', 'gen_ai.client.inference.operation.details tells of it with its id'],
  ['gemini_cli.hook_call', 'about the running of a hook, and it repeats what the hook was given'],
  ['gemini_cli.file_operation', 'the tool_call that did it names the file'],
  ['gemini_cli.startup_stats', INNER],
  ['gemini_cli.ripgrep_fallback', INNER],
  ['gemini_cli.model_routing', INNER],
  ['gemini_cli.edit_strategy', INNER],
  ['gemini_cli.web_fetch_fallback_attempt', INNER],
  ['gemini_cli.plan.approval_mode_duration', INNER],
  ['gemini_cli.tool_output_truncated', INNER],
  ['gemini_cli.next_speaker_check', INNER],
]);

const SPANS: Mappings<Span> = new Map<string, Mapping<Span>>([
  ['tool_call', toolSpan],
  ['llm_call', 'the log record gen_ai.client.inference.operation.details tells of it with its id'],
  ['schedule_tool_calls', 'the spans and log records of the calls in it tell of them'],
]);

function start(scene: Scene<Log>): Draft[] {
  return [
    draftOf(scene, {
      type: 'session',
      operation: 'start',
      detail: 'The session starts.',
      ...given('model', nameIn(scene.record.attributes, 'model')),
      used: ['model', 'body'],
    }),
  ];
}

function prompt(scene: Scene<Log>): Draft[] {
  const content = textIn(scene.record.attributes, 'prompt');
  const used = ['prompt', 'prompt_length', 'body'];
  return [draftOf(scene, { type: 'prompt', ...given('content', content), used })];
}

const LOG_CALL = ['function_name', 'function_args', 'duration_ms', 'success', 'decision', 'body'];
const LOG_ERROR = ['error', 'error.message', 'error_type', 'error.type'];

function toolCall(scene: Scene<Log>): Draft[] {
  const { attributes } = scene.record;
  const tool = nameIn(attributes, 'function_name') ?? 'unknown';
  const args = parsedIn(attributes, 'function_args');
  const metadata = parsedIn(attributes, 'metadata');
  const success = flagIn(attributes, 'success');
  const end = endOf({
    tool,
    args,
    said: success === undefined ? undefined : success ? 'success' : 'error',
    exit: isObject(metadata) ? countIn(metadata, 'exitCode') : undefined,
    message: textIn(attributes, 'error') ?? textIn(attributes, 'error.message'),
    code: nameIn(attributes, 'error_type') ?? nameIn(attributes, 'error.type'),
  });
  const decision = end.decision ?? decisionIn(attributes);
  const rejected = decision?.outcome === 'deny' ? { status: 'blocked' as const } : {};
  return [
    draftOf(scene, {
      type: 'tool_call',
      ...given('call_id', callIdOf(scene, { tool, arguments: args })),
      tool,
      ...given('arguments', args),
      ...end,
      ...rejected,
      ...given('decision', decision),
      ...given('duration_ms', countIn(attributes, 'duration_ms')),
      attributes: given('decided', textIn(attributes, 'decision')),
      used: [...LOG_CALL, ...(end.error || end.decision ? LOG_ERROR : [])],
    }),
  ];
}

type Decided = NonNullable<Event['decision']>;

/** Without a terminal nobody can be asked: then the configuration's answer stands. */
function decisionIn(attributes: Fields): Decided | undefined {
  const said = textIn(attributes, 'decision');
  if (said === undefined) return undefined;
  const asked = flagIn(attributes, 'interactive') === true;
  if (said === 'reject') {
    return { outcome: 'deny', ...(asked ? { by: 'human' } : {}) };
  }
  if (said === 'modify') return { outcome: 'permit', ...(asked ? { by: 'human' } : {}) };
  if (said !== 'accept' && said !== 'auto_accept') return {};
  const config = said === 'auto_accept' || !asked;
  return { outcome: 'permit', ...(config ? { by: 'config' } : {}) };
}

type Ended = {
  readonly tool: string;
  readonly args: unknown;
  /** As the record says: `success`, `error`, `cancelled`. */
  readonly said: string | undefined;
  readonly exit: number | undefined;
  readonly message: string | undefined;
  readonly code: string | undefined;
};

/** A shell that failed is reported as a success; its exit code is given where it is not 0. */
function endOf({ tool, args, said, exit, message, code }: Ended): Partial<Draft> {
  if (said === 'success') {
    if (exit !== undefined && exit !== 0)
      return { status: 'error', error: { code: `exit_${exit}` } };
    const background = isObject(args) && args['is_background'] === true;
    return { status: tool === SHELL && background ? 'pending' : 'success' };
  }
  const by = code === 'policy_violation' ? blockedBy(message ?? '') : undefined;
  if (by !== undefined) {
    return { status: 'blocked', decision: { outcome: 'deny', by, ...given('reason', message) } };
  }
  if (said === 'cancelled') return { status: 'error', error: { code: 'cancelled' } };
  if (said !== 'error') return { status: 'unknown' };
  return { status: 'error', error: { ...given('code', code), ...given('message', message) } };
}

/** The runtime's own sentences, for what never ran. */
function blockedBy(message: string): 'hook' | 'config' {
  return /^Tool execution blocked: /.test(message) ? 'hook' : 'config';
}

const SPAN_CALL = [
  ...['gen_ai.tool.name', 'gen_ai.tool.call_id', 'gen_ai.tool.call.id'],
  ...['gen_ai.tool.description', 'gen_ai.input.messages', 'gen_ai.output.messages'],
];

/** The only place where telemetry shows what a tool gave back. */
function toolSpan(scene: Scene<Span>): Draft[] | string {
  const { attributes } = scene.record;
  const tool = nameIn(attributes, 'gen_ai.tool.name');
  if (tool === undefined) return 'it names no tool';
  const request = fieldsIn(attributes, 'gen_ai.input.messages');
  const answered = fieldsIn(attributes, 'gen_ai.output.messages');
  const response = fieldsOf(answered['response']);
  const id = nameIn(attributes, 'gen_ai.tool.call_id') ?? nameIn(request, 'callId');
  const args = request['args'];
  const call_id = callIdOf(scene, { tool, arguments: args, ...given('id', id) });
  const end = endOf({
    tool,
    args,
    said: textIn(answered, 'status'),
    exit: countIn(fieldsOf(response['data']), 'exitCode'),
    message: textIn(response, 'resultDisplay'),
    code: nameIn(response, 'errorType'),
  });
  return [
    draftOf(scene, {
      type: 'tool_call',
      ...given('call_id', call_id),
      tool,
      ...given('arguments', contained(args)),
      ...given('result', contained(resultIn(response))),
      ...end,
      ...spanDuration(scene.record),
      attributes: {
        ...(id === undefined || id === call_id ? {} : { model_call_id: id }),
        ...given('approval', nameIn(answered, 'outcome')),
      },
      used: SPAN_CALL,
    }),
  ];
}

function resultIn(response: Fields): unknown {
  const parts = response['responseParts'];
  if (!Array.isArray(parts)) return undefined;
  const given_back = parts.filter(isObject).map((part) => {
    const of = fieldsOf(part['functionResponse']);
    return of['response'] ?? part;
  });
  return given_back.length === 1 ? given_back[0] : given_back;
}

/** Told twice, before and after: the second has the answer. */
function answer(scene: Scene<Log>): Draft[] | string {
  const { attributes } = scene.record;
  const id = nameIn(attributes, 'gen_ai.response.id');
  const messages = parsedIn(attributes, 'gen_ai.output.messages');
  if (id === undefined && messages === undefined) return 'the same record with its answer follows';
  const model = nameIn(attributes, 'gen_ai.response.model');
  const call = draftOf(scene, {
    type: 'api_call',
    ...given('call_id', id),
    ...given('model', model ?? nameIn(attributes, 'gen_ai.request.model')),
    ...given('destination', nameIn(attributes, 'server.address')),
    ...tokensIn(attributes),
    status: 'success',
    used: [
      ...['gen_ai.response.id', 'gen_ai.response.model', 'gen_ai.request.model', 'body'],
      ...['gen_ai.system_instructions', 'gen_ai.input.messages', 'gen_ai.output.messages'],
      ...['gen_ai.usage.input_tokens', 'gen_ai.usage.output_tokens', 'server.address'],
    ],
  });
  return [call, ...outputs(scene, textOf(messages))];
}

function modelError(scene: Scene<Log>): Draft[] {
  const { attributes } = scene.record;
  const status: Status = 'error';
  const code = nameIn(attributes, 'error_type') ?? nameIn(attributes, 'error.type');
  const message = textIn(attributes, 'error') ?? textIn(attributes, 'error.message');
  return [
    draftOf(scene, {
      type: 'api_call',
      status,
      ...given('model', nameIn(attributes, 'model')),
      ...given('status_code', countIn(attributes, 'status_code')),
      ...given('duration_ms', countIn(attributes, 'duration_ms')),
      error: { ...given('code', code), ...given('message', message) },
      used: ['model', 'status_code', 'duration_ms', 'body', ...LOG_ERROR],
    }),
  ];
}

function fieldsIn(attributes: Fields, key: string): Fields {
  return fieldsOf(parsedIn(attributes, key));
}

function fieldsOf(value: unknown): Fields {
  return isObject(value) ? value : {};
}
