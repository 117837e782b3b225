/** Spans of the Vercel AI SDK under its own names (`ai.*`), as versions up to 6 write them. */
import type { Draft } from '../../event/event.ts';
import type { AdaptContext, Adapted } from '../adapter.ts';
import { given, nameIn, textIn } from '../record.ts';
import {
  draftOf,
  type Family,
  type Mapping,
  type Mappings,
  mapped,
  nameOf,
  parsedIn,
  type Scene,
} from './draft.ts';
import { endOf, outputs, requests, tokensIn } from './gen-ai.ts';
import { lastPrompt } from './message.ts';
import type { Span, Telemetry } from './telemetry.ts';
import { countIn, type Fields } from './value.ts';

const METADATA = 'ai.telemetry.metadata.';
const SESSION = [
  ...['session.id', 'gen_ai.conversation.id', `${METADATA}sessionId`, `${METADATA}session_id`],
  ...[`${METADATA}conversationId`, `${METADATA}threadId`, `${METADATA}chatId`],
];
const BASE = ['operation.name', 'resource.name', 'ai.operationId', 'ai.telemetry.functionId'];

export const aiSdk: Family = {
  owns: ({ kind, attributes }) => kind === 'span' && Object.hasOwn(attributes, 'ai.operationId'),
  adapt,
};

function adapt(record: Telemetry, context: AdaptContext): Adapted {
  if (record.kind === 'log') return { skipped: 'the spans tell of calls' };
  const { attributes, resource, trace_id } = record;
  const session_id = nameOf(record, SESSION) ?? (trace_id && `trace-${trace_id}`);
  if (session_id === undefined) return { skipped: 'it names no session and no trace' };
  const scene = {
    record,
    context,
    runtime: nameIn(resource, 'service.name') === 'opencode' ? 'opencode' : 'ai-sdk',
    session_id,
    agent_name: nameIn(attributes, 'ai.telemetry.functionId'),
    base: BASE,
  };
  const operation = nameIn(attributes, 'ai.operationId') ?? '';
  return mapped<Span>(scene, OPERATIONS.get(operation) ?? OTHER);
}

const OTHER = 'an operation that is no call of a model or a tool';

/** By `ai.operationId`. The inner `do…` spans are the calls of the model's API, one each. */
const OPERATIONS: Mappings<Span> = new Map<string, Mapping<Span>>([
  ['ai.toolCall', toolCall],
  ['ai.generateText', prompt],
  ['ai.streamText', prompt],
  ['ai.generateObject', prompt],
  ['ai.streamObject', prompt],
  ['ai.generateText.doGenerate', modelCall],
  ['ai.streamText.doStream', modelCall],
  ['ai.generateObject.doGenerate', modelCall],
  ['ai.streamObject.doStream', modelCall],
  ['ai.embed.doEmbed', modelCall],
  ['ai.embedMany.doEmbed', modelCall],
  ['ai.embed', 'ai.embed.doEmbed tells of its call'],
  ['ai.embedMany', 'ai.embedMany.doEmbed tells of its calls'],
]);

function toolCall(scene: Scene<Span>): Draft[] {
  const { attributes } = scene.record;
  const result = parsedIn(attributes, 'ai.toolCall.result');
  return [
    draftOf(scene, {
      type: 'tool_call',
      ...given('call_id', nameIn(attributes, 'ai.toolCall.id')),
      ...given('tool', nameIn(attributes, 'ai.toolCall.name')),
      ...given('arguments', parsedIn(attributes, 'ai.toolCall.args')),
      ...given('result', result),
      ...endOf(scene.record, result !== undefined),
      used: ['ai.toolCall.name', 'ai.toolCall.id', 'ai.toolCall.args', 'ai.toolCall.result'],
    }),
  ];
}

/** The outer span: its tokens and its answer are those of the calls in it. */
function prompt(scene: Scene<Span>): Draft[] | string {
  const given_prompt = parsedIn(scene.record.attributes, 'ai.prompt') as Fields | undefined;
  const content =
    textIn(Object(given_prompt), 'prompt') ?? lastPrompt(Object(given_prompt)['messages']);
  if (content === undefined) return 'it shows no prompt; the spans in it tell of the calls';
  return [
    draftOf(scene, { type: 'prompt', content, part: 'prompt', whole: false, used: ['ai.prompt'] }),
  ];
}

const MODEL = [
  ...['ai.model.id', 'ai.prompt.messages', 'ai.prompt.tools', 'ai.prompt.toolChoice'],
  ...['ai.response.id', 'ai.response.model', 'ai.response.text', 'ai.response.toolCalls'],
  ...['ai.usage.inputTokens', 'ai.usage.outputTokens', 'ai.usage.promptTokens'],
  ...['ai.usage.completionTokens', 'gen_ai.response.id', 'gen_ai.response.model'],
  ...['gen_ai.request.model', 'gen_ai.usage.input_tokens', 'gen_ai.usage.output_tokens'],
];

function modelCall(scene: Scene<Span>): Draft[] {
  const { attributes } = scene.record;
  const id = nameIn(attributes, 'gen_ai.response.id') ?? nameIn(attributes, 'ai.response.id');
  const text = textIn(attributes, 'ai.response.text');
  const model = nameIn(attributes, 'ai.response.model') ?? nameIn(attributes, 'ai.model.id');
  const tokens = tokensIn({ ...attributes, ...inConvention(attributes) });
  const call = draftOf(scene, {
    type: 'api_call',
    ...given('call_id', id),
    ...given('model', model),
    ...tokens,
    ...endOf(scene.record, id !== undefined || text !== undefined),
    used: MODEL,
  });
  const asked = parsedIn(attributes, 'ai.response.toolCalls');
  const calls = Array.isArray(asked)
    ? asked.map((each) => ({ ...Object(each), type: 'tool-call' }))
    : [];
  return [
    call,
    ...outputs(scene, text === '' ? undefined : text),
    ...requests(scene, [{ parts: calls }]),
  ];
}

/** Its own names of the token counts, and those of versions up to 4. */
function inConvention(attributes: Fields): Fields {
  const input =
    countIn(attributes, 'ai.usage.inputTokens') ?? countIn(attributes, 'ai.usage.promptTokens');
  const output =
    countIn(attributes, 'ai.usage.outputTokens') ??
    countIn(attributes, 'ai.usage.completionTokens');
  return {
    ...given('gen_ai.usage.input_tokens', input),
    ...given('gen_ai.usage.output_tokens', output),
  };
}
