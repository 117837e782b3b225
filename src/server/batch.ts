/** Splits a body into the events that it holds: one object, an array, or a line each. */
import { isUtf8 } from 'node:buffer';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Fault } from '../fault/fault.ts';
import { parseJson } from './json.ts';
import type { Limits } from './option.ts';
import { scanJson } from './scan.ts';

/** How a body is to be read: `application/json`, or one JSON text a line. */
export type BodyForm = 'json' | 'ndjson';

/** An event's JSON value, or why it is none. */
export type Item = { readonly value: unknown } | { readonly fault: Fault };

export type Batch = {
  /** `one`: a single object, which is answered with its own status. */
  readonly kind: 'one' | 'many';
  readonly items: readonly Item[];
};

export type BatchLimits = Pick<Limits, 'event_bytes' | 'batch_events' | 'batch_values'>;

const LF = 0x0a;
const CR = 0x0d;

const FORMS: Readonly<Record<string, BodyForm>> = {
  'application/json': 'json',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
};

/** Throws `request.unsupported` for any type but JSON and NDJSON in UTF-8. */
export function formOf(contentType: string | undefined): BodyForm {
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';');
  const form = FORMS[type.trim()];
  const charset = parameters.find((parameter) => parameter.trim().startsWith('charset='));
  const utf8 = charset === undefined || /^\s*charset="?utf-?8"?\s*$/.test(charset);
  if (form && utf8) return form;
  throw new Fault('request.unsupported', 'The Content-Type is not JSON in UTF-8.', {
    field: 'content-type',
    hint: 'Send application/json, or application/x-ndjson for one event a line.',
  });
}

/**
 * Throws `batch.invalid` for a body that is no JSON, `batch.too_large` for one with too many
 * events. What is wrong with one event alone is that item's fault.
 */
export async function splitBatch(
  body: Buffer,
  form: BodyForm,
  limits: BatchLimits,
): Promise<Batch> {
  const batch = form === 'json' ? splitJson(body, limits) : await splitLines(body, limits);
  if (batch.items.length > 0 || batch.kind === 'one') return batch;
  if (form === 'json' && !isBlank(body)) return batch;
  throw new Fault('batch.invalid', 'The body is empty.', {
    hint: 'Send one JSON object, an array of them, or one a line as application/x-ndjson.',
  });
}

function splitJson(body: Buffer, limits: BatchLimits): Batch {
  if (isBlank(body)) return { kind: 'many', items: [] };
  // A byte begins one value at most, so that a small body passes neither limit.
  const small = body.length < Math.min(limits.batch_values, limits.event_bytes);
  const scan = small ? undefined : scanJson(body);
  if (scan && scan.values > limits.batch_values) throw tooManyValues(limits);
  if (scan && isArray(body) && scan.sizes.length > limits.batch_events) throw tooMany(limits);
  const text = utf8(body);
  if (text === undefined) throw new Fault('batch.invalid', 'The body is not UTF-8.');
  const parsed = parseJson(text);
  if (!('value' in parsed)) throw notJson(text, parsed);
  const { value } = parsed;
  if (Array.isArray(value)) {
    if (value.length > limits.batch_events) throw tooMany(limits);
    const sizes = scan?.sizes ?? [];
    return { kind: 'many', items: value.map((item, i) => sized(item, sizes[i] ?? 0, limits)) };
  }
  if (typeof value === 'object' && value !== null) {
    return { kind: 'one', items: [sized(value, body.length, limits)] };
  }
  throw new Fault('batch.invalid', 'The body is neither an object nor an array.');
}

/** Bytes of lines that are read in one turn of the event loop: others wait no longer than that. */
const TURN_BYTES = 256 * 1024;

async function splitLines(body: Buffer, limits: BatchLimits): Promise<Batch> {
  const items: Item[] = [];
  let turn = TURN_BYTES;
  let values = 0;
  let number = 0;
  for (let from = 0; from < body.length; ) {
    const at = body.indexOf(LF, from);
    const end = at === -1 ? body.length : at;
    const line = body.subarray(from, body[end - 1] === CR ? end - 1 : end);
    from = end + 1;
    number++;
    if (from > turn) {
      await nextTurn();
      turn = from + TURN_BYTES;
    }
    if (isBlank(line)) continue;
    if (items.length >= limits.batch_events) throw tooMany(limits);
    if (body.length >= limits.batch_values) values += scanJson(line).values;
    if (values > limits.batch_values) throw tooManyValues(limits);
    items.push(itemOf(line, number, limits));
  }
  return { kind: 'many', items };
}

function itemOf(line: Buffer, number: number, limits: BatchLimits): Item {
  if (line.length > limits.event_bytes) return { fault: tooLarge(limits) };
  const text = utf8(line);
  if (text === undefined) {
    return { fault: new Fault('event.invalid', `Line ${number} is not UTF-8.`) };
  }
  const parsed = parseJson(text);
  if ('value' in parsed) return parsed;
  const message = `Line ${number} is not JSON: it breaks at column ${parsed.column}.`;
  return { fault: new Fault('event.invalid', message, { column: parsed.column }) };
}

function sized(value: unknown, size: number, limits: BatchLimits): Item {
  return size > limits.event_bytes ? { fault: tooLarge(limits) } : { value };
}

/** The text without a byte order mark, or undefined for bytes that are not UTF-8. */
function utf8(bytes: Buffer): string | undefined {
  const text = isUtf8(bytes) ? bytes.toString() : undefined;
  return text?.startsWith('\uFEFF') ? text.slice(1) : text;
}

function isArray(body: Buffer): boolean {
  return /^\s*\[/.test(
    body
      .subarray(0, 1024)
      .toString('utf8')
      .replace(/^\uFEFF/, ''),
  );
}

function isBlank(bytes: Buffer): boolean {
  const from = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x09 && byte !== LF && byte !== CR) return false;
  }
  return true;
}

function notJson(text: string, { line, column }: { line: number; column: number }): Fault {
  const first = text.slice(0, text.indexOf('\n') + 1).trim();
  const lines = first !== '' && 'value' in parseJson(first);
  return new Fault('batch.invalid', `The body is not JSON: line ${line}, column ${column}.`, {
    column,
    ...(lines ? { hint: 'For one event a line, send Content-Type: application/x-ndjson.' } : {}),
  });
}

function tooMany({ batch_events }: BatchLimits): Fault {
  return new Fault('batch.too_large', `The body holds more than ${batch_events} events.`, {
    limit: batch_events,
    hint: 'Send it in several requests.',
  });
}

function tooManyValues({ batch_values }: BatchLimits): Fault {
  return new Fault('batch.too_large', `The body holds more than ${batch_values} JSON values.`, {
    limit: batch_values,
    hint: 'Send it in several requests.',
  });
}

function tooLarge({ event_bytes }: BatchLimits): Fault {
  return new Fault('event.too_large', `The event is larger than ${event_bytes} bytes.`, {
    limit: event_bytes,
  });
}
