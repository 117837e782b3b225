/** Writes rows of one file: their columns, their words and tags. */
import type { Event } from '../../event/event.ts';
import { LIFECYCLE, LIFECYCLE_TYPES } from '../../event/lifecycle.ts';
import { PART_MARK } from '../../event/part.ts';
import { COMPARED, keywordsOf, keywordText, numberOf } from '../keyword.ts';
import type { Folded } from '../row.ts';
import { NAMING, TEXTS, type Texts, textsOf } from '../text.ts';
import { tokenText } from '../token.ts';
import type { Database, Db } from './file.ts';
import {
  COLUMNS,
  CUT_BIT,
  columnOf,
  presentBit,
  TALLIED,
  TIE_BITS,
  TIES,
  WORDS,
} from './schema.ts';
import { tagOf, tenantTag } from './tag.ts';

/** A row that is in the file already: to be replaced, or taken out. */
export type StoredRow = {
  readonly time_ms: number;
  readonly tie: number;
  readonly facts: readonly { readonly index: number; readonly seq: number }[];
};

export type RowWriter = {
  readonly add: (row: Folded) => AddedRow;
  readonly remove: (row: StoredRow) => RemovedRow;
  /** The file's row of a call, if it has one. */
  readonly find: (tenant: string, call: Call) => StoredRow | undefined;
};

/** What else follows from a row that was written. */
export type AddedRow = {
  readonly tenant: number;
  /** 1 where it has more text than is indexed. */
  readonly cut: number;
  /** Names of its resources. */
  readonly resources: readonly string[];
  /** A value or null for each of `TALLIED`. */
  readonly tallied: readonly Value[];
};

/** Whose row it was, whether it had more text than is indexed, and what was counted of it. */
export type RemovedRow = {
  readonly tenant: number;
  readonly session_id: string;
  readonly cut: number;
  /** A value or null for each of `TALLIED`. */
  readonly tallied: readonly Value[];
};

/** `root`: the whole session, as `rootOf` gives it. */
export type Call = { readonly root: string; readonly call_id: string };

/** SQL for a place from two values: Unix milliseconds and tie. */
export const PLACE = `((? << ${TIE_BITS}) | ?)`;

export type WriterScope = {
  /** The `seq` from which ties count. */
  readonly base: number;
  readonly tenantId: (tenant: string) => number;
};

export function rowWriter(db: Db, { base, tenantId }: WriterScope): RowWriter {
  const insert = columnInserter(db);
  const names = `rowid, ${WORDS.join(', ')}`;
  const words = db.prepare(`INSERT INTO word(${names}) VALUES (${PLACE}${blanks(WORDS.length)})`);
  const removals = ['word WHERE rowid', 'row WHERE place'].map((from) =>
    db.prepare(`DELETE FROM ${from} = ${PLACE}`),
  );
  const keyed = db
    .prepare<[number, string, number, ...Value[]]>(
      `SELECT tenant, session_id, present & ${CUT_BIT}, ${TALLIED.map(columnOf).join(', ')}
      FROM row r WHERE place = ${PLACE}`,
    )
    .raw();
  const find = db.prepare<FoundRow>(FIND);
  return {
    add: (row) => {
      const { time_ms, event } = row;
      const tie = row.seq - base;
      const tenant = tenantId(row.tenant);
      const compared = comparedOf(event);
      const texts = textsOf(event, compared.naming);
      const fixed = [time_ms, tie, tenant, ...placesOf(row), presentOf(texts)];
      insert(fixed, compared.values);
      const cells = texts.fields.map((pieces) => pieces?.map(tokenText).join(' ') ?? null);
      const tags = [tenantTag(tenant), ...compared.tags].join(' ');
      words.run(time_ms, tie, ...cells, tags);
      const tallied = talliedOf(compared.values);
      return { tenant, cut: Number(texts.cut), resources: compared.resources, tallied };
    },
    remove: ({ time_ms, tie }) => {
      const owner = keyed.get(time_ms, tie);
      for (const removal of removals) removal.run(time_ms, tie);
      if (owner === undefined) throw new TypeError('A row to replace is not in its file.');
      const [tenant, session_id, cut, ...tallied] = owner;
      return { tenant, session_id, cut, tallied };
    },
    find: (tenant, call) => {
      const id = tenantId(tenant);
      const match = `"${tenantTag(id)}" AND "${tagOf('call_id', call.call_id)}"`;
      const found = find.get(match, id, call.root, keywordText(call.call_id));
      return found === undefined ? undefined : storedRow(found, base);
    },
  };
}

function blanks(count: number): string {
  return ', ?'.repeat(count);
}

