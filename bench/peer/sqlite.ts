/** One SQLite table with ordinary indexes and a word index, as a careful engineer would make it. */
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { Kind, Question } from '../corpus/question.ts';
import type { Database, Peer, Row } from './database.ts';

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA cache_size = -262144;
  CREATE TABLE event(
    id INTEGER PRIMARY KEY, tenant TEXT, session TEXT, type TEXT, tool TEXT, status TEXT,
    time INTEGER, resource TEXT, body TEXT
  );
  CREATE INDEX event_session ON event(session, time);
  CREATE INDEX event_tenant ON event(tenant, time, tool);
  CREATE INDEX event_tool ON event(tenant, tool, time);
  CREATE INDEX event_status ON event(tenant, status, time);
  CREATE VIRTUAL TABLE word USING fts5(text, content = '');
`;
const INSERT = `INSERT INTO event(tenant, session, type, tool, status, time, resource, body)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;

export const sqlitePeer: Peer = {
  name: 'sqlite',
  lanes: 1,
  open: async (folder) => {
    const file = join(folder, 'peer.sqlite');
    for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
    return open(new DatabaseSync(file), file);
  },
};

function open(db: DatabaseSync, file: string): Database {
  db.exec(SCHEMA);
  const event = db.prepare(INSERT);
  const word = db.prepare('INSERT INTO word(rowid, text) VALUES (?, ?)');
  const add = (row: Row) => {
    const { tenant, session, type, tool, status, time_ms, resource, body } = row;
    const done = event.run(tenant, session, type, tool, status, time_ms, resource, body);
    word.run(done.lastInsertRowid, row.text);
  };
  return {
    insert: async (rows) => {
      db.exec('BEGIN');
      for (const row of rows) add(row);
      db.exec('COMMIT');
    },
    ask: async (kind, question) => {
      const [sql, ...values] = ASK[kind](question);
      return db.prepare(sql).all(...values).length;
    },
    analyse: async () => {
      db.exec('PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)');
    },
    size_bytes: () => statSync(file).size,
    cpu_s: () => 0,
    close: async () => {
      db.close();
      rmSync(file);
    },
  };
}

type Asked = readonly [sql: string, ...values: SQLInputValue[]];

const NEWEST = 'ORDER BY time DESC LIMIT 50';
const FOUND = 'FROM word JOIN event ON event.id = word.rowid WHERE word MATCH ? AND tenant = ?';

const ASK: Readonly<Record<Kind, (question: Question) => Asked>> = {
  timeline: ({ session }) => [
    'SELECT body FROM event WHERE session = ? ORDER BY time LIMIT 200',
    session,
  ],
  tool_day: ({ tenant, tool, day }) => [
    `SELECT body FROM event WHERE tenant = ? AND tool = ? AND time >= ? AND time < ? ${NEWEST}`,
    tenant,
    tool,
    Date.parse(day.from),
    Date.parse(day.to),
  ],
  blocked: ({ tenant }) => [
    `SELECT body FROM event WHERE tenant = ? AND status = 'blocked' ${NEWEST}`,
    tenant,
  ],
  rare_words: ({ tenant, rare }) => newest(rare.join(' '), tenant),
  common_word: ({ tenant, common }) => newest(`"${common}"`, tenant),
  common_count: ({ tenant, common }) => [`SELECT count(*) ${FOUND}`, `"${common}"`, tenant],
  japanese_2: ({ tenant, japanese_2 }) => containing('body', tenant, japanese_2),
  japanese_4: ({ tenant, japanese_4 }) => containing('body', tenant, japanese_4),
  substring: ({ tenant, part }) => containing('resource', tenant, part),
  facets: ({ tenant, month }) => [
    `SELECT tool, count(*) AS calls FROM event WHERE tenant = ? AND time >= ? AND time < ?
      GROUP BY tool ORDER BY calls DESC LIMIT 20`,
    tenant,
    Date.parse(month.from),
    Date.parse(month.to),
  ],
  histogram: ({ tenant, month }) => [
    `SELECT time / 3600000 AS hour, count(*) FROM event
      WHERE tenant = ? AND time >= ? AND time < ? GROUP BY hour`,
    tenant,
    Date.parse(month.from),
    Date.parse(month.to),
  ],
  deep_page: ({ tenant, day }) => [
    `SELECT body FROM event WHERE tenant = ? AND time < ? ${NEWEST}`,
    tenant,
    Date.parse(day.to),
  ],
};

/** The newest by arrival, which the word index has in order. */
function newest(match: string, tenant: string): Asked {
  return [`SELECT body ${FOUND} ORDER BY word.rowid DESC LIMIT 50`, match, tenant];
}

/** The word index cuts no Japanese and finds no parts of words: what is left is to look. */
function containing(column: 'body' | 'resource', tenant: string, text: string): Asked {
  const sql = `SELECT body FROM event WHERE tenant = ? AND ${column} LIKE ? ${NEWEST}`;
  return [sql, tenant, `%${text}%`];
}
