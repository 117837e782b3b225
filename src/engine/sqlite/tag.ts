/** Keywords as full-text tokens, so that fields, tenants and words meet in one query. */
import { createHash } from 'node:crypto';
import { FIELDS } from '../field.ts';
import { keywordText } from '../keyword.ts';
import { asciiLower } from '../match.ts';

/** Begins every tag. A private character, which no token of a text holds. */
const MARK = '\ue000';
const ESCAPE = 0xe001;
const HASHED = '\ue002';
/** A longer tag is its beginning and a hash. */
const TAG_CHARS = 200;
const PREFIX_CHARS = 160;

/** The token of a keyword; one token under FTS5's `ascii` tokenizer, different for each value. */
export function tagOf(field: string, value: string): string {
  // Long ones are mostly ids, which seldom come again.
  if (value.length > CACHED_CHARS) return codeOf(field) + shortened(encoded(value));
  const cache = CACHE.get(field) ?? new Map<string, string>();
  const known = cache.get(value);
  if (known !== undefined) return known;
  const tag = codeOf(field) + encoded(value);
  if (cache.size === 0) CACHE.set(field, cache);
  if (cache.size >= CACHED) cache.clear();
  cache.set(value, tag);
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
const CACHED_CHARS = 24;
const CACHE = new Map<string, Map<string, string>>();

function codeOf(field: string): string {
  return CODES.get(field) ?? NO_TAG;
}

/** ASCII that would end a token becomes Latin-1; Latin-1 itself is escaped: no two values meet. */
function encoded(value: string): string {
  const text = keywordText(value);
  const units = text.length <= SPACE / 2 ? space : Buffer.allocUnsafe(text.length * 4);
  let size = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (isApart(code)) size = units.writeUInt16LE(ESCAPE, size);
    size = units.writeUInt16LE(code < 0x80 ? (ASCII_UNITS[code] ?? code) : code, size);
  }
  return units.toString('utf16le', 0, size);
}

/** Bytes for names of usual length: two units for each of theirs. */
const SPACE = 4096;
const space = Buffer.allocUnsafe(SPACE * 2);

function isApart(code: number): boolean {
  return (code >= 0x80 && code <= 0xff) || code === ESCAPE || code === HASHED.charCodeAt(0);
}

/** Letters in lower case and digits; everything else in ASCII as Latin-1. */
const ASCII_UNITS: readonly number[] = Array.from({ length: 0x80 }, (_, code) => {
  const lower = asciiLower(String.fromCharCode(code));
  return /[a-z0-9]/.test(lower) ? lower.charCodeAt(0) : code + 0x80;
});

function shortened(text: string): string {
  if (text.length <= TAG_CHARS) return text;
  const hash = createHash('sha256').update(text).digest('hex');
  return text.slice(0, PREFIX_CHARS).toWellFormed() + HASHED + hash;
}