/** One statement for each set of columns that rows have: most columns of most rows are empty. */
function columnInserter(db: Db) {
  const statements = new Map<number, Database.Statement>();
  const prepare = (values: readonly Value[]): Database.Statement => {
    const names = COLUMNS.filter((_, i) => values[i] !== null).map(({ name }) => `, "${name}"`);
    const columns = `place, tenant, idx, more, present${names.join('')}`;
    const places = `${PLACE}${blanks(4 + names.length)}`;
    return db.prepare(`INSERT INTO row(${columns}) VALUES (${places})`);
  };
  return (fixed: readonly Value[], values: readonly Value[]): void => {
    const shape = values.reduce<number>((bits, value) => bits * 2 + (value === null ? 0 : 1), 0);
    let statement = statements.get(shape);
    if (statement === undefined) {
      if (statements.size >= STATEMENTS) statements.clear();
      statement = prepare(values);
      statements.set(shape, statement);
    }
    statement.run(...fixed, ...values.filter((value) => value !== null));
  };
}

const STATEMENTS = 200;

type Value = Database.Value;

type FoundRow = { time_ms: number; tie: number; idx: number; more: string | null };

function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(', ');
}

/** Steps of the lifecycle name a call, but are rows of their own. */
const FIND = `SELECT r.place >> ${TIE_BITS} AS time_ms, r.place & ${TIES - 1} AS tie, r.idx, r.more
  FROM word CROSS JOIN row r ON r.place = word.rowid
  WHERE word MATCH ? AND r.tenant = ?
    AND iif(instr(r.session_id, r.parent_session_id || '${PART_MARK}') = 1,
      r.parent_session_id, r.session_id) = ?
    AND r.call_id = ?
    AND (coalesce(r.tool, '') NOT IN (${quoted(LIFECYCLE)})
      OR r.type NOT IN (${quoted(LIFECYCLE_TYPES)}))
  ORDER BY r.more IS NULL LIMIT 1`;

function storedRow({ time_ms, tie, idx, more }: FoundRow, base: number): StoredRow {
  const facts = more === null ? [{ index: idx, seq: base + tie }] : factsOf(more);
  return { time_ms, tie, facts };
}

/** `row.more`: index and `seq` of each fact of a row that has several, oldest first. */
export function factsOf(more: string): { readonly index: number; readonly seq: number }[] {
  return (JSON.parse(more) as [number, number][]).map(([index, seq]) => ({ index, seq }));
}

function placesOf({ facts }: Folded): [number, string | null] {
  const more = facts.length > 1;
  return [
    facts[0]?.index ?? 0,
    more ? JSON.stringify(facts.map(({ index, seq }) => [index, seq])) : null,
  ];
}

function presentOf({ fields, cut }: Texts): number {
  let bits = cut ? CUT_BIT : 0;
  for (let i = 0; i < fields.length; i++) {
    if (fields[i] !== undefined) bits += PRESENT[i] ?? 0;
  }
  return bits;
}

const PRESENT = TEXTS.map(presentBit);

const TALLIED_AT = TALLIED.map((name) => COLUMNS.findIndex((column) => column.name === name));

function talliedOf(values: readonly Value[]): readonly Value[] {
  return TALLIED_AT.map((at) => values[at] ?? null);
}

type Compared = {
  /** A value or null for each of `COLUMNS`. */
  readonly values: readonly Value[];
  readonly tags: readonly string[];
  /** Keywords whose words are found by text that names no field. */
  readonly naming: readonly string[];
  readonly resources: readonly string[];
};

/** What each of an event's own keys may hold that is compared. */
const COMPARED_BY_KEY = Map.groupBy(
  COMPARED.map((field) => ({
    field,
    column: COLUMNS.indexOf(field),
    tagged: field.kind === 'keyword' && field.name !== 'id' && field.name !== 'tenant_id',
    naming: NAMING.indexOf(field.name),
  })),
  ({ field }) => field.name.split('.')[0] ?? '',
);

function comparedOf(event: Event): Compared {
  const values: Value[] = new Array(COLUMNS.length).fill(null);
  const tags: string[] = [];
  const naming: (readonly string[])[] = [];
  let resources: readonly string[] = [];
  for (const key of Object.keys(event)) {
    for (const { field, column, tagged, naming: place } of COMPARED_BY_KEY.get(key) ?? []) {
      if (field.kind !== 'keyword') {
        if (column >= 0) values[column] = numberOf(event, field) ?? null;
        continue;
      }
      const texts = keywordsOf(event, field.name);
      const first = texts[0];
      if (first === undefined) continue;
      if (column >= 0) values[column] = field.many ? JSON.stringify(texts) : first;
      if (tagged) for (const text of texts) tags.push(tagOf(field.name, text));
      if (place >= 0) naming[place] = texts;
      if (field.name === 'resources.id') resources = texts;
    }
  }
  return { values, tags, naming: naming.flat(), resources };
}
