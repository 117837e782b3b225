/** The calls that a scripted model asked for, read from what a runtime sent it. */
import { readLines } from './replay.ts';

/** `id` as the runtime sent it back; `name` and `args` as the model gave them. */
export type AskedCall = { readonly id: string; readonly name: string; readonly args: unknown };

type Fields = Readonly<Record<string, unknown>>;

/** Codex: the Responses API. */
export function askedOfResponses(path: string): AskedCall[] {
  return unique(
    bodies(path)
      .flatMap((body) => list(body['input']))
      .filter(({ type }) => type === 'function_call' || type === 'custom_tool_call')
      .map(({ call_id, name, namespace, arguments: args, input }) => ({
        id: String(call_id),
        name: namespace === undefined ? String(name) : `${namespace}__${name}`,
        args: args === undefined ? input : JSON.parse(String(args)),
      })),
  );
}

/** OpenCode, OpenClaw: chat completions. */
export function askedOfChat(path: string): AskedCall[] {
  return unique(
    bodies(path)
      .flatMap((body) => list(body['messages']))
      .flatMap((message) => list(message['tool_calls']))
      .map(({ id, function: called }) => {
        const { name, arguments: args } = called as Fields;
        return { id: String(id), name: String(name), args: JSON.parse(String(args)) };
      }),
  );
}

/** Gemini CLI: generateContent. */
export function askedOfGemini(path: string): AskedCall[] {
  return unique(
    bodies(path)
      .flatMap((body) => list(body['contents']))
      .flatMap((content) => list(content['parts']))
      .flatMap(({ functionCall }) => (functionCall === undefined ? [] : [functionCall as Fields]))
      .map(({ id, name, args }) => ({ id: String(id), name: String(name), args })),
  );
}

/** OpenCode where the requests were not kept: the parts of the model's messages that ask. */
export function askedOfParts(path: string): AskedCall[] {
  type Posted = { readonly input: { readonly properties?: { readonly part?: Fields } } };
  return unique(
    readLines(path)
      .flatMap((line): readonly Fields[] => {
        const part = (line as Posted).input.properties?.part;
        return part === undefined ? [] : [part];
      })
      .filter(({ type }) => type === 'tool')
      .map(({ callID, tool }) => ({ id: String(callID), name: String(tool), args: undefined })),
  );
}

function bodies(path: string): Fields[] {
  return readLines(path).map((line) => (line as { body: Fields }).body);
}

function list(value: unknown): Fields[] {
  return Array.isArray(value) ? value : [];
}

/** Each request repeats the calls before it. */
function unique(calls: readonly AskedCall[]): AskedCall[] {
  return [...new Map(calls.map((call) => [call.id, call])).values()];
}
