/** Writes what one batch changes in one file, within a transaction of the caller's. */
import type { Fact, Folded } from '../row.ts';
import { placeOrder } from '../row.ts';
import { idBytes } from './compile.ts';
import type { Db } from './file.ts';
import { resourceWriter } from './resources.ts';
import { PLACE, type RowWriter, rowWriter, type StoredRow, type WriterScope } from './rows.ts';
import { type SessionWriter, sessionWriter } from './sessions.ts';
import { tallyWriter } from './tally.ts';

/** A fact with its bytes, which are kept while its call is open. */
export type OpenFact = Fact & { readonly tenant: string; readonly bytes: Uint8Array };

/** What one batch changes in one file. */
export type Changes = {
  readonly rows: Folded[];
  readonly remove: StoredRow[];
  readonly open: OpenFact[];
  /** `seq`s of facts whose call is open no longer. */
  readonly settle: number[];
};

export type Inserter = Pick<RowWriter, 'find'> &
  Pick<SessionWriter, 'endedAt'> & {
    /** Answers by how much the number of rows with more text than is indexed grew. */
    readonly write: (changes: Changes) => number;
    /** Writes what waited for the transaction's end: most of it is overtaken by then. */
    readonly save: () => void;
  };

export function openInserter(db: Db, base: number): Inserter {
  const scope = { base, tenantId: tenantNumbers(db) };
  const rows = rowWriter(db, scope);
  const facts = factWriter(db, scope);
  const sessions = sessionWriter(db, scope);
  const resources = resourceWriter(db);
  const tally = tallyWriter(db);
  const open = new Map<number, OpenFact>();
  return {
    find: rows.find,
    endedAt: sessions.endedAt,
    write: (changes) => {
      let cut = 0;
      for (const stored of changes.remove) {
        const removed = rows.remove(stored);
        cut -= removed.cut;
        tally.count({ ...removed, time_ms: stored.time_ms, values: removed.tallied }, -1);
        sessions.reduce(removed);
      }
      for (const seq of changes.settle) if (!open.delete(seq)) facts.settle(seq);
      for (const fact of changes.open) open.set(fact.seq, fact);
      // Full text is written fastest in rowid order.
      for (const row of changes.rows.toSorted(placeOrder('oldest'))) {
        const added = rows.add(row);
        cut += added.cut;
        resources.add(added.tenant, added.resources);
        tally.count({ tenant: added.tenant, time_ms: row.time_ms, values: added.tallied }, 1);
        facts.place(row, added.tenant);
        sessions.add(added.tenant, row);
      }
      return cut;
    },
    save: () => {
      for (const fact of open.values()) facts.open(fact);
      open.clear();
      resources.save();
      sessions.save();
      tally.save();
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
  const open = db.prepare('INSERT OR IGNORE INTO open VALUES (?, ?, ?, ?)');
  const settle = db.prepare('DELETE FROM open WHERE seq = ?');
  const place = db.prepare(
    `INSERT INTO fact VALUES (?, ?, ?, ${PLACE})
      ON CONFLICT DO UPDATE SET place = excluded.place WHERE idx = excluded.idx`,
  );
  return {
    open: ({ tenant, event, seq, index, bytes }: OpenFact) => {
      const id = tenantId(tenant);
      open.run(seq, id, index, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      known.run(idBytes(event.id), id, index);
    },
    settle: (seq: number) => settle.run(seq),
    place: ({ time_ms, seq, facts }: Folded, tenant: number) => {
      for (const { id, index } of facts) {
        // The id of an erased fact is not known any more; the file has it already.
        if (id !== '') place.run(idBytes(id), tenant, index, time_ms, seq - base);
      }
    },
  };
}
