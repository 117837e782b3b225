/** Whether a row matches a filter: the definition that every engine's answers are held against. */
import { RESOURCE_CHARS } from '../event/event.ts';
import { Fault } from '../fault/fault.ts';
import type { Doc } from './doc.ts';
import type { Filter, RangeOp } from './engine.ts';
import { FIELDS, type Field } from './field.ts';
import { keywordText } from './keyword.ts';
import { TEXTS } from './text.ts';
import { holdsPhrase, phraseOf } from './token.ts';

/** Conditions in one filter, and levels of and, or and not. */
export const FILTER_NODES = 512;
export const FILTER_DEPTH = 64;
/** Tokens of one searched text. */
export const PHRASE_TOKENS = 256;

/** The filter as a test of one row. Throws `query.invalid` for what no engine can answer. */
export function matcher(filter: Filter): (doc: Doc) => boolean {
  checkFilter(filter);
  return test(filter);
}

/** Throws `query.invalid` where a condition does not fit its field, or a limit is passed. */
export function checkFilter(filter: Filter): void {
  let nodes = 0;
  const visit = (node: Filter, depth: number): void => {
    if (++nodes > FILTER_NODES) throw tooMuch(`more than ${FILTER_NODES} conditions`, FILTER_NODES);
    if (depth > FILTER_DEPTH) throw tooMuch(`more than ${FILTER_DEPTH} levels`, FILTER_DEPTH);
    switch (node.kind) {
      case 'and':
      case 'or':
        for (const child of node.of) visit(child, depth + 1);
        break;
      case 'not':
        visit(node.of, depth + 1);
        break;
      default:
        checkCondition(node);
    }
  };
  visit(filter, 0);
}

/** A searchable field by its exact name. */
export function fieldOf(name: string): Field {
  const field = EXACT.get(name);
  if (field === undefined) {
    throw new Fault('query.invalid', `There is no field ${JSON.stringify(name.slice(0, 100))}.`);
  }
  return field;
}

/** Lower case for A to Z alone, as SQLite's NOCASE compares. */
export function asciiLower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

const EXACT: ReadonlyMap<string, Field> = new Map(FIELDS.map((field) => [field.name, field]));

type Condition = Exclude<Filter, { of: unknown }>;

function checkCondition(node: Condition): void {
  if (node.kind === 'all') return;
  if (node.kind === 'text') {
    if (node.field !== undefined) expect(node.field, ['text']);
    const tokens = phraseOf(node.text, 'whole')?.tokens.length ?? 0;
    if (tokens > PHRASE_TOKENS) {
      throw tooMuch(`a text of more than ${PHRASE_TOKENS} words`, PHRASE_TOKENS);
    }
    return;
  }
  if (node.kind === 'exists') fieldOf(node.field);
  else if (node.kind === 'range') expect(node.field, ['number', 'time']);
  else {
    expect(node.field, ['keyword']);
    const text = node.kind === 'keyword' ? node.value : node.pattern;
    if (text.length > RESOURCE_CHARS) {
      throw tooMuch(`a value of more than ${RESOURCE_CHARS} characters`, RESOURCE_CHARS);
    }
  }
}

function expect(name: string, kinds: readonly Field['kind'][]): void {
  const { kind } = fieldOf(name);
  if (kinds.includes(kind)) return;
  throw new Fault('query.invalid', `${name} is a ${kind} field, not ${kinds.join(' or ')}.`, {
    field: name,
  });
}

function tooMuch(what: string, limit: number): Fault {
  return new Fault('query.invalid', `The query has ${what}.`, { limit });
}

function test(filter: Filter): (doc: Doc) => boolean {
  switch (filter.kind) {
    case 'all':
      return () => true;
    case 'and': {
      const tests = filter.of.map(test);
      return (doc) => tests.every((holds) => holds(doc));
    }
    case 'or': {
      const tests = filter.of.map(test);
      return (doc) => tests.some((holds) => holds(doc));
    }
    case 'not': {
      const inner = test(filter.of);
      return (doc) => !inner(doc);
    }
    case 'text':
      return textTest(filter);
    case 'keyword': {
      const wanted = asciiLower(keywordText(filter.value));
      return anyKeyword(filter.field, (value) => value === wanted);
    }
    case 'pattern':
      return anyKeyword(filter.field, patternTest(asciiLower(keywordText(filter.pattern))));
    case 'exists':
      return ({ keywords, numbers, texts }) =>
        keywords.has(filter.field) || numbers.has(filter.field) || texts.has(filter.field);
    case 'range': {
      const holds = COMPARE[filter.op];
      return ({ numbers }) => {
        const number = numbers.get(filter.field);
        return number !== undefined && holds(number, filter.value);
      };
    }
  }
}

const COMPARE: Readonly<Record<RangeOp, (a: number, b: number) => boolean>> = {
  '=': (a, b) => a === b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

function textTest(filter: Extract<Filter, { kind: 'text' }>): (doc: Doc) => boolean {
  const phrase = phraseOf(filter.text, filter.prefix ? 'prefix' : 'whole');
  if (phrase === undefined) return () => false;
  const fields = filter.field === undefined ? TEXTS : [filter.field];
  return ({ texts }) => fields.some((field) => holdsPhrase(texts.get(field) ?? [], phrase));
}

function anyKeyword(field: string, holds: (value: string) => boolean): (doc: Doc) => boolean {
  return ({ keywords }) => keywords.get(field)?.some((value) => holds(asciiLower(value))) ?? false;
}

/** Matches piece by piece from the left, so that no pattern takes more than linear passes. */
function patternTest(pattern: string): (value: string) => boolean {
  const pieces = pattern.split('*');
  const first = pieces[0] ?? '';
  if (pieces.length === 1) return (value) => value === first;
  const last = pieces.at(-1) ?? '';
  const middle = pieces.slice(1, -1);
  return (value) => {
    if (!value.startsWith(first) || !value.endsWith(last)) return false;
    let at = first.length;
    for (const piece of middle) {
      const found = value.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return at <= value.length - last.length;
  };
}
