/** Makes hostile text visible and harmless to a terminal, a log or a reader's eye. */

/**
 * Controls (escape sequences begin with one), lone surrogates, line separators, bidirectional
 * overrides, and characters that show as nothing, tags among them. Joiners stay: words of some
 * scripts and many emoji need them, and they move no cursor.
 */
const HIDDEN_SET = [
  '\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}',
  '\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2060-\\u206f',
  '\\u00ad\\u115f\\u1160\\u180e\\u200b\\u3164\\ufeff\\uffa0\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}',
].join('');
const HIDDEN = new RegExp(`[${HIDDEN_SET}]`, 'gu');
const HIDDEN_BUT_LAYOUT = new RegExp(`(?![\\n\\t])[${HIDDEN_SET}]`, 'gu');
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * The text on one line, with whatever could act on a terminal or deceive an eye written out:
 * `\n`, `\x1b`, `\u{202e}`. Text that is printable already comes back unchanged.
 */
export function printable(text: string): string {
  return text.replaceAll(HIDDEN, escaped);
}

/** As `printable`, but line feeds and tabs stay what they are, for text shown as a block. */
export function printableBlock(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll(HIDDEN_BUT_LAYOUT, escaped);
}

/**
 * The start of a text on one line, printable, of at most `limit` UTF-16 units, an ellipsis where
 * it was cut. Line breaks show as ⏎; the work is bounded, however long the text.
 */
export function excerpt(text: string, limit: number): string {
  const start = text.slice(0, limit * 4);
  const line = start
    .trim()
    .replaceAll(/[ \t]*[\r\n]\s*/g, ' ⏎ ')
    .replaceAll(/[ \t]+/g, ' ');
  const shown = printable(line);
  if (shown.length <= limit && start.length === text.length) return shown;
  return `${shown.slice(0, limit - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

function escaped(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  const hex = (character.codePointAt(0) ?? 0).toString(16);
  return hex.length <= 2 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`;
}
