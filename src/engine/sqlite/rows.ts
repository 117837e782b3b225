/** Writes rows of one file: their columns, their words and tags, the trigrams of resources. */
import { type Doc, keywordText, TEXTS } from '../doc.ts';
import type { Row } from '../row.ts';
import type { Database, Db } from './file.ts';
import { COLUMNS, CUT_BIT, presentBit, TIE_BITS, TIES, WORDS } from './schema.ts';
import { tagOf, tenantTag } from './tag.ts';

/** A row that is in the file already: to be replaced, or taken out. */
export type StoredRow = {
  readonly time_ms: number;
  readonly tie: number;
  readonly facts: readonly { readonly index: number; readonly seq: number }[];
};

export type RowWriter = {
  readonly add: (row: Row) => void;
  readonly remove: (row: StoredRow) => RemovedRow;
  /** The file's row of a call, if it has one. */
  readonly find: (tenant: string, call: Call) => StoredRow | undefined;
};

/** Whose row it was, and whether it had more text than is indexed. */
export type RemovedRow = {
  readonly tenant: number;
  readonly session_id: string;
  readonly cut: number;
};

export type Call = { readonly session_id: string; readonly call_id: string };

/** SQL for a place from two values: Unix milliseconds and tie. */
export const PLACE = `((? << ${TIE_BITS}) | ?)`;

export type WriterScope = {
  /** The `seq` from which ties count. */
  readonly base: number;
  readonly tenantId: (tenant: string) => number;
};

export function rowWriter(db: Db, { base, tenantId }: WriterScope): RowWriter {
  const blanks = (count: number) => ', ?'.repeat(count);
  const insert = db.prepare(`INSERT INTO row VALUES (${PLACE}${blanks(4 + COLUMNS.length)})`);
  const names = `rowid, ${WORDS.join(', ')}`;
  const words = db.prepare(`INSERT INTO word(${names}) VALUES (${PLACE}${blanks(WORDS.length)})`);
  const part = db.prepare(`INSERT INTO part(rowid, resource) VALUES (${PLACE}, ?)`);
  const removals = ['part WHERE rowid', 'word WHERE rowid', 'row WHERE place'].map((from) =>
    db.prepare(`DELETE FROM ${from} = ${PLACE}`),
  );
  const keyed = db.prepare<RemovedRow>(
    `SELECT tenant, session_id, present & ${CUT_BIT} AS cut FROM row WHERE place = ${PLACE}`,
  );
  const find = db.prepare<FoundRow>(FIND);
  return {
    add: (row) => {
      const { time_ms, doc } = row;
      const tie = row.seq - base;
      const tenant = tenantId(row.tenant);
      insert.run(time_ms, tie, tenant, ...columnsOf(row));
      words.run(time_ms, tie, ...wordsOf(doc, tenant));
      const resources = doc.keywords.get('resources.id');
      if (resources !== undefined) part.run(time_ms, tie, resources.join('\n'));
    },
    remove: ({ time_ms, tie }) => {
      const owner = keyed.get(time_ms, tie);
      for (const removal of removals) removal.run(time_ms, tie);
      if (owner === undefined) throw new TypeError('A row to replace is not in its file.');
      return owner;
    },
    find: (tenant, call) => {
      const id = tenantId(tenant);
      const match = `"${tenantTag(id)}" AND "${tagOf('call_id', call.call_id)}"`;
      const session_id = keywordText(call.session_id);
      const found = find.get(match, id, session_id, keywordText(call.call_id));
      return found === undefined ? undefined : storedRow(found, base);
    },
  };
}

type FoundRow = { time_ms: number; tie: number; idx: number; more: string | null };

const FIND = `SELECT r.place >> ${TIE_BITS} AS time_ms, r.place & ${TIES - 1} AS tie, r.idx, r.more
  FROM word CROSS JOIN row r ON r.place = word.rowid
  WHERE word MATCH ? AND r.tenant = ? AND r.session_id = ? AND r.call_id = ?`;

function storedRow({ time_ms, tie, idx, more }: FoundRow, base: number): StoredRow {
  const facts = more === null ? [{ index: idx, seq: base + tie }] : factsOf(more);
  return { time_ms, tie, facts };
}

/** `row.more`: index and `seq` of each fact of a row that has several, oldest first. */
export function factsOf(more: string): { readonly index: number; readonly seq: number }[] {
  return (JSON.parse(more) as [number, number][]).map(([index, seq]) => ({ index, seq }));
}

function columnsOf({ facts, doc }: Row): Database.Value[] {
  const several = facts.length > 1;
  const more = several ? JSON.stringify(facts.map(({ index, seq }) => [index, seq])) : null;
  const values: Database.Value[] = [facts[0]?.index ?? 0, more, presentOf(doc)];
  for (const { name, kind, many } of COLUMNS) {
    if (kind !== 'keyword') values.push(doc.numbers.get(name) ?? null);
    else {
      const texts = doc.keywords.get(name);
      values.push(texts === undefined ? null : many ? JSON.stringify(texts) : (texts[0] ?? null));
    }
  }
  return values;
}

function presentOf({ texts, cut }: Doc): number {
  let bits = cut ? CUT_BIT : 0;
  for (const field of texts.keys()) bits += presentBit(field);
  return bits;
}

function wordsOf({ texts, keywords }: Doc, tenant: number): string[] {
  const words = TEXTS.map((field) => texts.get(field)?.join(' ') ?? '');
  const tags = [tenantTag(tenant)];
  for (const [field, values] of keywords) {
    if (field === 'id' || field === 'tenant_id') continue;
    for (const value of values) tags.push(tagOf(field, value));
  }
  return [...words, tags.join(' ')];
}
