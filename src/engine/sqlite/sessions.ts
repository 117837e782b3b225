/** Keeps each session's fold over the rows of one file, exact also where rows are replaced. */
import { keywordText } from '../doc.ts';
import type { Row } from '../row.ts';
import { foldOf, mergeFolds, type SessionFold, type SessionView, viewOf } from '../session.ts';
import type { Db } from './file.ts';
import type { WriterScope } from './rows.ts';
import { columnOf, TIE_BITS, TIES } from './schema.ts';
import { tagOf, tenantTag } from './tag.ts';

/** A session in one file. */
export type SessionOwner = { readonly tenant: number; readonly session_id: string };

export type SessionWriter = {
  /** After the rows are written: folds those that came, and those that lost a row anew. */
  readonly write: (added: readonly Row[], reduced: readonly SessionOwner[]) => void;
  /** When the file's rows last said that the session ended, Unix milliseconds. */
  readonly endedAt: (tenant: string, session_id: string) => number | undefined;
};

export function sessionWriter(db: Db, { base, tenantId }: WriterScope): SessionWriter {
  const get = db.prepare<string>('SELECT fold FROM session WHERE tenant = ? AND session_id = ?');
  const put = db.prepare('INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?, ?)');
  const drop = db.prepare('DELETE FROM session WHERE tenant = ? AND session_id = ?');
  const ended = db.prepare<number | null>(
    'SELECT ended_ms FROM session WHERE tenant = ? AND session_id = ?',
  );
  const rows = db.prepare<ViewRow>(VIEWS);
  const store = ({ tenant, session_id }: SessionOwner, fold: SessionFold | undefined) => {
    if (fold === undefined) drop.run(tenant, session_id);
    else put.run(tenant, session_id, fold.last_ms, fold.ended_ms ?? null, JSON.stringify(fold));
  };
  return {
    write: (added, reduced) => {
      const again = new Map(reduced.map((owner) => [keyOf(owner), owner]));
      for (const owner of again.values()) {
        const match = `"${tenantTag(owner.tenant)}" AND "${tagOf('session_id', owner.session_id)}"`;
        const views = rows.all(match, owner.tenant, owner.session_id);
        const folds = views.map((row) => foldOf(viewOfRow(row, base)));
        store(owner, folds.reduce<SessionFold | undefined>(mergeFolds, undefined));
      }
      for (const [key, group] of Map.groupBy(added, (row) => keyOf(ownerOf(row, tenantId)))) {
        const first = group[0];
        if (first === undefined || again.has(key)) continue;
        const owner = ownerOf(first, tenantId);
        const text = get.pluck().get(owner.tenant, owner.session_id);
        const fold = text === undefined ? undefined : (JSON.parse(text) as SessionFold);
        store(owner, group.map(foldOfRow).reduce<SessionFold | undefined>(mergeFolds, fold));
      }
    },
    endedAt: (tenant, session_id) =>
      ended.pluck().get(tenantId(tenant), keywordText(session_id)) ?? undefined,
  };
}

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
];

type ViewRow = { time_ms: number; tie: number; idx: number } & Record<string, string | null>;

const VIEWS = `SELECT r.place >> ${TIE_BITS} AS time_ms, r.place & ${TIES - 1} AS tie, r.idx,
    ${FIELDS.map(columnOf).join(', ')}
  FROM word CROSS JOIN row r ON r.place = word.rowid
  WHERE word MATCH ? AND r.tenant = ? AND r.session_id = ?`;

function viewOfRow(row: ViewRow, base: number): SessionView {
  const { time_ms, tie, idx } = row;
  return { time_ms, seq: base + tie, index: idx, keyword: (field) => row[field] ?? undefined };
}

function foldOfRow(row: Row): SessionFold {
  return foldOf(viewOf({ ...row, index: row.facts[0]?.index ?? 0 }));
}

function ownerOf({ tenant, doc }: Row, tenantId: WriterScope['tenantId']): SessionOwner {
  return { tenant: tenantId(tenant), session_id: doc.keywords.get('session_id')?.[0] ?? '' };
}

function keyOf({ tenant, session_id }: SessionOwner): string {
  return `${tenant} ${session_id}`;
}
