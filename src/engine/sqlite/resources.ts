/** Names of resources in one file, each once, and the trigrams by which parts of them are found. */
import { keywordText } from '../keyword.ts';
import { asciiLower } from '../match.ts';
import type { Db, Prepare } from './file.ts';
import { trigrams } from './trigram.ts';

/** Names that the writer remembers to have written. */
const KNOWN = 50_000;

/** Takes the names of a row's resources. */
export type ResourceWriter = (names: readonly string[]) => void;

export function resourceWriter(db: Db): ResourceWriter {
  const insert = db.prepare('INSERT OR IGNORE INTO resource(name) VALUES (?)');
  const part = db.prepare('INSERT INTO part(rowid, name) VALUES (?, ?)');
  const known = new Set<string>();
  return (names) => {
    for (const name of names) {
      if (known.has(name)) continue;
      if (known.size >= KNOWN) known.clear();
      known.add(name);
      const lower = asciiLower(name);
      const { changes, lastInsertRowid } = insert.run(lower);
      if (changes > 0) part.run(lastInsertRowid, lower);
    }
  };
}

/** Names that one full-text query asks for at most. */
const NAMES = 500;

/**
 * The file's names of resources that fit a pattern, in lower case; undefined where trigrams
 * cannot tell, or where there are more than one full-text query may ask for.
 */
export function namesLike(prepare: Prepare, pattern: string): readonly string[] | undefined {
  const match = trigrams(pattern);
  if (match === undefined) return undefined;
  const names = prepare<string>(
    `SELECT resource.name FROM part CROSS JOIN resource ON resource.id = part.rowid
      WHERE part MATCH ? AND tick(resource.id) AND resource.name LIKE ? ESCAPE '\\'
      LIMIT ${NAMES + 1}`,
  )
    .pluck()
    .all(match, likeOf(pattern));
  return names.length > NAMES ? undefined : names;
}

/** A pattern for SQL's `LIKE` with `\` as its escape. */
export function likeOf(pattern: string): string {
  return keywordText(pattern)
    .replace(/[\\%_]/g, '\\$&')
    .replaceAll('*', '%');
}
