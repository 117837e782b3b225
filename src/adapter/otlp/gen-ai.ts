/** Spans and events of OpenTelemetry's GenAI and MCP conventions (in development) as events. */
import type { Draft } from '../../event/event.ts';
import type { AdaptContext, Adapted } from '../adapter.ts';
import { given, nameIn, textIn } from '../record.ts';
import {
  draftOf,
  type Facts,
  type Family,
  type Mapping,
  type Mappings,
  mapped,
  nameOf,
  parsedIn,
  type Scene,
  spanDuration,
} from './draft.ts';
import { askedIn, lastPrompt, textOf } from './message.ts';
import type { Telemetry } from './telemetry.ts';
import { countIn, type Fields } from './value.ts';

const BASE = ['event.name', 'gen_ai.conversation.id', 'session.id', 'gen_ai.agent.version'];
const SESSION = ['gen_ai.conversation.id', 'session.id', 'conversation.id', 'thread.id'];

export const genAi: Family = {
  owns: ({ name, attributes }) =>
    name.startsWith('gen_ai.') ||
    Object.hasOwn(attributes, 'gen_ai.operation.name') ||
    Object.hasOwn(attributes, 'gen_ai.tool.name') ||
    Object.hasOwn(attributes, 'mcp.method.name'),
  adapt,
};

function adapt(record: Telemetry, context: AdaptContext): Adapted {
  const { attributes, trace_id } = record;
  const session_id = nameOf(record, SESSION) ?? (trace_id && `trace-${trace_id}`);
  if (session_id === undefined) return { skipped: 'it names no conversation and no trace' };
  const scene = {
    record,
    context,
    // The Vercel AI SDK 7 follows the conventions and names its tracer after them.
    runtime: record.scope === 'gen_ai' ? 'ai-sdk' : 'gen-ai',
    version: nameIn(attributes, 'gen_ai.agent.version'),
    session_id,
    agent_name: nameIn(attributes, 'gen_ai.agent.name'),
    base: BASE,
  };
  return mapped<Telemetry>(scene, OPERATIONS.get(operationOf(record)) ?? OTHER);
}

const OTHER = 'an operation that is no call of a model, a tool or an agent';
const STEP = 'a step of an agent: the calls in it are told of by spans of their own';

/** By `gen_ai.operation.name`, or by `mcp.method.name` where that alone is given. */
const OPERATIONS: Mappings<Telemetry> = new Map<string, Mapping<Telemetry>>([
  ['chat', modelCall],
  ['generate_content', modelCall],
  ['text_completion', modelCall],
  ['embeddings', modelCall],
  ['execute_tool', toolCall],
  ['tools/call', toolCall],
  ['invoke_agent', invokeAgent],
  ['agent_step', STEP],
  ['invoke_workflow', STEP],
]);

function operationOf({ attributes }: Telemetry): string {
  const said = nameIn(attributes, 'gen_ai.operation.name') ?? nameIn(attributes, 'mcp.method.name');
  return said ?? (Object.hasOwn(attributes, 'gen_ai.tool.name') ? 'execute_tool' : '');
}

const MODEL = [
  ...['gen_ai.operation.name', 'gen_ai.request.model', 'gen_ai.response.model'],
  ...['gen_ai.usage.input_tokens', 'gen_ai.usage.output_tokens', 'gen_ai.response.id'],
  ...['gen_ai.output.messages', 'gen_ai.input.messages', 'gen_ai.system_instructions'],
  ...['gen_ai.tool.definitions', 'server.address', 'error.type', 'gen_ai.agent.name'],
];

/** `gen_ai.response.id` is the provider's id of the answer: the model proxy knows it, too. */
export function modelCall(scene: Scene): Draft[] {
  const { record } = scene;
  const { attributes } = record;
  const messages = parsedIn(attributes, 'gen_ai.output.messages');
  const model = nameIn(attributes, 'gen_ai.response.model');
  const answered = nameIn(attributes, 'gen_ai.response.id') ?? messages;
  const call = draftOf(scene, {
    type: 'api_call',
    ...given('call_id', nameIn(attributes, 'gen_ai.response.id')),
    ...given('model', model ?? nameIn(attributes, 'gen_ai.request.model')),
    ...given('destination', nameIn(attributes, 'server.address')),
    ...tokensIn(attributes),
    ...endOf(record, answered !== undefined),
    used: MODEL,
  });
  const alone = record.kind === 'span' && record.parent_span_id === undefined;
  return [
    ...(alone ? prompts(scene) : []),
    call,
    ...outputs(scene, textOf(messages)),
    ...requests(scene, messages),
  ];
}

