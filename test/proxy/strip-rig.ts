/** Answers of the model APIs made from what they say, as their vendors write and stream them. */
import type { Asked } from '../../src/adapter/model/api.ts';
import { openModelHold } from '../../src/proxy/model-hold.ts';
import type { Strip } from '../../src/proxy/strip/strip.ts';

export type Said =
  | { readonly text: string }
  | {
      readonly id: string;
      readonly tool: string;
      readonly input: Readonly<Record<string, unknown>>;
    };
export type Call = Extract<Said, { tool: string }>;

export function isCall(said: Said): said is Call {
  return 'tool' in said;
}

type Event = Readonly<Record<string, unknown>>;

function sse(events: readonly Event[], end = '\n'): string {
  return events
    .map((event) => {
      const name = 'type' in event ? `event: ${event['type']}${end}` : '';
      return `${name}data: ${JSON.stringify(event)}${end}${end}`;
    })
    .join('');
}

/** A text in pieces of a few characters, as models send them. */
function pieces(text: string): string[] {
  return text.match(/.{1,7}/gsu) ?? [''];
}

const CLAUDE = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-x' };

export function anthropicWhole(said: readonly Said[]): object {
  const content = said.map((one) =>
    isCall(one)
      ? { type: 'tool_use', id: one.id, name: one.tool, input: one.input }
      : { type: 'text', text: one.text },
  );
  const stop_reason = said.some(isCall) ? 'tool_use' : 'end_turn';
  return { ...CLAUDE, content, stop_reason, usage: { input_tokens: 3, output_tokens: 4 } };
}

export function anthropicStream(said: readonly Said[], end?: string): string {
  const usage = { input_tokens: 3, output_tokens: 1 };
  const events: Event[] = [
    { type: 'message_start', message: { ...CLAUDE, content: [], usage } },
    { type: 'ping' },
  ];
  for (const [index, one] of said.entries()) {
    const block = isCall(one)
      ? { type: 'tool_use', id: one.id, name: one.tool, input: {} }
      : { type: 'text', text: '' };
    events.push({ type: 'content_block_start', index, content_block: block });
    const deltas = isCall(one)
      ? pieces(JSON.stringify(one.input)).map((partial_json) => ({
          type: 'input_json_delta',
          partial_json,
        }))
      : pieces(one.text).map((text) => ({ type: 'text_delta', text }));
    for (const delta of deltas) events.push({ type: 'content_block_delta', index, delta });
    events.push({ type: 'content_block_stop', index });
  }
  const stop_reason = said.some(isCall) ? 'tool_use' : 'end_turn';
  const delta = { stop_reason, stop_sequence: null };
  events.push({ type: 'message_delta', delta, usage: { output_tokens: 9 } });
  events.push({ type: 'message_stop' });
  return sse(events, end);
}

const GPT = { id: 'chatcmpl-1', created: 1, model: 'gpt-x' };

/** Texts come before calls: a message has one text. */
export function chatWhole(said: readonly Said[]): object {
  const calls = said.filter(isCall);
  const text = textOf(said);
  const tool_calls = calls.map((one) => ({
    id: one.id,
    type: 'function',
    function: { name: one.tool, arguments: JSON.stringify(one.input) },
  }));
  const message = {
    role: 'assistant',
    content: text === '' ? null : text,
    ...(calls.length === 0 ? {} : { tool_calls }),
  };
  const finish_reason = calls.length === 0 ? 'stop' : 'tool_calls';
  const choices = [{ index: 0, message, finish_reason }];
  return { ...GPT, object: 'chat.completion', choices };
}

export function chatStream(said: readonly Said[], end?: string): string {
  const chunk = (delta: object, finish_reason: string | null = null): Event => ({
    ...GPT,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, finish_reason }],
  });
  const calls = said.filter(isCall);
  const events = [chunk({ role: 'assistant', content: '' })];
  for (const content of pieces(textOf(said))) events.push(chunk({ content }));
  for (const [index, one] of calls.entries()) {
    const called = { name: one.tool, arguments: '' };
    events.push(chunk({ tool_calls: [{ index, id: one.id, type: 'function', function: called }] }));
    for (const piece of pieces(JSON.stringify(one.input))) {
      events.push(chunk({ tool_calls: [{ index, function: { arguments: piece } }] }));
    }
  }
  events.push(chunk({}, calls.length === 0 ? 'stop' : 'tool_calls'));
  events.push({ ...GPT, object: 'chat.completion.chunk', choices: [], usage: null });
  return `${sse(events, end)}data: [DONE]\n\n`;
}

function textOf(said: readonly Said[]): string {
  return said.flatMap((one) => (isCall(one) ? [] : [one.text])).join('');
}

