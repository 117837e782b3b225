/** Picks what a tool call is about out of its arguments: the command, path, URL, recipient. */
import type { Event, Resource } from '../event/event.ts';

/** Keys by which tools name what they act on, the most telling first. */
const TELLING = [
  'command',
  'cmd',
  'script',
  'file_path',
  'filePath',
  'notebook_path',
  'path',
  'url',
  'uri',
  'to',
  'recipient',
  'recipients',
  'channel',
  'query',
  'sql',
  'pattern',
  'description',
  'subject',
  'prompt',
  'text',
  'message',
  'name',
  'id',
] as const;

/** Keys looked at where none is telling: arguments may be wide. */
const KEYS = 32;

/** The main argument as text, or the first resource; undefined where there is neither. */
export function mainArgument(event: {
  readonly arguments?: unknown;
  readonly resources?: Event['resources'];
}): string | undefined {
  return fromArguments(event.arguments) ?? resourceId(event.resources?.[0]);
}

function fromArguments(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return plain(value);
  if (Array.isArray(value)) return plain(value);
  const fields = value as Readonly<Record<string, unknown>>;
  for (const key of TELLING) {
    const text = Object.hasOwn(fields, key) ? plain(fields[key]) : undefined;
    if (text !== undefined) return text;
  }
  for (const key of Object.keys(fields).slice(0, KEYS)) {
    const text = plain(fields[key]);
    if (text !== undefined) return `${key}=${text}`;
  }
  return undefined;
}

function plain(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return value === '' ? undefined : value;
  if (!Array.isArray(value)) return undefined;
  const words = value.slice(0, KEYS).filter((word) => typeof word === 'string');
  return words.length === 0 ? undefined : words.join(' ');
}

function resourceId(resource: Resource | undefined): string | undefined {
  return resource?.id;
}
