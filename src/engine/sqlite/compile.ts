/** Turns a query into SQL over one file: full text as far as it goes, then columns. */
import type { Filter, Query } from '../engine.ts';
import { keywordText } from '../keyword.ts';
import { asciiLower, fieldOf } from '../match.ts';
import { TEXTS } from '../text.ts';
import { phraseOf } from '../token.ts';
import type { Database } from './file.ts';
import { likeOf } from './resources.ts';
import { columnOf, presentBit, WORDS } from './schema.ts';
import { NO_TAG, tagOf, tagPrefix, tenantTag } from './tag.ts';

/** Where rows come from and which of them match; `source` has the row's place as `place`. */
export type Plan = {
  readonly source: string;
  /** The column of the source that streams in the answers' order. */
  readonly place: string;
  /** Joins the row's columns as `r`, where the source is not the row itself. */
  readonly join: string;
  readonly where: string;
  readonly values: readonly Database.Value[];
  /** Whether `where` needs the row's columns. */
  readonly needsRow: boolean;
};

/** What one file knows that a plan needs. */
export type Knowledge = {
  /** The number of the query's tenant. */
  readonly tenantId: number;
  /** The file's names of resources that fit a pattern, where it can list them. */
  readonly namesLike: (pattern: string) => readonly string[] | undefined;
};

/** Rows of the query's tenant with a place in [from, to). */
export function planOf(query: Query, file: Knowledge, range: PlaceRange): Plan {
  const { tenantId } = file;
  const tag = `"${tenantTag(tenantId)}"`;
  const scope = { tenant: query.tenant, tag, namesLike: remembered(file.namesLike) };
  const parts = conjuncts(query.filter);
  const words = parts.flatMap((part) => wordsOf(part, scope) ?? []);
  const rest = parts.filter((part) => wordsOf(part, scope) === undefined);
  const residual = rest.map((part) => conditionOf(part, scope));
  const { source, place, join, first } = sourceOf(words, tag, tenantId);
  const where = [
    first.sql,
    `${place} >= ?`,
    `${place} < ?`,
    ...(residual.length === 0 ? [] : [`tick(${place})`]),
    ...residual.map((condition) => condition.sql),
  ].join(' AND ');
  const values = [...first.values, range.from, range.to, ...residual.flatMap((c) => c.values)];
  return { source, place, join, where, values, needsRow: residual.length > 0 || first.needsRow };
}

/** Places, as `row.place` counts them. */
export type PlaceRange = { readonly from: bigint; readonly to: bigint };

type Scope = Pick<Knowledge, 'namesLike'> & { readonly tenant: string; readonly tag: string };
type Sql = { readonly sql: string; readonly values: readonly Database.Value[] };

function conjuncts(filter: Filter): readonly Filter[] {
  if (filter.kind === 'all') return [];
  return filter.kind === 'and' ? filter.of.flatMap(conjuncts) : [filter];
}

/** A filter is looked at several times; its names are listed once. */
function remembered(namesLike: Knowledge['namesLike']): Knowledge['namesLike'] {
  const known = new Map<string, ReturnType<typeof namesLike>>();
  return (pattern) => {
    if (!known.has(pattern)) known.set(pattern, namesLike(pattern));
    return known.get(pattern);
  };
}

function sourceOf(
  words: readonly string[],
  tag: string,
  tenantId: number,
): { source: string; place: string; join: string; first: Sql & { needsRow: boolean } } {
  if (words.length > 0) {
    const match = [tag, ...words].join(' AND ');
    const first = { sql: 'word MATCH ?', values: [match], needsRow: false };
    return {
      source: 'word',
      place: 'word.rowid',
      join: 'CROSS JOIN row r ON r.place = word.rowid',
      first,
    };
  }
  const first = { sql: 'r.tenant = ?', values: [tenantId], needsRow: true };
  return { source: 'row r', place: 'r.place', join: '', first };
}

/** Levels of a full-text expression: FTS5 reads it with a stack of a hundred places. */
const WORD_LEVELS = 12;

/** The full-text expression for a filter, or undefined where only columns can tell. */
function wordsOf(filter: Filter, scope: Scope): string | undefined {
  if (levels(filter) > WORD_LEVELS) return undefined;
  switch (filter.kind) {
    case 'all':
      return scope.tag;
    case 'and':
    case 'or': {
      const parts = filter.of.map((part) => wordsOf(part, scope));
      if (parts.includes(undefined)) return undefined;
      if (parts.length === 0) return filter.kind === 'and' ? scope.tag : quoted(NO_TAG);
      return `(${parts.join(filter.kind === 'and' ? ' AND ' : ' OR ')})`;
    }
    case 'not': {
      const inner = wordsOf(filter.of, scope);
      return inner === undefined ? undefined : `(${scope.tag} NOT ${inner})`;
    }
    case 'text':
      return phraseWords(filter);
    case 'keyword':
      return keywordWords(filter, scope);
    case 'pattern':
      return prefixWords(filter) ?? resourceWords(filter, scope);
    default:
      return undefined;
  }
}

