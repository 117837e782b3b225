/** What is indexed of a row: keywords, numbers and the tokens of its texts. */
import type { Event } from '../event/event.ts';
import { FIELDS, type Field } from './field.ts';
import { tokensOf } from './token.ts';

/** Characters (UTF-16 units) of one row's text that are indexed, over all its text fields. */
export const TEXT_CHARS = 65_536;

/** No field of the event: words of its names (tool, agent, resources…), for text in any field. */
export const NAMES = 'names';

/** Text fields that are indexed, in the order in which they share `TEXT_CHARS`. */
export const TEXTS: readonly string[] = [
  NAMES,
  'error.message',
  'detail',
  'decision.reason',
  'content',
  'arguments',
  'result',
  'decision.constraints',
  'attributes',
];

export type Doc = {
  readonly keywords: ReadonlyMap<string, readonly string[]>;
  /** Numbers, and times in Unix milliseconds. */
  readonly numbers: ReadonlyMap<string, number>;
  /** Tokens of each text field that has a value; empty where the value holds none. */
  readonly texts: ReadonlyMap<string, readonly string[]>;
  /** Some of its text lay beyond `TEXT_CHARS` and is not indexed. */
  readonly cut: boolean;
};

/** The searchable form of an event; tolerant of what older versions recorded. */
export function docOf(event: Event): Doc {
  const keywords = new Map<string, readonly string[]>();
  const numbers = new Map<string, number>();
  for (const { field, path } of PATHS) {
    const values = valuesIn(event, path);
    if (values.length === 0) continue;
    if (field.kind === 'keyword') putKeywords(keywords, field.name, values);
    else putNumber(numbers, field, values[0]);
  }
  sumTokens(numbers);
  return { keywords, numbers, ...textsOf(event, keywords) };
}

/** A keyword as it is compared: well-formed, and without NUL, which would end it in SQLite. */
export function keywordText(value: string): string {
  return ODD.test(value) ? value.toWellFormed().replaceAll('\0', '\ufffd') : value;
}

const ODD = /[\0\ud800-\udfff]/;

const PATHS = FIELDS.filter((field) => field.kind !== 'text').map((field) => {
  return { field, path: field.name.split('.') };
});
const TEXT_PATHS = TEXTS.filter((name) => name !== NAMES).map((name) => name.split('.'));

/** Keywords whose words are found by text that names no field. */
const NAMING = [
  'tool',
  'agent.id',
  'agent.name',
  'user.id',
  'user.name',
  'destination',
  'error.code',
  'decision.policy_ids',
  'path',
  'endpoint',
  'resources.id',
];

const NONE: readonly unknown[] = [];

function valuesIn(event: Event, path: readonly string[]): readonly unknown[] {
  const value = event[path[0] as keyof Event];
  // Most fields of most events are absent.
  if (value === undefined) return NONE;
  return path.length === 1 && !Array.isArray(value) ? [value] : valuesAt(event, path);
}

function valuesAt(value: unknown, path: readonly string[]): unknown[] {
  if (Array.isArray(value)) return value.flatMap((item) => valuesAt(item, path));
  const [key, ...rest] = path;
  if (key === undefined) return value === undefined ? [] : [value];
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return [];
  return valuesAt((value as Record<string, unknown>)[key], rest);
}

function putKeywords(
  keywords: Map<string, readonly string[]>,
  name: string,
  values: readonly unknown[],
): void {
  if (values.length === 1) {
    if (typeof values[0] === 'string') keywords.set(name, [keywordText(values[0])]);
    return;
  }
  const texts = values.filter((value) => typeof value === 'string').map(keywordText);
  if (texts.length > 0) keywords.set(name, [...new Set(texts)]);
}

function putNumber(numbers: Map<string, number>, field: Field, value: unknown): void {
  const number = field.kind === 'time' ? Date.parse(String(value)) : value;
  if (typeof number === 'number' && Number.isFinite(number)) numbers.set(field.name, number);
}

/** Where only the parts are known, their sum is searched as the whole, as readers see it. */
function sumTokens(numbers: Map<string, number>): void {
  const parts = [numbers.get('tokens.input'), numbers.get('tokens.output')];
  if (numbers.has('tokens.total') || parts.every((part) => part === undefined)) return;
  numbers.set('tokens.total', (parts[0] ?? 0) + (parts[1] ?? 0));
}

type Budget = { left: number; cut: boolean };

function textsOf(event: Event, keywords: Doc['keywords']): Pick<Doc, 'texts' | 'cut'> {
  const texts = new Map<string, readonly string[]>();
  const budget: Budget = { left: TEXT_CHARS, cut: false };
  const names = NAMING.flatMap((name) => keywords.get(name) ?? []);
  texts.set(NAMES, tokensWithin(names, budget));
  for (const path of TEXT_PATHS) {
    const values = valuesIn(event, path);
    if (values.length > 0) texts.set(path.join('.'), tokensWithin(values, budget));
  }
  return { texts, cut: budget.cut };
}

function tokensWithin(values: readonly unknown[], budget: Budget): string[] {
  const tokens: string[] = [];
  for (const value of values) addTokens(tokens, value, budget);
  return tokens;
}

/** Strings and numbers of a JSON value, in order. */
function addTokens(tokens: string[], value: unknown, budget: Budget): void {
  if (typeof value === 'string') addText(tokens, value, budget);
  else if (typeof value === 'number') addText(tokens, String(value), budget);
  else if (typeof value === 'object' && value !== null) {
    for (const child of Object.values(value)) addTokens(tokens, child, budget);
  }
}

function addText(tokens: string[], leaf: string, budget: Budget): void {
  const text = leaf.length <= budget.left ? leaf : leaf.slice(0, budget.left);
  budget.cut ||= text.length < leaf.length;
  budget.left -= text.length;
  for (const token of tokensOf(text)) tokens.push(token);
}