function itemOf(one: Said, at: number): Readonly<Record<string, unknown>> {
  if (isCall(one)) {
    const given = { call_id: one.id, name: one.tool, arguments: JSON.stringify(one.input) };
    return { id: `fc_${at}`, type: 'function_call', status: 'completed', ...given };
  }
  const content = [{ type: 'output_text', text: one.text, annotations: [], logprobs: [] }];
  return { id: `msg_${at}`, type: 'message', status: 'completed', role: 'assistant', content };
}

export function responsesWhole(said: readonly Said[], status = 'completed'): object {
  const output = said.map(itemOf);
  return { id: 'resp_1', object: 'response', created_at: 1, model: 'gpt-x', status, output };
}

export function responsesStream(said: readonly Said[], end?: string): string {
  const events: Event[] = [];
  const add = (event: Event) => events.push({ ...event, sequence_number: events.length });
  add({ type: 'response.created', response: responsesWhole([], 'in_progress') });
  for (const [output_index, one] of said.entries()) {
    const item = itemOf(one, output_index);
    const at = { item_id: item['id'], output_index };
    if (isCall(one)) {
      const begun = { ...item, status: 'in_progress', arguments: '' };
      add({ type: 'response.output_item.added', output_index, item: begun });
      const text = JSON.stringify(one.input);
      for (const delta of pieces(text)) {
        add({ type: 'response.function_call_arguments.delta', ...at, delta });
      }
      add({ type: 'response.function_call_arguments.done', ...at, arguments: text });
    } else {
      const begun = { ...item, status: 'in_progress', content: [] };
      add({ type: 'response.output_item.added', output_index, item: begun });
      const part = { type: 'output_text', text: '', annotations: [], logprobs: [] };
      add({ type: 'response.content_part.added', ...at, content_index: 0, part });
      for (const delta of pieces(one.text)) {
        add({ type: 'response.output_text.delta', ...at, content_index: 0, delta, logprobs: [] });
      }
      const done = { ...at, content_index: 0, logprobs: [] };
      add({ type: 'response.output_text.done', ...done, text: one.text });
      const whole = { ...part, text: one.text };
      add({ type: 'response.content_part.done', ...at, content_index: 0, part: whole });
    }
    add({ type: 'response.output_item.done', output_index, item });
  }
  add({ type: 'response.completed', response: responsesWhole(said) });
  return sse(events, end);
}

function partOf(one: Said): object {
  if (!isCall(one)) return { text: one.text };
  return { functionCall: { id: one.id, name: one.tool, args: one.input } };
}

export function geminiWhole(said: readonly Said[]): object {
  const content = { role: 'model', parts: said.map(partOf) };
  const candidates = [{ content, finishReason: 'STOP', index: 0 }];
  return { candidates, modelVersion: 'gemini-x', responseId: 'g_1' };
}

export function geminiStream(said: readonly Said[], end?: string): string {
  const chunks = said.map((one, i) => {
    const last = i === said.length - 1 ? { finishReason: 'STOP' } : {};
    const candidates = [{ content: { role: 'model', parts: [partOf(one)] }, index: 0, ...last }];
    return { candidates, modelVersion: 'gemini-x', responseId: 'g_1' };
  });
  return sse(chunks, end);
}

export type Held = {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Buffer;
  /** Why it was refused. */
  readonly refused: string | undefined;
  readonly decided: readonly Asked[];
};

export type Feed = {
  readonly strip: Strip;
  readonly chunks: readonly Buffer[];
  readonly streamed: boolean;
  /** What stands in the place of a call. */
  readonly decide: (call: Asked) => string | undefined | Promise<string | undefined>;
  readonly limit_bytes?: number;
};

/** What a client gets of an answer that came in these chunks. */
export function held({ strip, chunks, streamed, decide, limit_bytes = 1 << 20 }: Feed) {
  return new Promise<Held>((resolve) => {
    const decided: Asked[] = [];
    const written: Buffer[] = [];
    let head = { status: 0, headers: [] as readonly string[] };
    const over = (refused?: string) => {
      const { status, headers } = head;
      resolve({ status, headers, body: Buffer.concat(written), refused, decided });
    };
    const hold = openModelHold({
      strip,
      limit_bytes,
      decide: async ({ call }) => {
        decided.push(call);
        return decide(call);
      },
    });
    const type = streamed ? 'text/event-stream; charset=utf-8' : 'application/json';
    const headers = ['Content-Type', type];
    const holding = hold(
      { status: 200, words: 'OK', headers },
      {
        begin: (begun) => {
          head = begun;
        },
        write: (bytes) => written.push(bytes),
        end: () => over(),
        refuse: over,
      },
    );
    for (const chunk of chunks) holding?.push(chunk);
    holding?.end();
  });
}

/** The bytes in pieces that end at these places, in any order. */
export function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...at, bytes.length].map((end, i) => bytes.subarray(at[i - 1] ?? 0, end));
}
