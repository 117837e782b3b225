/** Keywords as full-text tokens, so that fields, tenants and words meet in one query. */
import { createHash } from 'node:crypto';
import { keywordText } from '../doc.ts';
import { FIELDS } from '../field.ts';
import { asciiLower } from '../match.ts';

/** Begins every tag. A private character, which no token of a text holds. */
const MARK = '\ue000';
const ESCAPE = '\ue001';
const HASHED = '\ue002';
/** A longer tag is its beginning and a hash. */
const TAG_CHARS = 200;
const PREFIX_CHARS = 160;

/** The token of a keyword; one token under FTS5's `ascii` tokenizer, different for each value. */
export function tagOf(field: string, value: string): string {
  const cache = CACHE.get(field);
  const known = cache?.get(value);
  if (known !== undefined) return known;
  const tag = codeOf(field) + shortened(encoded(value));
  if (cache === undefined) CACHE.set(field, new Map([[value, tag]]));
  else if (value.length <= TAG_CHARS) {
    if (cache.size >= CACHED) cache.clear();
    cache.set(value, tag);
  }
  return tag;
}

/** What tags of all values with this beginning begin with; undefined where it is too long. */
export function tagPrefix(field: string, beginning: string): string | undefined {
  const text = encoded(beginning);
  return text.length > PREFIX_CHARS ? undefined : codeOf(field) + text;
}

/** The token that all rows of a tenant bear. */
export function tenantTag(tenantId: number): string {
  return `${MARK}zz${tenantId.toString(36)}`;
}

/** A token that no row bears. */
export const NO_TAG = `${MARK}zz`;

const CODES = new Map(
  FIELDS.map(({ name }, i) => [name, MARK + i.toString(36).padStart(2, '0')] as const),
);
const CACHED = 4096;
const CACHE = new Map<string, Map<string, string>>();
const APART = /[\0-\x2f\x3a-\x60\x7b-\xff\ue001\ue002]/g;

function codeOf(field: string): string {
  return CODES.get(field) ?? NO_TAG;
}

/** ASCII that would end a token becomes Latin-1; Latin-1 itself is escaped: no two values meet. */
function encoded(value: string): string {
  return asciiLower(keywordText(value)).replace(APART, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x80 ? String.fromCharCode(code + 0x80) : ESCAPE + character;
  });
}

function shortened(text: string): string {
  if (text.length <= TAG_CHARS) return text;
  const hash = createHash('sha256').update(text).digest('hex');
  return text.slice(0, PREFIX_CHARS).toWellFormed() + HASHED + hash;
}
