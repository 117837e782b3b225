/** Reads the OpenAI Responses API: `POST /v1/responses`, whole and streamed. */
import { isObject } from '../../event/name.ts';
import { fit, given, nameIn, textIn } from '../record.ts';
import {
  type Asked,
  argumentsOf,
  countIn,
  errorIn,
  type Fields,
  type Message,
  type ModelAnswer,
  type ModelApi,
  type ModelRequest,
  objectIn,
  objectsIn,
  type StreamReader,
  type Told,
  tokensOf,
} from './api.ts';

export const responses: ModelApi = {
  name: 'openai.responses',
  vendor: 'openai',
  handles: (path) => path.endsWith('/responses'),
  request,
  answer: (body) => answerOf(isObject(body) ? body : {}, new Map()),
  stream,
};

function request(body: Fields): ModelRequest {
  const { input } = body;
  const items =
    typeof input === 'string' ? [{ role: 'user', content: input }] : objectsIn(body, 'input');
  const instructions = textIn(body, 'instructions');
  const messages: Message[] =
    instructions === undefined ? [] : [{ role: 'system', text: instructions, index: -1 }];
  const calls = new Map<string, Asked>();
  const told: Told[] = [];
  let answered = -1;
  for (const [index, item] of items.entries()) {
    const type = kindOf(item);
    if (type === 'message' && item['role'] !== 'assistant') {
      const system = item['role'] === 'system' || item['role'] === 'developer';
      const role = system ? 'system' : 'user';
      for (const text of textsOf(item['content'])) messages.push({ role, text, index });
    } else if (type.endsWith('_output')) {
      told.push(toldOf(item, calls.get(nameIn(item, 'call_id') ?? '')));
    } else {
      answered = index;
      const call = type.endsWith('_call') ? callOf(item, type) : undefined;
      if (call?.call_id !== undefined) calls.set(call.call_id, call);
    }
  }
  const tools = objectsIn(body, 'tools').length > 0;
  return { model: nameIn(body, 'model'), messages, answered, told, tools, body };
}

/** A message may come without its type. */
export function kindOf(item: Fields): string {
  return textIn(item, 'type') ?? 'message';
}

function textsOf(content: unknown): string[] {
  if (typeof content === 'string') return [content];
  if (!Array.isArray(content)) return [];
  return content
    .filter(isObject)
    .map(
      (part) =>
        textIn(part, 'text') ?? textIn(part, 'refusal') ?? `[${textIn(part, 'type') ?? 'unknown'}]`,
    );
}

function toldOf(item: Fields, call: Asked | undefined): Told {
  const { output } = item;
  return {
    call_id: nameIn(item, 'call_id'),
    tool: call?.tool,
    arguments: call?.arguments,
    result: output ?? item['tools'] ?? null,
  };
}

/** Keys of a call's item that are no arguments. */
const HEAD = new Set(['id', 'type', 'status', 'call_id', 'name', 'namespace', 'output', 'error']);

/** `function_call`, `custom_tool_call`, `local_shell_call`, `web_search_call` and their like. */
export function callOf(item: Fields, type: string): Asked {
  const name = nameIn(item, 'name') ?? type.slice(0, -'_call'.length);
  const space = nameIn(item, 'namespace') ?? serverOf(item, type);
  const text = textIn(item, 'arguments');
  const rest = Object.entries(item).filter(([key]) => !HEAD.has(key));
  return {
    call_id: nameIn(item, 'call_id') ?? nameIn(item, 'id'),
    tool: space === undefined ? name : fit(`${space}__${name}`),
    arguments:
      text !== undefined
        ? argumentsOf(text)
        : (item['input'] ?? item['action'] ?? Object.fromEntries(rest)),
  };
}

function serverOf(item: Fields, type: string): string | undefined {
  const label = type === 'mcp_call' ? nameIn(item, 'server_label') : undefined;
  return label === undefined ? undefined : `mcp__${label}`;
}

/** Calls that the vendor runs itself: their item says what came of them. */
export const HOSTED: ReadonlySet<string> = new Set([
  'web_search_call',
  'file_search_call',
  'code_interpreter_call',
  'image_generation_call',
  'mcp_call',
]);

function hostedResult(item: Fields): Told[] {
  const type = kindOf(item);
  if (!HOSTED.has(type)) return [];
  const { call_id, tool } = callOf(item, type);
  const { output, outputs, results, result, error, status } = item;
  const failed = status === 'failed' || (error !== undefined && error !== null);
  const ended = failed ? 'error' : status === 'completed' ? 'success' : undefined;
  const came = output ?? outputs ?? results ?? result ?? error ?? null;
  return [{ call_id, tool, arguments: undefined, result: came, status: ended }];
}

function answerOf(body: Fields, times: ReadonlyMap<string, number>): ModelAnswer {
  const items = objectsIn(body, 'output');
  const usage = objectIn(body, 'usage');
  const status = nameIn(body, 'status');
  const asked = items
    .filter((item) => kindOf(item).endsWith('_call'))
    .map((item) => callOf(item, kindOf(item)))
    .map((call) => ({ ...call, at_ms: times.get(call.call_id ?? '') }));
  const reasons = items.filter((item) => kindOf(item) === 'reasoning');
  const reason = nameIn(objectIn(body, 'incomplete_details'), 'reason');
  return {
    id: nameIn(body, 'id'),
    model: nameIn(body, 'model'),
    text: items
      .filter((item) => kindOf(item) === 'message')
      .flatMap((item) => textsOf(item['content']))
      .join('\n'),
    thinking: reasons
      .flatMap((item) => [...textsOf(item['summary']), ...textsOf(item['content'])])
      .join('\n'),
    asked,
    told: items.flatMap(hostedResult),
    tokens: tokensOf(
      countIn(usage, 'input_tokens'),
      countIn(usage, 'output_tokens'),
      countIn(usage, 'total_tokens'),
    ),
    attributes: {
      ...given('stop_reason', reason ?? status),
      ...(Object.keys(usage).length === 0 ? {} : { usage }),
    },
    error: errorIn(body),
    finished: status === 'completed' || status === 'incomplete',
  };
}

export const ENDINGS: ReadonlySet<string> = new Set([
  'response.completed',
  'response.failed',
  'response.incomplete',
]);

/** The last word is the ending's; items count where it has none, or never came. */
function stream(): StreamReader {
  const items = new Map<unknown, Fields>();
  const times = new Map<string, number>();
  let head: Fields = {};
  let broken: Fields = {};
  return {
    push: (data, at_ms) => {
      if (!isObject(data)) return;
      const type = textIn(data, 'type') ?? '';
      if (ENDINGS.has(type) || type === 'response.created') head = objectIn(data, 'response');
      else if (type === 'response.output_item.done') {
        const item = objectIn(data, 'item');
        items.set(data['output_index'] ?? items.size, item);
        times.set(nameIn(item, 'call_id') ?? nameIn(item, 'id') ?? '', at_ms);
      } else if (type === 'error') broken = { error: data['error'] ?? data };
    },
    answer: () => {
      const whole = objectsIn(head, 'output');
      const output = whole.length > 0 ? whole : [...items.values()];
      return answerOf({ ...head, ...broken, output }, times);
    },
  };
}
