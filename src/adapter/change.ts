/** What changed between two texts, line by line, for a person who decides whether to go on. */

/** Unchanged lines shown around a change. */
const AROUND = 2;

/** Changed lines with `+ ` and `- `, those near them with two spaces, `…` for the rest. */
export function changesOf(before: string, after: string): string {
  const lines = compare(linesOf(before), linesOf(after));
  const near = lines.map((_, i) =>
    lines.slice(Math.max(0, i - AROUND), i + AROUND + 1).some((line) => !line.startsWith('  ')),
  );
  return lines
    .flatMap((line, i) => (near[i] ? [line] : near[i - 1] || i === 0 ? ['…'] : []))
    .join('\n');
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/);
}

function compare(a: readonly string[], b: readonly string[]): string[] {
  const lines: string[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && a[i] === b[j]) {
      lines.push(`  ${a[i]}`);
      i++;
      j++;
      continue;
    }
    const [skipA, skipB] = nextMatch(a.slice(i), b.slice(j));
    for (const line of a.slice(i, i + skipA)) lines.push(`- ${line}`);
    for (const line of b.slice(j, j + skipB)) lines.push(`+ ${line}`);
    i += skipA;
    j += skipB;
  }
  return lines;
}

/** The fewest lines to pass over on both sides until they agree again. */
function nextMatch(a: readonly string[], b: readonly string[]): [number, number] {
  const places = new Map<string, number>();
  for (const [j, line] of b.entries()) if (!places.has(line)) places.set(line, j);
  let best: [number, number] = [a.length, b.length];
  for (const [i, line] of a.entries()) {
    const j = places.get(line);
    if (i >= best[0] + best[1]) break;
    if (j !== undefined && i + j < best[0] + best[1]) best = [i, j];
  }
  return best;
}
