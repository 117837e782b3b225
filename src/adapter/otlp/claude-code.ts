/** Claude Code 2.1's log records and spans as events; its metrics say nothing beyond them. */
import type { Draft } from '../../event/event.ts';
import type { AdaptContext, Adapted } from '../adapter.ts';
import { given, nameIn, textIn } from '../record.ts';
import {
  decision,
  errorIn,
  executionSpan,
  requests,
  result,
  toolSpan,
} from './claude-code-call.ts';
import {
  draftOf,
  type Family,
  type Mapping,
  type Mappings,
  mapped,
  nameOf,
  noted,
  type Scene,
  spanDuration,
} from './draft.ts';
import type { Log, Span, Telemetry } from './telemetry.ts';
import { countIn, type Fields, flagIn } from './value.ts';

const RUNTIME = 'claude-code';

const BASE = [
  ...['event.name', 'event.timestamp', 'event.sequence', 'session.id', 'prompt.id', 'agent_id'],
  ...['gen_ai.conversation.id', 'gen_ai.system', 'gen_ai.provider.name', 'span.type'],
];

export const claudeCode: Family = {
  owns: ({ scope }) => scope.startsWith('com.anthropic.claude_code'),
  adapt,
};

function adapt(record: Telemetry, context: AdaptContext): Adapted {
  const session_id = nameOf(record, ['session.id', 'gen_ai.conversation.id']);
  if (session_id === undefined) return { skipped: 'it names no session' };
  const { attributes, resource } = record;
  const place = {
    context,
    runtime: RUNTIME,
    version: nameIn(resource, 'service.version'),
    session_id,
    agent_id: nameIn(attributes, 'agent_id'),
    agent_name: nameIn(attributes, 'agent.name') ?? nameIn(attributes, 'agent_type'),
    turn_id: nameIn(attributes, 'prompt.id'),
    base: BASE,
  };
  if (record.kind === 'span') {
    return mapped<Span>({ ...place, record }, SPANS.get(record.name) ?? UNKNOWN_SPAN);
  }
  return mapped<Log>({ ...place, record }, LOGS.get(bareName(record.name)) ?? unknown);
}

/** Of later versions: kept whole. */
const unknown: Mapping<Log> = (scene) =>
  noted(scene, 'A telemetry event that this version of Claw does not know');
const UNKNOWN_SPAN = 'an inner step: the log records tell of calls, models and prompts';
const HOOKS = 'about the running of hooks, not about what the agent did';
const START = 'a setting at the start, which says nothing of what the agent did';

/** By `event.name`; docs.claude.com, "Monitoring usage". */
const LOGS: Mappings<Log> = new Map<string, Mapping<Log>>([
  ['user_prompt', prompt],
  ['tool_decision', decision],
  ['tool_result', result],
  ['api_request', (scene) => modelCall(scene, 'success')],
  ['api_error', (scene) => modelCall(scene, 'error')],
  ['api_refusal', (scene) => modelCall(scene, 'error')],
  ['api_request_body', 'it repeats the whole conversation, which the other records tell'],
  ['api_response_body', requests],
  ['assistant_response', output],
  ['subagent_completed', subagentEnd],
  ['mcp_server_connection', connection],
  ['plugin_loaded', (scene) => noted(scene, 'A plugin was loaded', named(scene, 'plugin.name'))],
  [
    'plugin_installed',
    (scene) => noted(scene, 'A plugin was installed', named(scene, 'plugin.name')),
  ],
  ['skill_activated', (scene) => noted(scene, 'A skill was activated', named(scene, 'skill.name'))],
  ['permission_mode_changed', (scene) => noted(scene, 'The permission mode changed')],
  ['compaction', (scene) => noted(scene, 'The conversation was compacted')],
  ['internal_error', (scene) => noted(scene, 'The runtime failed inside')],
  ['api_retries_exhausted', 'api_error tells of each failed attempt'],
  ['hook_registered', HOOKS],
  ['hook_execution_start', HOOKS],
  ['hook_execution_complete', HOOKS],
  ['hook_plugin_metrics', HOOKS],
  ['managed_settings_resolved', START],
  ['feedback_survey', 'an answer to a survey'],
]);

const SPANS: Mappings<Span> = new Map<string, Mapping<Span>>([
  ['claude_code.tool', toolSpan],
  ['claude_code.tool.execution', executionSpan],
  ['claude_code.llm_request', modelSpan],
  ['claude_code.tool.blocked_on_user', 'the log record tool_decision of the call says it'],
  ['claude_code.interaction', 'the log record user_prompt of the turn says it'],
]);