function levels(filter: Filter): number {
  if (!('of' in filter)) return 0;
  const inner = 'kind' in filter.of ? [filter.of] : filter.of;
  return 1 + Math.max(0, ...inner.map(levels));
}

function phraseWords({ field, text, prefix }: Extract<Filter, { kind: 'text' }>): string {
  const phrase = phraseOf(text, prefix ? 'prefix' : 'whole');
  if (phrase === undefined) return quoted(NO_TAG);
  const words = quoted(phrase.tokens.join(' ')) + (phrase.prefix ? ' *' : '');
  return field === undefined ? words : `(${WORDS[TEXTS.indexOf(field)]} : ${words})`;
}

function keywordWords(
  { field, value }: Extract<Filter, { kind: 'keyword' }>,
  { tenant, tag }: Scope,
): string | undefined {
  if (field === 'id') return undefined;
  if (field !== 'tenant_id') return quoted(tagOf(field, value));
  return asciiLower(value) === tenant ? tag : quoted(NO_TAG);
}

/** `abc*` is the beginning of a tag. */
function prefixWords({ field, pattern }: Extract<Filter, { kind: 'pattern' }>): string | undefined {
  const beginning = pattern.slice(0, -1);
  if (field === 'id' || field === 'tenant_id' || !pattern.endsWith('*')) return undefined;
  if (beginning === '' || beginning.includes('*')) return undefined;
  const tag = tagPrefix(field, beginning);
  return tag === undefined ? undefined : `${quoted(tag)} *`;
}

/** A full-text string; tokens hold no quotation mark. */
function quoted(tokens: string): string {
  return `"${tokens}"`;
}

/** The tags of all names that fit. */
function resourceWords(
  { field, pattern }: Extract<Filter, { kind: 'pattern' }>,
  { namesLike }: Scope,
): string | undefined {
  const names = field === 'resources.id' ? namesLike(pattern) : undefined;
  if (names === undefined) return undefined;
  if (names.length === 0) return quoted(NO_TAG);
  return `(${names.map((name) => quoted(tagOf(field, name))).join(' OR ')})`;
}

/** A condition that is true or false, never null, so that `not` may stand before it. */
function conditionOf(filter: Filter, scope: Scope): Sql {
  const words = filter.kind === 'all' ? undefined : wordsOf(filter, scope);
  if (words !== undefined) {
    return { sql: 'r.place IN (SELECT rowid FROM word WHERE word MATCH ?)', values: [words] };
  }
  switch (filter.kind) {
    case 'and':
    case 'or': {
      const parts = filter.of.map((part) => conditionOf(part, scope));
      const values = parts.flatMap((part) => part.values);
      return { sql: `(${parts.map((part) => part.sql).join(` ${filter.kind} `)})`, values };
    }
    case 'not': {
      const inner = conditionOf(filter.of, scope);
      return { ...inner, sql: `NOT ${inner.sql}` };
    }
    case 'keyword':
      return idCondition(filter.value);
    case 'pattern':
      return patternCondition(filter);
    case 'exists':
      return existsCondition(filter.field);
    case 'range': {
      const column = columnOf(filter.field);
      return {
        sql: `(${column} IS NOT NULL AND ${column} ${filter.op} ?)`,
        values: [filter.value],
      };
    }
    default:
      return { sql: '1', values: [] };
  }
}

/** The file's table of ids finds the row; the row's own id is that of its first fact. */
function idCondition(value: string): Sql {
  const id = asciiLower(keywordText(value));
  const sql =
    '(r.place IN (SELECT place FROM fact WHERE id = ? AND tenant = r.tenant) AND r.id = ?)';
  return { sql, values: [idBytes(id), id] };
}

/** An event's id as the key of the table `fact`. */
export function idBytes(id: string): Buffer {
  return UUID.test(id) ? Buffer.from(id.replaceAll('-', ''), 'hex') : Buffer.from(id);
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function existsCondition(name: string): Sql {
  const isText = fieldOf(name).kind === 'text';
  const sql = isText
    ? `((r.present & ${presentBit(name)}) != 0)`
    : `(${columnOf(name)} IS NOT NULL)`;
  return { sql, values: [] };
}

function patternCondition({ field, pattern }: Extract<Filter, { kind: 'pattern' }>): Sql {
  const column = columnOf(field);
  const like = likeOf(pattern);
  if (!fieldOf(field).many) {
    return { sql: `(${column} IS NOT NULL AND ${column} LIKE ? ESCAPE '\\')`, values: [like] };
  }
  const any = `EXISTS (SELECT 1 FROM json_each(${column}) j WHERE j.value LIKE ? ESCAPE '\\')`;
  return { sql: `(${column} IS NOT NULL AND ${any})`, values: [like] };
}
