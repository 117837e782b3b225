/** Names of a tenant's resources in one file, each once, and the trigrams that find their parts. */
import { keywordText } from '../keyword.ts';
import { asciiLower } from '../match.ts';
import type { Db, Prepare } from './file.ts';
import { NAME_BITS } from './schema.ts';
import { trigrams } from './trigram.ts';

/** Names that the writer remembers to have written. */
const KNOWN = 50_000;

export type ResourceWriter = {
  /** Takes the names of a row's resources. */
  readonly add: (tenant: number, names: readonly string[]) => void;
  /** Writes the trigrams of those that were new, before the transaction ends. */
  readonly save: () => void;
};

type Name = { readonly tenant: number; readonly number: number; readonly lower: string };

export function resourceWriter(db: Db): ResourceWriter {
  const insert = db.prepare(`INSERT OR IGNORE INTO resource VALUES (${NAME_ID}, ?, ?)`);
  const part = db.prepare(`INSERT INTO part(rowid, name) VALUES (${NAME_ID}, ?)`);
  const count = nameCounts(db);
  const known = new Set<string>();
  let fresh: Name[] = [];
  return {
    add: (tenant, names) => {
      for (const name of names) {
        const key = `${tenant} ${name}`;
        if (known.has(key)) continue;
        if (known.size >= KNOWN) known.clear();
        known.add(key);
        const lower = asciiLower(name);
        const number = count.of(tenant);
        const { changes } = insert.run(tenant, number, tenant, lower);
        if (changes === 0) continue;
        count.up(tenant);
        fresh.push({ tenant, number, lower });
      }
    },
    save: () => {
      // FTS5 writes out what it gathered each time that a rowid is not after the one before.
      fresh.sort((a, b) => a.tenant - b.tenant || a.number - b.number);
      for (const { tenant, number, lower } of fresh) part.run(tenant, number, lower);
      fresh = [];
    },
  };
}

/** SQL for a name's id from two values: the tenant's number and how many names it had before. */
const NAME_ID = `((? << ${NAME_BITS}) | ?)`;

/** How many names each tenant has: their numbers begin at 0 and have no holes. */
function nameCounts(db: Db) {
  const last = db
    .prepare<number | null>(
      `SELECT max(id) & ${2 ** NAME_BITS - 1} FROM resource
        WHERE id >= (? << ${NAME_BITS}) AND id < (? << ${NAME_BITS})`,
    )
    .pluck();
  const counts = new Map<number, number>();
  const of = (tenant: number) => {
    const known = counts.get(tenant);
    if (known !== undefined) return known;
    const count = (last.get(tenant, tenant + 1) ?? -1) + 1;
    counts.set(tenant, count);
    return count;
  };
  return { of, up: (tenant: number) => counts.set(tenant, of(tenant) + 1) };
}

/** One tenant of one file. */
export type Naming = { readonly prepare: Prepare; readonly tenantId: number };

/** Names that one full-text query asks for at most. */
const NAMES = 500;

/**
 * A tenant's names of resources that fit a pattern, in lower case; undefined where trigrams
 * cannot tell, or where there are more than one full-text query may ask for.
 */
export function namesLike(
  { prepare, tenantId }: Naming,
  pattern: string,
): readonly string[] | undefined {
  const match = trigrams(pattern);
  if (match === undefined) return undefined;
  const names = prepare<string>(
    `SELECT resource.name FROM part CROSS JOIN resource ON resource.id = part.rowid
      WHERE part MATCH ? AND part.rowid >= (? << ${NAME_BITS}) AND part.rowid < (? << ${NAME_BITS})
        AND tick(resource.id) AND resource.name LIKE ? ESCAPE '\\'
      LIMIT ${NAMES + 1}`,
  )
    .pluck()
    .all(match, tenantId, tenantId + 1, likeOf(pattern));
  return names.length > NAMES ? undefined : names;
}

/** A pattern for SQL's `LIKE` with `\` as its escape. */
export function likeOf(pattern: string): string {
  return keywordText(pattern)
    .replace(/[\\%_]/g, '\\$&')
    .replaceAll('*', '%');
}
