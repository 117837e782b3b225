/** The query language: text to a filter. `docs/reference/query.md` explains it to people. */
import type { Filter } from '../engine/engine.ts';
import { FIELDS, type Field, fieldNamed } from '../engine/field.ts';
import type { Fault } from '../fault/fault.ts';
import { allOf, anyOf, noneOf } from './filter.ts';
import { invalid, noValue, type Token, tokens } from './lexer.ts';
import { nearest } from './suggest.ts';
import type { Clock } from './time.ts';
import { fieldFilter, shown, textFilter } from './value.ts';

/** Characters (UTF-16 units) of a query. */
export const QUERY_CHARS = 4096;
/** Levels of parentheses and negations. */
export const QUERY_DEPTH = 32;
/** Words, phrases and field values of a query. */
export const QUERY_TERMS = 256;

/**
 * The filter that a query means; an empty one means every row. Throws `query.invalid` with the
 * 1-based `column` (in UTF-16 units) of what is wrong, a sentence, and mostly a hint.
 */
export function parseQuery(text: string, clock: Clock): Filter {
  if (text.length > QUERY_CHARS) {
    throw invalid(QUERY_CHARS, `A query has at most ${QUERY_CHARS} characters.`);
  }
  const reader: Reader = { tokens: tokens(text), next: 0, terms: 0, clock };
  if (reader.tokens.length === 0) return { kind: 'all' };
  const filter = either(reader, { depth: 0 });
  const rest = peek(reader);
  if (rest !== undefined) throw invalid(rest.at, 'This parenthesis closes nothing.');
  return filter;
}

type Reader = {
  readonly tokens: readonly Token[];
  next: number;
  terms: number;
  readonly clock: Clock;
};

/** What encloses a term: how deep it is, and the field whose parentheses it stands in. */
type Scope = { readonly depth: number; readonly field?: Field };

function either(reader: Reader, scope: Scope): Filter {
  const sides = [every(reader, scope)];
  while (peek(reader)?.kind === 'or') {
    reader.next++;
    sides.push(every(reader, scope));
  }
  return anyOf(sides);
}

function every(reader: Reader, scope: Scope): Filter {
  const terms = [term(reader, scope)];
  for (;;) {
    const token = peek(reader);
    if (token === undefined || token.kind === 'or' || token.kind === 'close') return allOf(terms);
    if (token.kind === 'and') reader.next++;
    terms.push(term(reader, scope));
  }
}

function term(reader: Reader, scope: Scope): Filter {
  const token = peek(reader);
  if (token === undefined) throw unfinished(reader);
  reader.next++;
  switch (token.kind) {
    case 'not':
      return noneOf(term(reader, deeper(scope, token)));
    case 'open':
      return group(reader, deeper(scope, token), token);
    case 'field':
      return fielded(reader, scope, token);
    case 'value': {
      count(reader, token);
      const value = { parts: token.parts, at: token.at, clock: reader.clock };
      return scope.field === undefined ? textFilter(value) : fieldFilter(scope.field, value);
    }
    case 'close':
      if (scope.depth === 0) throw invalid(token.at, 'This parenthesis closes nothing.');
      throw invalid(token.at, 'Something to look for is missing before this parenthesis.');
    case 'and':
    case 'or':
      throw invalid(
        token.at,
        `${token.kind.toUpperCase()} needs something to look for before it.`,
        'Put the word in quotes to look for it.',
      );
  }
}

function group(reader: Reader, scope: Scope, open: Token): Filter {
  const filter = either(reader, scope);
  if (peek(reader)?.kind !== 'close') throw invalid(open.at, 'This parenthesis is never closed.');
  reader.next++;
  return filter;
}

function fielded(reader: Reader, scope: Scope, token: Token & { kind: 'field' }): Filter {
  if (scope.field !== undefined) {
    const message = `Within ${scope.field.name}:( … ) no other field can be named.`;
    throw invalid(token.at, message, 'Close the parenthesis first, or put the value in quotes.');
  }
  const field = fieldNamed(token.name);
  if (field === undefined) throw unknownField(token);
  const value = peek(reader);
  if (value?.kind === 'open') {
    reader.next++;
    return group(reader, { ...deeper(scope, value), field }, value);
  }
  if (value?.kind !== 'value') throw noValue(token);
  reader.next++;
  count(reader, value);
  return fieldFilter(field, { parts: value.parts, at: value.at, clock: reader.clock });
}

function unknownField(token: Token & { kind: 'field' }): Fault {
  const names = FIELDS.flatMap((field) => [field.name, ...field.synonyms]);
  const near = nearest(token.name, names);
  const quotes = `Put "${token.name.slice(0, 64)}:…" in quotes to look for it as text.`;
  const hint = near === undefined ? quotes : `Did you mean ${near}? ${quotes}`;
  return invalid(token.at, `There is no field ${shown(token.name)} to search.`, hint);
}

/** The query ended where something had to follow: points at what asked for it. */
function unfinished(reader: Reader): Fault {
  const last = reader.tokens[reader.next - 1];
  if (last?.kind === 'open') return invalid(last.at, 'This parenthesis is never closed.');
  return invalid(last?.at ?? 0, 'Something to look for is missing after this.');
}

function deeper(scope: Scope, token: Token): Scope {
  if (scope.depth < QUERY_DEPTH) return { ...scope, depth: scope.depth + 1 };
  throw invalid(token.at, `A query is nested at most ${QUERY_DEPTH} levels deep.`);
}

function count(reader: Reader, token: Token): void {
  if (reader.terms++ < QUERY_TERMS) return;
  throw invalid(token.at, `A query has at most ${QUERY_TERMS} terms.`);
}

function peek(reader: Reader): Token | undefined {
  return reader.tokens[reader.next];
}