export function tokensIn(attributes: Fields): Pick<Facts, 'tokens'> {
  const input = countIn(attributes, 'gen_ai.usage.input_tokens');
  const output = countIn(attributes, 'gen_ai.usage.output_tokens');
  if (input === undefined && output === undefined) return {};
  return { tokens: { ...given('input', input), ...given('output', output) } };
}

const TOOL = [
  ...['gen_ai.operation.name', 'gen_ai.tool.name', 'gen_ai.tool.call.id', 'gen_ai.tool.call_id'],
  ...['gen_ai.tool.call.arguments', 'gen_ai.tool.call.result', 'error.type', 'gen_ai.agent.name'],
  'gen_ai.tool.description',
];

function toolCall(scene: Scene): Draft[] {
  const { attributes } = scene.record;
  const id = nameIn(attributes, 'gen_ai.tool.call.id') ?? nameIn(attributes, 'gen_ai.tool.call_id');
  const result = parsedIn(attributes, 'gen_ai.tool.call.result');
  return [
    draftOf(scene, {
      type: 'tool_call',
      ...given('call_id', id ?? (scene.record.span_id && `span-${scene.record.span_id}`)),
      ...given('tool', nameIn(attributes, 'gen_ai.tool.name')),
      ...given('arguments', parsedIn(attributes, 'gen_ai.tool.call.arguments')),
      ...given('result', result),
      ...endOf(scene.record, result !== undefined),
      used: TOOL,
    }),
  ];
}

const AGENT = ['gen_ai.operation.name', 'gen_ai.agent.name', 'error.type'];
const SUMS = ['gen_ai.usage.input_tokens', 'gen_ai.usage.output_tokens', 'gen_ai.output.messages'];

/** Its tokens are the sum of those of the model calls in it, and its output is the last one's. */
function invokeAgent(scene: Scene): Draft[] {
  const { record } = scene;
  const invoked = draftOf(scene, {
    type: 'task',
    operation: 'invoke_agent',
    ...endOf(record, false),
    detail: `The agent ${scene.agent_name ?? 'without a name'} was invoked.`,
    part: 'agent',
    used: [...AGENT, ...SUMS, 'gen_ai.input.messages', 'gen_ai.system_instructions'],
  });
  return [...prompts(scene), invoked];
}

function prompts(scene: Scene): Draft[] {
  const content = lastPrompt(parsedIn(scene.record.attributes, 'gen_ai.input.messages'));
  if (content === undefined) return [];
  return [draftOf(scene, { type: 'prompt', content, part: 'prompt', whole: false, used: [] })];
}

export function outputs(scene: Scene, content: string | undefined): Draft[] {
  if (content === undefined) return [];
  return [draftOf(scene, { type: 'output', content, part: 'output', whole: false, used: [] })];
}

/** What the model asked for: the only trace of calls that never ran. */
export function requests(scene: Scene, messages: unknown): Draft[] {
  return askedIn(messages).map(({ call_id, tool, arguments: args }) =>
    draftOf(scene, {
      type: 'tool_call',
      call_id,
      ...given('tool', tool),
      ...given('arguments', args),
      status: 'pending',
      attributes: { evidence: 'output_messages' },
      part: call_id,
      whole: false,
      used: [],
    }),
  );
}

/**
 * How it ended. A span that says neither ok nor error has not failed as far as its maker knows:
 * a success only where its result was seen.
 */
export function endOf(record: Telemetry, seen: boolean): Partial<Draft> {
  const { attributes } = record;
  const code = nameIn(attributes, 'error.type');
  const status = record.kind === 'span' ? record.status : { code: 0, message: '' };
  const duration = record.kind === 'span' ? spanDuration(record) : {};
  if (status.code === 2 || code !== undefined) {
    const message = status.message || textIn(attributes, 'error.message');
    return {
      ...duration,
      status: 'error',
      error: { ...given('code', code), ...given('message', message) },
    };
  }
  return { ...duration, status: status.code === 1 || seen ? 'success' : 'unknown' };
}
