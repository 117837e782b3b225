/** Keeps each session's fold over the rows of one file, exact also where rows are replaced. */
import { keywordText } from '../keyword.ts';
import type { Folded } from '../row.ts';
import { foldOf, mergeFolds, type SessionFold, type SessionView, viewOf } from '../session.ts';
import type { Db } from './file.ts';
import type { RemovedRow, WriterScope } from './rows.ts';
import { columnOf, TIE_BITS, TIES } from './schema.ts';
import { tagOf, tenantTag } from './tag.ts';

export type SessionWriter = {
  /** Folds in a row that was written. */
  readonly add: (tenant: number, row: Folded) => void;
  /** The session lost a row: it is folded anew from those that are left. */
  readonly reduce: (row: RemovedRow) => void;
  /** Writes what changed; within the transaction of the rows. */
  readonly save: () => void;
  /** When the file's rows last said that the session ended, Unix milliseconds. */
  readonly endedAt: (tenant: string, session_id: string) => number | undefined;
};

type Session = {
  readonly tenant: number;
  readonly session_id: string;
  fold: SessionFold | undefined;
  state: 'saved' | 'changed' | 'reduced';
};

/** Sessions whose folds are kept in memory between transactions. */
const KEPT = 10_000;

export function sessionWriter(db: Db, { base, tenantId }: WriterScope): SessionWriter {
  const get = db
    .prepare<string>('SELECT fold FROM session WHERE tenant = ? AND session_id = ?')
    .pluck();
  const put = db.prepare('INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?, ?)');
  const drop = db.prepare('DELETE FROM session WHERE tenant = ? AND session_id = ?');
  const foldedAnew = refolder(db, base);
  const kept = new Map<string, Session>();
  const changed = new Set<Session>();
  const sessionOf = (tenant: number, session_id: string): Session => {
    const key = `${tenant} ${session_id}`;
    const known = kept.get(key);
    if (known !== undefined) return known;
    const text = get.get(tenant, session_id);
    const fold = text === undefined ? undefined : (JSON.parse(text) as SessionFold);
    if (kept.size >= KEPT && changed.size === 0) kept.clear();
    const session: Session = { tenant, session_id, fold, state: 'saved' };
    kept.set(key, session);
    return session;
  };
  return {
    add: (tenant, row) => {
      const session = sessionOf(tenant, keywordText(row.event.session_id));
      session.fold = mergeFolds(session.fold, foldOf(viewOf(row)));
      if (session.state === 'saved') session.state = 'changed';
      changed.add(session);
    },
    reduce: ({ tenant, session_id }) => {
      const session = sessionOf(tenant, session_id);
      session.state = 'reduced';
      changed.add(session);
    },
    save: () => {
      for (const session of changed) {
        if (session.state === 'reduced') session.fold = foldedAnew(session);
        const { tenant, session_id, fold } = session;
        session.state = 'saved';
        if (fold === undefined) drop.run(tenant, session_id);
        else put.run(tenant, session_id, fold.last_ms, fold.ended_ms ?? null, JSON.stringify(fold));
      }
      changed.clear();
    },
    endedAt: (tenant, session_id) =>
      sessionOf(tenantId(tenant), keywordText(session_id)).fold?.ended_ms,
  };
}

function refolder(db: Db, base: number) {
  const rows = db.prepare<ViewRow>(VIEWS);
  return ({ tenant, session_id }: Session): SessionFold | undefined => {
    const match = `"${tenantTag(tenant)}" AND "${tagOf('session_id', session_id)}"`;
    const folds = rows.all(match, tenant, session_id).map((row) => foldOf(viewOfRow(row, base)));
    return folds.reduce<SessionFold | undefined>(mergeFolds, undefined);
  };
}

type ViewRow = { readonly time_ms: number; readonly tie: number; readonly idx: number } & {
  readonly [field in (typeof FIELDS)[number]]: string | null;
};

const FIELDS = [
  'type',
  'status',
  'operation',
  'call_id',
  'parent_session_id',
  'agent.id',
  'agent.name',
  'agent.version',
  'agent.runtime',
  'user.id',
  'user.name',
] as const;

const VIEWS = `SELECT r.place >> ${TIE_BITS} AS time_ms, r.place & ${TIES - 1} AS tie, r.idx,
    ${FIELDS.map(columnOf).join(', ')}
  FROM word CROSS JOIN row r ON r.place = word.rowid
  WHERE word MATCH ? AND r.tenant = ? AND r.session_id = ?`;

function viewOfRow(row: ViewRow, base: number): SessionView {
  const text = (field: (typeof FIELDS)[number]) => row[field] ?? undefined;
  const agent = {
    ...named('id', row['agent.id']),
    ...named('name', row['agent.name']),
    ...named('version', row['agent.version']),
    ...named('runtime', row['agent.runtime']),
  };
  const user = { ...named('id', row['user.id']), ...named('name', row['user.name']) };
  return {
    time_ms: row.time_ms,
    seq: base + row.tie,
    index: row.idx,
    type: text('type'),
    status: text('status'),
    operation: text('operation'),
    call_id: text('call_id'),
    parent: text('parent_session_id'),
    agent: Object.keys(agent).length === 0 ? undefined : agent,
    user: Object.keys(user).length === 0 ? undefined : user,
  };
}

function named<K extends string>(key: K, value: string | null): { [key in K]?: string } {
  return value === null ? {} : ({ [key]: value } as { [key in K]: string });
}
