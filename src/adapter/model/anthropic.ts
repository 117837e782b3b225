/** Reads the Anthropic Messages API: `POST /v1/messages`, whole and streamed. */
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

export const anthropic: ModelApi = {
  name: 'anthropic.messages',
  vendor: 'anthropic',
  handles: (path) => path.endsWith('/messages'),
  request,
  answer: (body) => answerOf(isObject(body) ? body : {}, { times: new Map(), ended: true }),
  stream,
};

function request(body: Fields): ModelRequest {
  const history = objectsIn(body, 'messages');
  const calls = new Map<string, Fields>();
  const messages: Message[] = systemOf(body['system'], -1);
  const told: Told[] = [];
  let answered = -1;
  for (const [index, message] of history.entries()) {
    const { role } = message;
    const blocks = blocksOf(message['content']);
    if (role === 'assistant') {
      answered = index;
      for (const block of blocks) {
        const id = nameIn(block, 'id');
        if (id !== undefined && isCall(block)) calls.set(id, block);
      }
    } else if (role === 'system') messages.push(...systemOf(message['content'], index));
    else {
      for (const block of blocks) {
        if (block['type'] === 'tool_result') told.push(toldOf(block, calls));
        else messages.push({ role: 'user', text: textOf(block), index });
      }
    }
  }
  const tools = objectsIn(body, 'tools').length > 0;
  return { model: nameIn(body, 'model'), messages, answered, told, tools, body };
}

function systemOf(content: unknown, index: number): Message[] {
  const text = blocksOf(content)
    .map(textOf)
    .filter((part) => !part.startsWith('x-anthropic-billing-header:'))
    .join('\n\n');
  return text === '' ? [] : [{ role: 'system', text, index }];
}

function blocksOf(content: unknown): readonly Fields[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return Array.isArray(content) ? content.filter(isObject) : [];
}

/** An image or a document is named, not copied: the whole request is not the prompt. */
function textOf(block: Fields): string {
  return textIn(block, 'text') ?? `[${textIn(block, 'type') ?? 'unknown'}]`;
}

/** `server_tool_use` and `mcp_tool_use` are run by the vendor. */
function isCall({ type }: Fields): boolean {
  return typeof type === 'string' && type.endsWith('tool_use');
}

function toldOf(block: Fields, calls: ReadonlyMap<string, Fields>): Told {
  const call_id = nameIn(block, 'tool_use_id');
  const call = calls.get(call_id ?? '');
  return {
    call_id,
    tool: call && toolOf(call),
    arguments: call?.['input'],
    result: block['content'] ?? null,
    status: block['is_error'] === true ? 'error' : undefined,
  };
}

function toolOf(block: Fields): string {
  const name = nameIn(block, 'name') ?? 'unknown';
  const server = block['type'] === 'mcp_tool_use' ? nameIn(block, 'server_name') : undefined;
  return server === undefined ? name : fit(`mcp__${server}__${name}`);
}

type Ending = { readonly times: ReadonlyMap<string, number>; readonly ended: boolean };

function answerOf(body: Fields, { times, ended }: Ending): ModelAnswer {
  const blocks = objectsIn(body, 'content');
  const asked: Asked[] = [];
  const calls = new Map<string, Fields>();
  for (const block of blocks.filter(isCall)) {
    const call_id = nameIn(block, 'id');
    if (call_id !== undefined) calls.set(call_id, block);
    const at_ms = times.get(call_id ?? '');
    asked.push({ call_id, tool: toolOf(block), arguments: block['input'], at_ms });
  }
  const results = blocks.filter((block) => textIn(block, 'type')?.endsWith('tool_result'));
  const texts = (type: string, key: string) =>
    blocks.filter((block) => block['type'] === type).map((block) => textIn(block, key) ?? '');
  const error = errorIn(body);
  const stop = nameIn(body, 'stop_reason');
  return {
    id: nameIn(body, 'id'),
    model: nameIn(body, 'model'),
    text: texts('text', 'text').join('\n'),
    thinking: texts('thinking', 'thinking').join('\n'),
    asked,
    told: results.map((block) => toldOf(block, calls)),
    ...usageOf(objectIn(body, 'usage'), stop),
    error,
    finished: ended && error === undefined && body['type'] === 'message',
  };
}

function usageOf(usage: Fields, stop: string | undefined) {
  const input = countIn(usage, 'input_tokens');
  const output = countIn(usage, 'output_tokens');
  const tokens = tokensOf(input, output);
  const attributes = {
    ...given('stop_reason', stop),
    ...(Object.keys(usage).length === 0 ? {} : { usage }),
  };
  return { tokens, attributes };
}

type Block = { readonly fields: Record<string, unknown>; readonly pieces: Map<string, string[]> };

/** Which text of a block each kind of delta goes on with. */
const DELTAS: ReadonlyMap<unknown, readonly [from: string, to: string]> = new Map([
  ['text_delta', ['text', 'text']],
  ['input_json_delta', ['partial_json', 'input']],
  ['thinking_delta', ['thinking', 'thinking']],
]);

function stream(): StreamReader {
  const blocks = new Map<unknown, Block>();
  const times = new Map<string, number>();
  let message: Record<string, unknown> = {};
  let ended = false;
  return {
    push: (data, at_ms) => {
      if (!isObject(data)) return;
      const { type, index } = data;
      if (type === 'message_start') message = { ...objectIn(data, 'message') };
      else if (type === 'content_block_start') {
        blocks.set(index, { fields: { ...objectIn(data, 'content_block') }, pieces: new Map() });
      } else if (type === 'content_block_delta') grow(blocks.get(index), objectIn(data, 'delta'));
      else if (type === 'content_block_stop') {
        times.set(nameIn(blocks.get(index)?.fields ?? {}, 'id') ?? '', at_ms);
      } else if (type === 'message_delta') {
        const usage = { ...objectIn(message, 'usage'), ...objectIn(data, 'usage') };
        message = { ...message, ...objectIn(data, 'delta'), usage };
      } else if (type === 'message_stop') ended = true;
      else if (type === 'error') message['error'] = data['error'];
    },
    answer: () => {
      const content = [...blocks.values()].map(blockOf);
      return answerOf({ type: 'message', ...message, content }, { times, ended });
    },
  };
}

function grow(block: Block | undefined, delta: Fields): void {
  const [from, to] = DELTAS.get(delta['type']) ?? [];
  if (block === undefined || from === undefined || to === undefined) return;
  const piece = textIn(delta, from);
  if (piece === undefined) return;
  const pieces = block.pieces.get(to) ?? [];
  pieces.push(piece);
  block.pieces.set(to, pieces);
}

function blockOf({ fields, pieces }: Block): Fields {
  const block = { ...fields };
  for (const [key, texts] of pieces) {
    const text = texts.join('');
    if (key !== 'input') block[key] = `${textIn(fields, key) ?? ''}${text}`;
    else if (text !== '') block['input'] = argumentsOf(text);
  }
  return block;
}
