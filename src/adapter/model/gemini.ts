/** Reads the Gemini API: `generateContent` and `streamGenerateContent` (SSE or a JSON array). */
import { canonicalText } from '../../event/canonical.ts';
import type { Draft } from '../../event/event.ts';
import { isObject } from '../../event/name.ts';
import { contained, fit, given, nameIn, textIn } from '../record.ts';
import {
  type Asked,
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

const PATH = /\/models\/([^/:]{1,512}):(?:generateContent|streamGenerateContent)$/;

export const gemini: ModelApi = {
  name: 'gemini.generate_content',
  vendor: 'gemini',
  handles: (path) => PATH.test(path),
  request,
  answer,
  stream,
};

function request(body: Fields, path: string): ModelRequest {
  const contents = objectsIn(body, 'contents');
  const messages: Message[] = [];
  const system = textsOf(objectIn(body, 'systemInstruction')).join('\n\n');
  if (system !== '') messages.push({ role: 'system', text: system, index: -1 });
  let answered = -1;
  for (const [index, content] of contents.entries()) {
    if (content['role'] === 'model') answered = index;
    else for (const text of textsOf(content)) messages.push({ role: 'user', text, index });
  }
  return {
    model: fit(PATH.exec(path)?.[1] ?? 'unknown'),
    messages,
    answered,
    told: results(contents),
    tools:
      objectsIn(body, 'tools').length > 0 || Object.keys(objectIn(body, 'toolConfig')).length > 0,
    body,
  };
}

/** Code that Gemini runs itself is named as a part, as an image is. */
function textsOf(content: Fields): string[] {
  return objectsIn(content, 'parts')
    .filter((part) => !('functionCall' in part) && !('functionResponse' in part))
    .filter((part) => part['thought'] !== true)
    .map((part) => textIn(part, 'text') ?? `[${Object.keys(part)[0] ?? 'empty'}]`);
}

type Open = { readonly call: Asked; readonly alike: string };

/** Each answer is to the first call of its id, or else of its name, that has none yet. */
function results(contents: readonly Fields[]): Told[] {
  const open: Open[] = [];
  const totals = new Map<string, number>();
  const found: { readonly told: Told; readonly alike: string; readonly nth: number }[] = [];
  const seen = new Map<string, number>();
  for (const content of contents) {
    for (const part of objectsIn(content, 'parts')) {
      if (isObject(part['functionCall'])) {
        const call = callOf(part['functionCall']);
        const alike = alikeKey(call);
        totals.set(alike, (totals.get(alike) ?? 0) + 1);
        open.push({ call, alike });
      } else if (isObject(part['functionResponse'])) {
        const { told, alike } = answerTo(part['functionResponse'], open);
        const nth = (seen.get(alike) ?? 0) + 1;
        seen.set(alike, nth);
        found.push({ told, alike, nth });
      }
    }
  }
  return found.map(({ told, alike, nth }) => ({
    ...told,
    after: (totals.get(alike) ?? nth) - nth,
  }));
}

function answerTo(response: Fields, open: Open[]): { told: Told; alike: string } {
  const call_id = nameIn(response, 'id');
  const name = nameIn(response, 'name');
  const at = open.findIndex(({ call }) =>
    call_id === undefined ? call.tool === name : call.call_id === call_id,
  );
  const [match] = at < 0 ? [] : open.splice(at, 1);
  const result = response['response'] ?? null;
  // The API's own convention: the key `error` holds what went wrong.
  const failed = isObject(result) && result['error'] !== undefined && !('output' in result);
  const told: Told = {
    call_id: call_id ?? match?.call.call_id,
    tool: match?.call.tool ?? name,
    arguments: match?.call.arguments,
    result,
    status: failed ? 'error' : undefined,
  };
  return { told, alike: match?.alike ?? `${name}` };
}

function callOf(call: Fields): Asked {
  return {
    call_id: nameIn(call, 'id'),
    tool: nameIn(call, 'name') ?? 'unknown',
    arguments: call['args'] ?? {},
  };
}

/** What tells calls without ids apart: tool and arguments. */
export function alikeKey({ tool, arguments: args }: Pick<Asked, 'tool' | 'arguments'>): string {
  try {
    return canonicalText([tool, contained(args) ?? null]);
  } catch {
    // 1e999 is JSON, and no number of an event.
    return JSON.stringify([tool, args]);
  }
}

/** A body of the streaming method without `alt=sse` is an array of chunks. */
function answer(body: unknown): ModelAnswer {
  const reader = stream();
  for (const chunk of Array.isArray(body) ? body : [body]) reader.push(chunk, Number.NaN);
  return reader.answer();
}

function stream(): StreamReader {
  const said: string[] = [];
  const thought: string[] = [];
  const asked: Asked[] = [];
  const head: Record<string, unknown> = {};
  const push = (part: Fields, at_ms: number) => {
    if (isObject(part['functionCall'])) {
      const timed = Number.isNaN(at_ms) ? {} : { at_ms };
      asked.push({ ...callOf(part['functionCall']), ...timed });
    } else if (part['thought'] === true) thought.push(textIn(part, 'text') ?? '');
    else said.push(textIn(part, 'text') ?? `[${Object.keys(part)[0] ?? 'empty'}]`);
  };
  return {
    push: (data, at_ms) => {
      if (!isObject(data)) return;
      for (const candidate of objectsIn(data, 'candidates')) {
        for (const part of objectsIn(objectIn(candidate, 'content'), 'parts')) push(part, at_ms);
        head['stop'] = nameIn(candidate, 'finishReason') ?? head['stop'];
      }
      for (const key of [
        'usageMetadata',
        'modelVersion',
        'responseId',
        'promptFeedback',
        'error',
      ]) {
        head[key] = data[key] ?? head[key];
      }
    },
    answer: () => answerOf(head, { text: said.join(''), thinking: thought.join(''), asked }),
  };
}

type Parts = Pick<ModelAnswer, 'text' | 'thinking' | 'asked'>;

function answerOf(head: Fields, parts: Parts): ModelAnswer {
  const usage = objectIn(head, 'usageMetadata');
  const blocked = nameIn(objectIn(head, 'promptFeedback'), 'blockReason');
  const stop = nameIn(head, 'stop');
  const error = errorIn(head) ?? (blocked === undefined ? undefined : { code: blocked });
  return {
    ...parts,
    id: nameIn(head, 'responseId'),
    model: nameIn(head, 'modelVersion'),
    told: [],
    tokens: tokensIn(usage),
    attributes: {
      ...given('stop_reason', stop),
      ...(Object.keys(usage).length === 0 ? {} : { usage }),
    },
    error,
    finished: error === undefined && stop !== undefined,
  };
}

/** Tokens of thinking are tokens that the model wrote. */
function tokensIn(usage: Fields): Draft['tokens'] {
  const input = countIn(usage, 'promptTokenCount');
  const wrote = countIn(usage, 'candidatesTokenCount');
  const thought = countIn(usage, 'thoughtsTokenCount');
  const total = countIn(usage, 'totalTokenCount');
  const none = wrote === undefined && thought === undefined;
  const output = none ? undefined : (wrote ?? 0) + (thought ?? 0);
  return tokensOf(input, output, total);
}
