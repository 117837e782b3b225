/** Turns what stands after a field's colon into a filter, as the field's kind has it. */
import type { Filter, RangeOp } from '../engine/engine.ts';
import type { Field } from '../engine/field.ts';
import { phraseOf } from '../engine/token.ts';
import { POLICY_VIOLATION } from '../event/name.ts';
import { allOf } from './filter.ts';
import { invalid, type Part } from './lexer.ts';
import { nearest } from './suggest.ts';
import { type Clock, readSpan } from './time.ts';

/** A value, its place in the query (from 0), and the clock that times are read against. */
export type Value = {
  readonly parts: readonly Part[];
  readonly at: number;
  readonly clock: Clock;
};

const COMPARED = /^(>=|<=|>|<|=)/;
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
const QUOTE_IT = 'Put it in quotes to look for it as it stands.';

/** The filter for one value of a field. Throws `query.invalid`. */
export function fieldFilter(field: Field, value: Value): Filter {
  const plain = value.parts.every((part) => part.kind === 'plain');
  const text = joined(value.parts);
  if (plain && /^\*+$/.test(text)) return { kind: 'exists', field: field.name };
  if (text.trim() === '') {
    const hint = `Write -${field.name}:* for rows without a value.`;
    throw invalid(value.at, `${field.name} cannot be empty.`, hint);
  }
  switch (field.kind) {
    case 'keyword':
      return keywordFilter(field, value);
    case 'text':
      return textFilter(value, field.name);
    case 'number':
    case 'time':
      return rangeFilter(field, value);
  }
}

/** The filter for a bare word or phrase, looked for in `field` or in every text field. */
export function textFilter(value: Value, field?: string): Filter {
  const { parts, at } = value;
  const last = parts.at(-1);
  const prefix = last?.kind === 'plain' && last.text.endsWith('*');
  const whole = joined(parts);
  const text = (prefix ? whole.replace(/\*+$/, '') : whole).trim();
  const stem = prefix
    ? parts.with(-1, { kind: 'plain', text: last.text.replace(/\*+$/, '') })
    : parts;
  if (text === '' && prefix) return { kind: 'all' };
  if (text === '') throw invalid(at, 'There is no text between the quotes.');
  if (stem.some((part) => part.kind === 'plain' && part.text.includes('*'))) {
    const hint = 'Write prefix*, or use a field such as resource:*name*.';
    throw invalid(at, 'In full text a star may only end a word.', hint);
  }
  if (phraseOf(text, 'whole') === undefined) {
    throw invalid(at, `${shown(text)} holds no letter or digit to look for.`);
  }
  return { kind: 'text', ...(field === undefined ? {} : { field }), text, prefix };
}

function keywordFilter(field: Field, { parts, at }: Value): Filter {
  const [first] = parts;
  if (first?.kind === 'plain' && COMPARED.test(first.text)) {
    throw invalid(at, `${field.name} is a word, which has no greater or smaller.`, QUOTE_IT);
  }
  const star = (part: Part) => part.text.includes('*');
  if (!parts.some((part) => part.kind === 'plain' && star(part))) {
    return { kind: 'keyword', field: field.name, value: known(field, joined(parts), at) };
  }
  if (parts.some((part) => part.kind === 'quoted' && star(part))) {
    const hint = 'Put the whole value in quotes, or leave the star outside them as a wildcard.';
    throw invalid(at, 'A star in quotes is a letter; beside a wildcard it cannot be one.', hint);
  }
  return { kind: 'pattern', field: field.name, pattern: joined(parts).replaceAll(/\*+/g, '*') };
}

/** The listed value that was meant, in its own case; any value where none are listed. */
function known(field: Field, text: string, at: number): string {
  if (field.values === undefined) return text;
  const lower = text.toLowerCase();
  if (field.name === 'status' && lower === POLICY_VIOLATION.toLowerCase()) return 'blocked';
  if (field.values.includes(lower)) return lower;
  const near = nearest(lower, field.values);
  const list = `${field.name} is one of ${field.values.join(', ')}.`;
  const hint = near === undefined ? list : `Did you mean ${near}? ${list}`;
  throw invalid(at, `${field.name} never is ${shown(text)}.`, hint);
}

function rangeFilter(field: Field, value: Value): Filter {
  const text = joined(value.parts).trim();
  const op = COMPARED.exec(text)?.[0] as RangeOp | undefined;
  if (op !== undefined) return compare(field, op, { ...value, text: text.slice(op.length).trim() });
  const dots = text.indexOf('..');
  if (dots < 0) return compare(field, '=', { ...value, text });
  const [from, to] = [text.slice(0, dots), text.slice(dots + 2)];
  const bounds: Filter[] = [];
  if (from !== '' && from !== '*') bounds.push(compare(field, '>=', { ...value, text: from }));
  if (to !== '' && to !== '*') bounds.push(compare(field, '<=', { ...value, text: to }));
  return bounds.length === 0 ? { kind: 'exists', field: field.name } : allOf(bounds);
}

type Bound = { readonly text: string; readonly at: number; readonly clock: Clock };

function compare(field: Field, op: RangeOp, bound: Bound): Filter {
  if (field.kind === 'time') return compareTime(field.name, op, bound);
  const number = NUMBER.test(bound.text) ? Number(bound.text) : Number.NaN;
  if (!Number.isFinite(number)) {
    const hint = `Write ${field.name}:>1000, ${field.name}:100..200 or ${field.name}:*.`;
    throw invalid(bound.at, `${shown(bound.text)} is not a number.`, hint);
  }
  // Adding zero turns -0 into 0.
  return range(field.name, op, number + 0);
}

/** A date means its whole day: `>` is after its end, `<=` is up to its end, `=` is within it. */
function compareTime(field: string, op: RangeOp, { text, at, clock }: Bound): Filter {
  const span = readSpan(text, clock);
  if ('reason' in span) throw invalid(at, `${shown(text)} ${span.reason}.`, span.hint);
  const { from_ms, to_ms } = span;
  if (to_ms - from_ms === 1) return range(field, op, from_ms);
  switch (op) {
    case '<':
    case '>=':
      return range(field, op, from_ms);
    case '>':
      return range(field, '>=', to_ms);
    case '<=':
      return range(field, '<', to_ms);
    case '=':
      return allOf([range(field, '>=', from_ms), range(field, '<', to_ms)]);
  }
}

function range(field: string, op: RangeOp, value: number): Filter {
  return { kind: 'range', field, op, value };
}

function joined(parts: readonly Part[]): string {
  return parts.map((part) => part.text).join('');
}

/** A text of the caller's in a sentence: quoted, escaped, short. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}
