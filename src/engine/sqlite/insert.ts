/** Writes what one batch changes in one file, within a transaction of the caller's. */
import type { Fact, Row } from '../row.ts';
import { placeOrder } from '../row.ts';
import { idBytes } from './compile.ts';
import type { Db } from './file.ts';
import { PLACE, type RowWriter, rowWriter, type StoredRow, type WriterScope } from './rows.ts';
import { type SessionWriter, sessionWriter } from './sessions.ts';

/** A fact with its bytes, which are kept while its call is open. */
export type OpenFact = Fact & { readonly tenant: string; readonly bytes: Uint8Array };

/** What one batch changes in one file. */
export type Changes = {
  readonly rows: Row[];
  readonly remove: StoredRow[];
  readonly open: OpenFact[];
  /** `seq`s of facts whose call is open no longer. */
  readonly settle: number[];
};

export type Inserter = Pick<RowWriter, 'find'> &
  Pick<SessionWriter, 'endedAt'> & {
    /** Answers how many of the rows that it took out had more text than is indexed. */
    readonly write: (changes: Changes) => number;
  };

export function openInserter(db: Db, base: number): Inserter {
  const scope = { base, tenantId: tenantNumbers(db) };
  const rows = rowWriter(db, scope);
  const facts = factWriter(db, scope);
  const sessions = sessionWriter(db, scope);
  return {
    find: rows.find,
    endedAt: sessions.endedAt,
    write: (changes) => {
      const reduced = changes.remove.map(rows.remove);
      for (const seq of changes.settle) facts.settle(seq);
      for (const fact of changes.open) facts.open(fact);
      // Full text is written fastest in rowid order.
      const added = changes.rows.toSorted(placeOrder('oldest'));
      for (const row of added) {
        rows.add(row);
        facts.place(row);
      }
      sessions.write(added, reduced);
      return reduced.reduce((sum, row) => sum + row.cut, 0);
    },
  };
}

function tenantNumbers(db: Db): WriterScope['tenantId'] {
  const known = new Map<string, number>();
  const get = db.prepare<number>('SELECT id FROM tenant WHERE name = ?').pluck();
  const add = db.prepare('INSERT OR IGNORE INTO tenant(name) VALUES (?)');
  return (tenant) => {
    const cached = known.get(tenant);
    if (cached !== undefined) return cached;
    if (!db.inTransaction) return get.get(tenant) ?? 0;
    add.run(tenant);
    const id = get.get(tenant) ?? 0;
    known.set(tenant, id);
    return id;
  };
}

function factWriter(db: Db, { base, tenantId }: WriterScope) {
  const known = db.prepare('INSERT OR IGNORE INTO fact VALUES (?, ?, ?, NULL)');
  const open = db.prepare('INSERT OR IGNORE INTO open VALUES (?, ?, ?)');
  const settle = db.prepare('DELETE FROM open WHERE seq = ?');
  const place = db.prepare(
    `INSERT INTO fact VALUES (?, ?, ?, ${PLACE})
      ON CONFLICT DO UPDATE SET place = excluded.place WHERE idx = excluded.idx`,
  );
  return {
    open: ({ tenant, event, seq, index, bytes }: OpenFact) => {
      open.run(seq, index, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      known.run(idBytes(event.id), tenantId(tenant), index);
    },
    settle: (seq: number) => settle.run(seq),
    place: ({ tenant, time_ms, seq, facts }: Row) => {
      const tenantNumber = tenantId(tenant);
      for (const { id, index } of facts) {
        // The id of an erased fact is not known any more; the file has it already.
        if (id !== '') place.run(idBytes(id), tenantNumber, index, time_ms, seq - base);
      }
    },
  };
}
