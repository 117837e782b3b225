/** Reads the OpenAI Chat Completions API, which many vendors speak: whole and streamed. */
import { isObject } from '../../event/name.ts';
import { given, nameIn, textIn } from '../record.ts';
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

export const chat: ModelApi = {
  name: 'openai.chat_completions',
  vendor: 'openai',
  handles: (path) => path.endsWith('/chat/completions'),
  request,
  answer: (body) => answerOf(isObject(body) ? body : {}, new Map()),
  stream,
};

type Call = { readonly tool: string; readonly arguments: unknown };

function request(body: Fields): ModelRequest {
  const calls = new Map<string, Call>();
  const messages: Message[] = [];
  const told: Told[] = [];
  let answered = -1;
  for (const [index, message] of objectsIn(body, 'messages').entries()) {
    const { role } = message;
    if (role === 'assistant') {
      answered = index;
      for (const { call_id, ...call } of callsOf(message)) calls.set(call_id ?? '', call);
    } else if (role === 'tool' || role === 'function') {
      const call_id = nameIn(message, 'tool_call_id');
      const call = calls.get(call_id ?? '');
      const tool = call?.tool ?? nameIn(message, 'name');
      const result = plain(message['content']);
      told.push({ call_id, tool, arguments: call?.arguments, result });
    } else {
      const from = role === 'system' || role === 'developer' ? 'system' : 'user';
      for (const text of textsOf(message['content'])) messages.push({ role: from, text, index });
    }
  }
  const tools = ['tools', 'functions'].some((key) => objectsIn(body, key).length > 0);
  return { model: nameIn(body, 'model'), messages, answered, told, tools, body };
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

/** A result of one text part alone is that text. */
function plain(content: unknown): unknown {
  const only = Array.isArray(content) && content.length === 1 ? content[0] : undefined;
  return (isObject(only) ? textIn(only, 'text') : undefined) ?? content ?? null;
}

/** What a whole message asks for. */
export function callsOf(message: Fields): Asked[] {
  const calls = objectsIn(message, 'tool_calls').map((call): Asked => {
    const custom = objectIn(call, 'custom');
    const called = objectIn(call, 'function');
    const input = textIn(custom, 'input') ?? argumentsOf(textIn(called, 'arguments') ?? '');
    const tool = nameIn(custom, 'name') ?? nameIn(called, 'name') ?? 'unknown';
    return { call_id: nameIn(call, 'id'), tool, arguments: input };
  });
  const old = objectIn(message, 'function_call');
  const tool = nameIn(old, 'name');
  if (tool === undefined) return calls;
  const called = argumentsOf(textIn(old, 'arguments') ?? '');
  return [...calls, { call_id: undefined, tool, arguments: called }];
}

function answerOf(body: Fields, times: ReadonlyMap<string, number>): ModelAnswer {
  const choices = objectsIn(body, 'choices');
  const said = choices.map((choice) => objectIn(choice, 'message'));
  const usage = objectIn(body, 'usage');
  const stop = choices.map((choice) => nameIn(choice, 'finish_reason')).find((one) => one);
  const error = errorIn(body);
  const texts = (key: string) => said.flatMap((one) => textsOf(one[key])).filter((one) => one);
  return {
    id: nameIn(body, 'id'),
    model: nameIn(body, 'model'),
    text: [...texts('content'), ...texts('refusal')].join('\n'),
    thinking: [...texts('reasoning_content'), ...texts('reasoning')].join('\n'),
    asked: said.flatMap(callsOf).map((call) => ({ ...call, at_ms: times.get(call.call_id ?? '') })),
    told: [],
    tokens: tokensOf(
      countIn(usage, 'prompt_tokens'),
      countIn(usage, 'completion_tokens'),
      countIn(usage, 'total_tokens'),
    ),
    attributes: {
      ...given('stop_reason', stop),
      ...(Object.keys(usage).length === 0 ? {} : { usage }),
    },
    error,
    finished: error === undefined && stop !== undefined,
  };
}

type Growing = {
  readonly texts: Map<string, string[]>;
  readonly calls: Map<string, GrowingCall>;
  stop: string | undefined;
};

type GrowingCall = {
  id: string | undefined;
  name: string;
  readonly pieces: string[];
  at_ms: number;
  custom: boolean;
};

function stream(): StreamReader {
  const choices = new Map<unknown, Growing>();
  let head: Record<string, unknown> = {};
  return {
    push: (data, at_ms) => {
      if (!isObject(data)) return;
      const { choices: parts, ...rest } = data;
      // The last chunk may have the usage alone, the others `usage: null`.
      const known = Object.entries(rest).filter(([, value]) => value !== null && value !== '');
      head = { ...head, ...Object.fromEntries(known) };
      for (const part of Array.isArray(parts) ? parts.filter(isObject) : []) {
        const choice = choices.get(part['index']) ?? begun();
        choices.set(part['index'], choice);
        choice.stop = nameIn(part, 'finish_reason') ?? choice.stop;
        grow(choice, objectIn(part, 'delta'), at_ms);
      }
    },
    answer: () => {
      const times = new Map<string, number>();
      const whole = [...choices.values()].map((choice) => choiceOf(choice, times));
      return answerOf({ ...head, choices: whole }, times);
    },
  };
}

function begun(): Growing {
  return { texts: new Map(), calls: new Map(), stop: undefined };
}

/** The one call that older answers may ask for has no number. */
const OLD = 'old';
const TEXTS = ['content', 'refusal', 'reasoning_content', 'reasoning'];

function grow(choice: Growing, delta: Fields, at_ms: number): void {
  for (const key of TEXTS) {
    const piece = textIn(delta, key);
    if (piece === undefined) continue;
    const pieces = choice.texts.get(key) ?? [];
    pieces.push(piece);
    choice.texts.set(key, pieces);
  }
  const old = objectIn(delta, 'function_call');
  if (Object.keys(old).length > 0) growCall(choice, { index: OLD, function: old }, at_ms);
  for (const part of objectsIn(delta, 'tool_calls')) growCall(choice, part, at_ms);
}

/**
 * Which call a part of a stream belongs to. Some vendors number no calls: a new id begins one, a
 * part without belongs to the last.
 */
export function callKey(part: Fields, known: Iterable<string>): string | undefined {
  const index = part['index'] ?? nameIn(part, 'id');
  return index === undefined ? [...known].at(-1) : JSON.stringify(index);
}

function growCall(choice: Growing, part: Fields, at_ms: number): void {
  const id = nameIn(part, 'id');
  const key = callKey(part, choice.calls.keys());
  if (key === undefined) return;
  const custom = objectIn(part, 'custom');
  const called = objectIn(part, 'function');
  const call = choice.calls.get(key) ?? { id, name: '', pieces: [], at_ms, custom: false };
  choice.calls.set(key, call);
  call.id ??= id;
  call.at_ms = at_ms;
  call.custom ||= Object.keys(custom).length > 0;
  // A name comes whole; who sends it with each part must not make it grow.
  call.name ||= textIn(custom, 'name') ?? textIn(called, 'name') ?? '';
  call.pieces.push(textIn(custom, 'input') ?? textIn(called, 'arguments') ?? '');
}

function choiceOf({ texts, calls, stop }: Growing, times: Map<string, number>): Fields {
  const said = [...texts].map(([key, pieces]) => [key, pieces.join('')] as const);
  const tool_calls = [...calls.values()].map(({ id, name, pieces, at_ms, custom }) => {
    if (id !== undefined) times.set(id, at_ms);
    const text = pieces.join('');
    return custom
      ? { id, custom: { name, input: text } }
      : { id, function: { name, arguments: text } };
  });
  return { finish_reason: stop, message: { ...Object.fromEntries(said), tool_calls } };
}
