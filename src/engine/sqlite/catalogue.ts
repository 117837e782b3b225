/** The list of sessions over all files: each file keeps a fold over its own rows of a session. */

import { type SessionKey, sessionOrder } from '../answer.ts';
import type { SessionPage, SessionRow } from '../engine.ts';
import { foldOf, mergeFolds, type SessionFold, sessionRow, viewOf } from '../session.ts';
import { guarded } from './file.ts';
import type { Part } from './part.ts';

type Search = {
  /** The only sessions to list; all where undefined. */
  readonly among: ReadonlySet<string> | undefined;
  /** Throws when nobody waits for the answer any more. */
  readonly check: () => void;
};

/** Sessions in order of their last event, newest first. */
export function sessionsIn(
  parts: readonly Part[],
  page: SessionPage,
  { among, check }: Search,
): SessionRow[] {
  const { after, limit } = page;
  const seen = new Set<string>();
  const rows: SessionRow[] = [];
  for (const { session_id } of merged(parts.map((part) => keysIn(part, after?.last_ms)))) {
    check();
    if (rows.length === limit || seen.size === among?.size) break;
    if (seen.has(session_id) || among?.has(session_id) === false) continue;
    seen.add(session_id);
    const row = sessionIn(parts, session_id);
    // A session that a page before showed comes up again in files where it was quiet later.
    if (row !== undefined && (after === undefined || sessionOrder(row, after) > 0)) rows.push(row);
  }
  return rows;
}

/** One session, whole. */
export function sessionIn(parts: readonly Part[], session_id: string): SessionRow | undefined {
  let fold: SessionFold | undefined;
  for (const part of parts) {
    const stored = storedFold(part, session_id);
    if (stored !== undefined) fold = mergeFolds(fold, stored);
    for (const [id, open] of openFolds(part)) if (id === session_id) fold = mergeFolds(fold, open);
  }
  return fold === undefined ? undefined : sessionRow(session_id, fold);
}

function storedFold(
  { prepare, tenantId, info }: Part,
  session_id: string,
): SessionFold | undefined {
  if (tenantId === undefined) return undefined;
  const sql = 'SELECT fold FROM session WHERE tenant = ? AND session_id = ?';
  const text = guarded(info.base, () => prepare<string>(sql).pluck().get(tenantId, session_id));
  return text === undefined ? undefined : (JSON.parse(text) as SessionFold);
}

function openFolds({ open }: Part): [string, SessionFold][] {
  return open.map((row) => {
    const view = viewOf(row);
    return [row.doc.keywords.get('session_id')?.[0] ?? '', foldOf(view)];
  });
}

const CHUNK = 256;

/** Keys of one file's sessions in order, at or after a time; open calls beside the stored ones. */
function* keysIn(part: Part, last_ms = Number.MAX_SAFE_INTEGER): Generator<SessionKey> {
  const open = openFolds(part)
    .map(([session_id, fold]) => ({ session_id, last_ms: fold.last_ms }))
    .filter((key) => key.last_ms <= last_ms)
    .sort(sessionOrder);
  yield* merged([open.values(), storedKeys(part, last_ms)]);
}

function* storedKeys(part: Part, last_ms: number): Generator<SessionKey> {
  const { prepare, tenantId, info } = part;
  if (tenantId === undefined) return;
  const next = prepare<SessionKey>(
    `SELECT session_id, last_ms FROM session WHERE tenant = ? AND last_ms <= ?
      AND (last_ms < ? OR session_id > ?) ORDER BY last_ms DESC, session_id LIMIT ${CHUNK}`,
  );
  let from: SessionKey = { last_ms: last_ms + 1, session_id: '' };
  for (;;) {
    const { last_ms: at, session_id } = from;
    const keys = guarded(info.base, () =>
      next.all(tenantId, Math.min(at, last_ms), at, session_id),
    );
    yield* keys;
    const last = keys.at(-1);
    if (last === undefined || keys.length < CHUNK) return;
    from = last;
  }
}

/** Merges streams that are in order. */
function* merged(streams: readonly Iterator<SessionKey>[]): Generator<SessionKey> {
  const heads = streams.map((stream) => ({ stream, head: stream.next() }));
  for (;;) {
    let best: (typeof heads)[number] | undefined;
    for (const candidate of heads) {
      if (candidate.head.done) continue;
      if (best === undefined || best.head.done) best = candidate;
      else if (sessionOrder(candidate.head.value, best.head.value) < 0) best = candidate;
    }
    if (best === undefined || best.head.done) return;
    yield best.head.value;
    best.head = best.stream.next();
  }
}
