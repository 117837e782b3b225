/** Writes a filter as the text of a query that means the same. */
import type { Filter } from '../engine/engine.ts';
import { fieldNamed } from '../engine/field.ts';

/** Words that need no quotes, wherever they stand. */
const BARE = /^[\p{L}\p{N}_./@][\p{L}\p{N}_./@-]*$/u;
const OPERATOR = /^(AND|OR|NOT)$/;

/**
 * The text of a filter: `parseQuery` reads it back as the same filter, for every filter that it
 * can make itself. Times are written in UTC with milliseconds, synonyms as the fields' names.
 */
export function printQuery(filter: Filter): string {
  switch (filter.kind) {
    case 'all':
      return '*';
    case 'and':
      return filter.of.map(grouped).join(' ') || '*';
    case 'or':
      return filter.of.map(grouped).join(' OR ') || '-*';
    case 'not':
      return negated(filter.of);
    case 'text': {
      const star = filter.prefix ? '*' : '';
      const text = `${word(filter.text)}${star}`;
      return filter.field === undefined ? text : `${filter.field}:${text}`;
    }
    case 'keyword':
      return `${filter.field}:${word(filter.value)}`;
    case 'pattern':
      return `${filter.field}:${filter.pattern.split('*').map(stretch).join('*')}`;
    case 'exists':
      return `${filter.field}:*`;
    case 'range':
      return `${filter.field}:${filter.op}${bound(filter.field, filter.value)}`;
  }
}

function grouped(filter: Filter): string {
  const text = printQuery(filter);
  return text.includes(' ') && isJoined(filter) ? `(${text})` : text;
}

/** A second minus would make a word of both: `--x`. */
function negated(filter: Filter): string {
  const text = grouped(filter);
  return text.startsWith('-') ? `-(${text})` : `-${text}`;
}

function isJoined(filter: Filter): boolean {
  return filter.kind === 'and' || filter.kind === 'or';
}

function bound(field: string, value: number): string {
  return fieldNamed(field)?.kind === 'time' ? new Date(value).toISOString() : String(value);
}

function stretch(text: string): string {
  return text === '' ? '' : word(text);
}

function word(text: string): string {
  if (BARE.test(text) && !OPERATOR.test(text)) return text;
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
