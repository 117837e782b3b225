/** What every reader of transcripts does: times, ids that stay, and nothing that is lost. */
import type { Draft } from '../../event/event.ts';
import { timeText, utc } from '../../event/instant.ts';
import { isObject } from '../../event/name.ts';
import { Fault } from '../../fault/fault.ts';
import { eventId } from '../identity.ts';
import { contained, fit, given } from '../record.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** What all drafts of one record have in common. */
export type Base = {
  /** Which reader, and which version of its way to make ids. */
  readonly scheme: string;
  /** What identifies the record within its session for ever: its uuid, else its place. */
  readonly key: string;
  /** What the record says, where several files may have records of one session and key. */
  readonly text?: string;
  readonly session_id: string;
  readonly time: Moment;
  readonly facts: Partial<Draft>;
};

/** What a draft says beside its base. `part` tells the drafts of one record apart. */
export type Said = Partial<Draft> & Pick<Draft, 'type'> & { readonly part?: string };

export function draftOf(base: Base, { part, ...said }: Said): Draft {
  const { scheme, key, text = '', session_id, time, facts } = base;
  const attributes = {
    ...facts.attributes,
    ...(time.known ? {} : { time_known: false }),
    ...said.attributes,
  };
  return {
    id: eventId({ scheme, session_id, hook: 'row', key, part, nonce: '', text }),
    time: time.text,
    session_id,
    ...facts,
    ...said,
    ...(Object.keys(attributes).length > 0 ? { attributes } : {}),
  };
}

/** `known`: the record says so itself; otherwise it is near what stands before it. */
export type Moment = { readonly text: string; readonly known: boolean };

/** Reads the times of records; one without a time gets that of the record before it. */
export function openTimes(from_ms: number): (value: unknown) => Moment {
  let last = timeText(from_ms);
  return (value) => {
    const read = utc(value);
    if (!('time' in read)) return { text: last, known: false };
    last = read.time;
    return { text: last, known: true };
  };
}

/** The record as an object. Throws `event.invalid`. */
export function objectIn(record: unknown): Fields {
  if (isObject(record)) return record;
  throw new Fault('event.invalid', 'The record is not a JSON object.', { field: '' });
}

/** The object at a key; an empty one where there is none. */
export function objectAt(fields: Fields, key: string): Fields {
  const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
  return isObject(value) ? value : {};
}

/** The objects in the list at a key. */
export function listAt(fields: Fields, key: string): readonly unknown[] {
  const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
  return Array.isArray(value) ? value : [];
}

/** The fields that were not used. */
export function kept(fields: Fields, used: readonly string[]): Fields {
  const gone = new Set(used);
  return Object.fromEntries(Object.entries(fields).filter(([key]) => !gone.has(key)));
}

/** `raw` of what is left, or nothing where nothing is. */
export function raw(left: Fields): Pick<Draft, 'raw'> {
  return Object.keys(left).length === 0 ? {} : { raw: contained(left) };
}

/** A plain value as a word; undefined for lists and objects, whose text may be anything. */
export function wordIn(fields: Fields, key: string): string | undefined {
  const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
  if (typeof value === 'string') return value === '' ? undefined : value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** A count of something; undefined for what is none. */
export function countIn(fields: Fields, key: string): number | undefined {
  const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** Where the session goes on: nobody did anything, something is known of it. */
export function note(detail: string, facts: Partial<Draft> = {}): Said {
  return { type: 'session', operation: 'note', detail, ...facts };
}

/** The text of a content: a string, or the text parts of a list, each on lines of its own. */
export function textOf(content: unknown): string | undefined {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return undefined;
  const texts = content.flatMap((part) =>
    isObject(part) && Object.hasOwn(part, 'text') && typeof part['text'] === 'string'
      ? [part['text']]
      : [],
  );
  return texts.length === 0 ? undefined : texts.join('\n');
}

/** A session's id of its parts, fitted to the limit of a name. */
export function sessionOf(...parts: readonly (string | undefined)[]): string {
  return fit(parts.filter((part) => part !== undefined && part !== '').join('/'));
}

/** Arguments that came as JSON text, where they did. */
export function argumentsOf(value: unknown): Partial<Draft> {
  if (typeof value !== 'string') return given('arguments', contained(value));
  try {
    return { arguments: contained(JSON.parse(value)) };
  } catch {
    return value === '' ? {} : { arguments: value };
  }
}
