/** What a pattern asks of the trigram table over resources: rows that may match, never fewer. */
import { keywordText } from '../keyword.ts';

const GRAM = 3;
/** Grams of one pattern that are asked for; the row's own columns decide. */
const GRAMS = 24;

/** A full-text expression, or undefined where no piece of the pattern is three characters long. */
export function trigrams(pattern: string): string | undefined {
  const pieces = keywordText(pattern)
    .split('*')
    .map((piece) => [...piece]);
  const grams = new Set(pieces.flatMap(gramsOf));
  if (grams.size === 0) return undefined;
  const step = Math.max(1, grams.size / GRAMS);
  const all = [...grams];
  const spread = Array.from(
    { length: Math.min(all.length, GRAMS) },
    (_, i) => all[Math.floor(i * step)],
  );
  return spread.map((gram) => `"${gram?.replaceAll('"', '""')}"`).join(' AND ');
}

function gramsOf(characters: readonly string[]): string[] {
  const count = Math.max(0, characters.length - GRAM + 1);
  return Array.from({ length: count }, (_, i) => characters.slice(i, i + GRAM).join(''));
}
