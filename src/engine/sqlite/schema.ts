/** The tables of one index file, derived from the event's searchable fields. */
import { createHash } from 'node:crypto';
import { FIELDS, type Field } from '../field.ts';
import { TEXT_CHARS, TEXTS } from '../text.ts';

/** Bits of a row's place that tell rows of one millisecond apart: `seq` less the file's base. */
export const TIE_BITS = 20;
export const TIES = 2 ** TIE_BITS;

/** Bits of a name's id below its tenant's number: more than a file has places for names. */
export const NAME_BITS = 28;

/** Fields with a column of their own; tenant and time are in every row's key. */
export const COLUMNS: readonly Field[] = FIELDS.filter(
  ({ name, kind }) => kind !== 'text' && name !== 'tenant_id' && name !== 'time',
);

/** Fields whose values are counted by hour: those that every screen shows, of few values. */
export const TALLIED: readonly string[] = [
  'type',
  'tool',
  'action',
  'status',
  'agent.id',
  'agent.runtime',
  'user.id',
];

/** Changes with whatever changes what a file holds; files of another version are rebuilt. */
export const SCHEMA = createHash('sha256')
  .update(JSON.stringify(['claw/index/v6', COLUMNS.map(({ name, many }) => [name, many]), TEXTS]))
  .update(JSON.stringify([TEXT_CHARS, TALLIED]))
  .digest('hex')
  .slice(0, 16);

/** Text columns of the full-text table, and last the tags. */
export const WORDS: readonly string[] = [...TEXTS.map((_, i) => `t${i}`), 'tags'];

/** SQL for a field's value of the row `r`; a JSON array where the field has many. */
export function columnOf(field: string): string {
  if (field === 'time') return `(r.place >> ${TIE_BITS})`;
  if (field === 'tenant_id') return '(SELECT name FROM tenant WHERE id = r.tenant)';
  return `r."${field}"`;
}

/** The bit of `row.present` that says that a text field has a value. */
export function presentBit(field: string): number {
  return 2 ** (TEXTS.indexOf(field) + 1);
}

/** The bit of `row.present` that says that some of the row's text is not indexed. */
export const CUT_BIT = 1;

const columns = COLUMNS.map(
  ({ name, kind }) => `"${name}" ${kind === 'keyword' ? 'TEXT' : 'REAL'}`,
);

/**
 * `row.place` is `time_ms << 20 | tie`, so that rowid order is the answers' order. `open` holds
 * the facts of calls without a result, which become a row once: full text is costly to replace.
 * `tally` counts rows by hour and value; field 0 is any row, the others as in `TALLIED`.
 * `resource` has each name of a tenant's resource once, however many rows bear it; `part` its
 * trigrams. Its id is `tenant << 28 | n`, so that a search reads its own tenant's alone.
 */
export const DDL = `
CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE tenant(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE row(
  place INTEGER PRIMARY KEY,
  tenant INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  more TEXT,
  present INTEGER NOT NULL,
  ${columns.join(',\n  ')}
);
CREATE INDEX row_tenant
  ON row(tenant, place, tool, type, action, status, "agent.id", "user.id");
CREATE VIRTUAL TABLE word USING fts5(
  ${WORDS.join(', ')}, content = '', contentless_delete = 1, tokenize = 'ascii'
);
CREATE TABLE resource(
  id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, name TEXT NOT NULL, UNIQUE(tenant, name)
);
CREATE VIRTUAL TABLE part USING fts5(
  name, content = '', tokenize = 'trigram', detail = none, columnsize = 0
);
INSERT INTO word(word, rank) VALUES ('automerge', 16), ('crisismerge', 64), ('hashsize', 16777216);
INSERT INTO part(part, rank) VALUES ('automerge', 16), ('crisismerge', 64), ('hashsize', 16777216);
CREATE TABLE fact(
  id BLOB, tenant INTEGER, idx INTEGER NOT NULL, place INTEGER, PRIMARY KEY(id, tenant)
) WITHOUT ROWID;
CREATE TABLE open(
  seq INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, idx INTEGER NOT NULL, event BLOB NOT NULL
);
CREATE INDEX open_tenant ON open(tenant, seq);
CREATE TABLE session(
  tenant INTEGER, session_id TEXT, last_ms INTEGER NOT NULL, ended_ms INTEGER, fold TEXT NOT NULL,
  PRIMARY KEY(tenant, session_id)
) WITHOUT ROWID;
CREATE TABLE tally(
  tenant INTEGER, field INTEGER, hour INTEGER, value TEXT, n INTEGER NOT NULL,
  PRIMARY KEY(tenant, field, hour, value)
) WITHOUT ROWID;
CREATE INDEX session_last ON session(tenant, last_ms DESC, session_id);
CREATE TABLE recent(calls BLOB NOT NULL);
`;
