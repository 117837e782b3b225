/** Cuts text that the parser would go over again and again. */

/**
 * What opens something whose end is looked for to the end of the text, and how many of it are
 * read: unbash 6.0.4 takes time that grows with their number times the length.
 */
const OPENINGS: readonly (readonly [string, number])[] = [
  ['<<', 200],
  ['((', 300],
  ['$(', 1000],
  ['${', 1000],
  ['`', 1000],
  ['<(', 1000],
  ['>(', 1000],
  ['$"', 1000],
];

/** The text as far as none of them is too many. */
export function withinReason(text: string): string {
  let end = text.length;
  for (const [opening, most] of OPENINGS) {
    let at = -1;
    for (let count = 0; count <= most; count += 1) {
      at = text.indexOf(opening, at + 1);
      if (at < 0 || at >= end) break;
    }
    if (at >= 0 && at < end) end = at;
  }
  return text.slice(0, end);
}
