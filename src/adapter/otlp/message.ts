/** Messages as the GenAI conventions, Gemini's own telemetry and chat APIs write them. */
import { isObject } from '../../event/name.ts';
import { contained, nameIn, textIn } from '../record.ts';

/** A call that a message asks for. */
export type Asked = {
  readonly call_id: string;
  readonly tool: string | undefined;
  readonly arguments: unknown;
};

type Part = Readonly<Record<string, unknown>>;

/** All text of the messages, a line break between parts; undefined where there is none. */
export function textOf(messages: unknown): string | undefined {
  const texts = partsOf(messages).flatMap((part) => partText(part) ?? []);
  return texts.length === 0 ? undefined : texts.join('\n');
}

/** The text of the last message whose role is `user`. */
export function lastPrompt(messages: unknown): string | undefined {
  if (!Array.isArray(messages)) return undefined;
  return textOf([messages.filter(isObject).findLast(({ role }) => role === 'user')]);
}

/** The tool calls that the messages ask for, where they name an id. */
export function askedIn(messages: unknown): readonly Asked[] {
  return partsOf(messages).flatMap((part) => {
    const call_id = nameIn(part, 'id') ?? nameIn(part, 'toolCallId');
    const tool = nameIn(part, 'name') ?? nameIn(part, 'toolName');
    const isCall = part['type'] === 'tool_call' || part['type'] === 'tool-call';
    if (!isCall || call_id === undefined) return [];
    const args = part['arguments'] ?? part['input'];
    return [{ call_id, tool, arguments: parsed(args) }];
  });
}

/** The value that JSON text stands for; the text where it is none. */
function parsed(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return contained(value);
  try {
    return contained(JSON.parse(value));
  } catch {
    return value;
  }
}

function partsOf(messages: unknown): readonly Part[] {
  if (!Array.isArray(messages)) return [];
  return messages.filter(isObject).flatMap((message) => {
    const parts = message['parts'] ?? message['content'];
    if (typeof parts === 'string') return [{ type: 'text', content: parts }];
    return Array.isArray(parts) ? parts.filter(isObject) : [];
  });
}

function partText(part: Part): string | undefined {
  const text = textIn(part, 'text') ?? textIn(part, 'content');
  const type = part['type'] ?? 'text';
  return type === 'text' && text !== '' ? text : undefined;
}
