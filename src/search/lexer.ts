/** Cuts the text of a query into tokens, each with its place. */
import { Fault } from '../fault/fault.ts';

/** A stretch of a value: what stood in quotes is meant letter by letter, wildcards included. */
export type Part = { readonly kind: 'plain' | 'quoted'; readonly text: string };

/** `at` is the token's first UTF-16 unit in the query, from 0. */
export type Token = { readonly at: number } & (
  | { readonly kind: 'open' | 'close' | 'and' | 'or' | 'not' }
  /** A name and its colon. */
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'value'; readonly parts: readonly Part[] }
);

const SPACE = /\s*/y;
/** `https://…` is no field; a name begins with a letter, so that 14:30 is none either. */
const FIELD = /([A-Za-z_][\w.-]*):(?!\/\/)/y;
const PLAIN = /[^\s()"]+/y;
/** In quotes `\"` and `\\` are the escapes; any other backslash is itself, as in C:\new. */
const QUOTED = /"((?:[^"\\]|\\[\s\S])*)"/y;
/** A minus before something negates it; in `--force` and `a - b` it is text. */
const MINUS = /-(?=[^\s)-])/y;
const OPERATORS = { AND: 'and', OR: 'or', NOT: 'not' } as const;

/** The query's tokens, in order. Throws `query.invalid` for a quote that is never closed. */
export function tokens(text: string): readonly Token[] {
  const found: Token[] = [];
  let at = skip(text, 0);
  while (at < text.length) {
    const [token, end] = next(text, at, found.at(-1));
    found.push(token);
    // A value must follow its field's colon directly, so no space is skipped there.
    at = token.kind === 'field' ? end : skip(text, end);
  }
  return found;
}

/** A refusal that points into the query; `at` counts from 0, `column` from 1. */
export function invalid(at: number, message: string, hint?: string): Fault {
  const detail = hint === undefined ? { column: at + 1 } : { column: at + 1, hint };
  return new Fault('query.invalid', message, detail);
}

function next(text: string, at: number, previous: Token | undefined): [Token, number] {
  if (text[at] === '(') return [{ kind: 'open', at }, at + 1];
  if (text[at] === ')') return [{ kind: 'close', at }, at + 1];
  if (previous?.kind === 'field') return fieldValue(text, at, previous);
  if (take(MINUS, text, at) !== undefined) return [{ kind: 'not', at }, at + 1];
  const field = take(FIELD, text, at);
  if (field !== undefined) {
    return [{ kind: 'field', name: field[1] ?? '', at }, at + field[0].length];
  }
  return word(text, at);
}

/** Bare words and phrases: a quote begins a new one, a star may follow a phrase. */
function word(text: string, at: number): [Token, number] {
  if (text[at] === '"') {
    const [phrase, end] = quoted(text, at);
    const star = text[end] === '*';
    const parts: Part[] = star ? [phrase, { kind: 'plain', text: '*' }] : [phrase];
    return [{ kind: 'value', parts, at }, star ? end + 1 : end];
  }
  const plain = take(PLAIN, text, at)?.[0] ?? '';
  const operator = OPERATORS[plain as keyof typeof OPERATORS];
  if (operator !== undefined && Object.hasOwn(OPERATORS, plain)) {
    return [{ kind: operator, at }, at + plain.length];
  }
  return [{ kind: 'value', parts: [{ kind: 'plain', text: plain }], at }, at + plain.length];
}

/** What follows a colon: plain and quoted stretches without a space between make one value. */
function fieldValue(text: string, at: number, field: Token): [Token, number] {
  const parts: Part[] = [];
  let end = at;
  for (;;) {
    const plain = take(PLAIN, text, end)?.[0];
    if (plain !== undefined) {
      parts.push({ kind: 'plain', text: plain });
      end += plain.length;
    } else if (text[end] === '"') {
      const [part, after] = quoted(text, end);
      parts.push(part);
      end = after;
    } else break;
  }
  if (parts.length > 0) return [{ kind: 'value', parts, at }, end];
  throw noValue(field);
}

/** The refusal of a field whose colon is followed by nothing. */
export function noValue(field: Token): Fault {
  const name = field.kind === 'field' ? field.name : '';
  const hint = `Write the value directly after the colon, or ${name}:* for any value.`;
  return invalid(field.at, `"${name}:" is followed by no value.`, hint);
}

function quoted(text: string, at: number): [Part, number] {
  const match = take(QUOTED, text, at);
  if (match === undefined) {
    throw invalid(at, 'This quote is never closed.', 'Close it, or write \\" for a quote itself.');
  }
  const inner = (match[1] ?? '').replaceAll(/\\(["\\])/g, '$1');
  return [{ kind: 'quoted', text: inner }, at + match[0].length];
}

function skip(text: string, at: number): number {
  return at + (take(SPACE, text, at)?.[0].length ?? 0);
}

function take(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}