function named({ record }: Scene<Log>, key: string): string | undefined {
  return nameIn(record.attributes, key);
}

function bareName(name: string): string {
  return name.replace(/^claude_code\./, '');
}

function prompt(scene: Scene<Log>): Draft[] {
  const { attributes } = scene.record;
  const content = textIn(attributes, 'prompt') ?? textIn(attributes, 'prompt_text');
  const task = content?.startsWith('<task-notification>') === true;
  const used = ['body', 'prompt', 'prompt_text', 'prompt_length'];
  return [
    draftOf(scene, {
      type: 'prompt',
      ...given('content', content === '<REDACTED>' ? undefined : content),
      ...(task ? { channel: 'task_notification' } : {}),
      used,
    }),
  ];
}

function output(scene: Scene<Log>): Draft[] {
  const { attributes } = scene.record;
  const used = ['body', 'response', 'response_length', 'model'];
  return [
    draftOf(scene, {
      type: 'output',
      ...given('content', textIn(attributes, 'response')),
      ...given('model', nameIn(attributes, 'model')),
      used,
    }),
  ];
}

/** `request_id` is what the API answers in its header: by it the model proxy knows the call. */
function modelCall(scene: Scene<Log>, status: 'success' | 'error'): Draft[] {
  const { attributes } = scene.record;
  const code = countIn(attributes, 'status_code');
  const used = [
    ...['model', 'duration_ms', 'input_tokens', 'output_tokens', 'request_id', 'body'],
    ...['cost_usd', 'cost_usd_micros', 'status_code'],
    ...(status === 'error' ? ['error', 'error_type'] : []),
  ];
  return [
    draftOf(scene, {
      ...modelFacts(attributes),
      status,
      ...(status === 'error' ? { error: errorIn(attributes) } : {}),
      ...given('status_code', code),
      ...given('duration_ms', countIn(attributes, 'duration_ms')),
      attributes: given('cost_usd', countIn(attributes, 'cost_usd')),
      used,
    }),
  ];
}

function modelFacts(attributes: Fields) {
  const input = countIn(attributes, 'input_tokens');
  const produced = countIn(attributes, 'output_tokens');
  const tokens = { ...given('input', input), ...given('output', produced) };
  return {
    type: 'api_call',
    ...given('call_id', nameIn(attributes, 'request_id')),
    ...given('model', nameIn(attributes, 'model')),
    ...(Object.keys(tokens).length > 0 ? { tokens } : {}),
  } as const;
}

function subagentEnd(scene: Scene<Log>): Draft[] {
  const { attributes } = scene.record;
  if (scene.agent_id === undefined) return noted(scene, 'A sub-agent stopped');
  const total = countIn(attributes, 'total_tokens');
  return [
    draftOf(scene, {
      type: 'session',
      operation: 'end',
      detail: 'A sub-agent stopped.',
      ...given('model', nameIn(attributes, 'model')),
      ...given('duration_ms', countIn(attributes, 'duration_ms')),
      ...(total === undefined ? {} : { tokens: { total } }),
      used: ['model', 'duration_ms', 'total_tokens', 'agent_type', 'body'],
    }),
  ];
}

function connection(scene: Scene<Log>): Draft[] {
  const { attributes } = scene.record;
  const state = nameIn(attributes, 'status') ?? 'unknown';
  const server = nameIn(attributes, 'server_name');
  return [
    draftOf(scene, {
      type: 'session',
      operation: `mcp_${state}`.slice(0, 100),
      detail: `MCP server ${server ?? 'without a name'}: ${state}.`,
      ...(server && { resources: [{ kind: 'mcp_server', id: server, access: 'execute' }] }),
      ...(state === 'failed' ? { status: 'error', error: errorIn(attributes) } : {}),
      used: ['status', 'server_name', 'body'],
    }),
  ];
}

function modelSpan(scene: Scene<Span>): Draft[] | string {
  const { attributes } = scene.record;
  const facts = modelFacts(attributes);
  if (facts.call_id === undefined) return 'it names no request: api_error tells of it';
  const success = flagIn(attributes, 'success');
  const used = ['model', 'input_tokens', 'output_tokens', 'request_id', 'gen_ai.request.model'];
  return [
    draftOf(scene, {
      ...facts,
      status: success === undefined ? 'unknown' : success ? 'success' : 'error',
      ...spanDuration(scene.record),
      used: [...used, 'gen_ai.response.id', 'duration_ms', 'success'],
    }),
  ];
}
