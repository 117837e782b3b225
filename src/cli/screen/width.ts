/** How wide text is on a terminal, and how to cut and wrap it there. Text must be printable. */

/** Scripts and signs that take two columns (Unicode TR 11: W and F), as far as text uses them. */
const WIDE_RANGES = [
  String.raw`\u1100-\u115f\u231a\u231b\u2329\u232a\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe`,
  String.raw`\u2614\u2615\u2648-\u2653\u267f\u2693\u26a1\u26aa\u26ab\u26bd\u26be\u26c4\u26c5\u26ce`,
  String.raw`\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2705\u270a\u270b\u2728\u274c\u274e`,
  String.raw`\u2753-\u2755\u2757\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55`,
  String.raw`\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f`,
  String.raw`\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18aff}`,
  String.raw`\u{1b000}-\u{1b2ff}\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}`,
  String.raw`\u{20000}-\u{3fffd}`,
];
const WIDE = new RegExp(`[${WIDE_RANGES.join('')}]`, 'u');
const NARROW_ASCII = /^[ -~]*$/;
/** Signs that do not begin a line. */
const NEVER_FIRST = /^[。、，．・：；！？）」』】〉》ー…ゃゅょっぁぃぅぇぉャュョッァィゥェォ]/;
const MARK = /^\p{M}+$/u;

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Columns that a text takes. */
export function displayWidth(text: string): number {
  if (NARROW_ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += graphemeWidth(segment);
  return width;
}

/** The text in at most `columns`, its end replaced by an ellipsis where it is longer. */
export function truncate(text: string, columns: number): string {
  if (text.length <= columns && NARROW_ASCII.test(text)) return text;
  if (displayWidth(text) <= columns) return text;
  if (columns < 1) return '';
  return `${take(text, columns - 1).trimEnd()}…`;
}

/** Lines of at most `columns`: broken at spaces, and anywhere between wide characters. */
export function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let rest = text;
  while (displayWidth(rest) > columns) {
    const head = take(rest, Math.max(columns, 2));
    const space = rest[head.length] === ' ' ? head.length : head.lastIndexOf(' ');
    const wide = WIDE.test(head.slice(Math.max(0, space)));
    const end = space > columns / 3 && !wide ? space : breakBefore(rest, head.length);
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  lines.push(rest);
  return lines;
}

/** The place at or before `end` where a line may begin anew (JIS X 4051: no closing sign there). */
function breakBefore(text: string, end: number): number {
  let at = end;
  while (at > end - 3 && NEVER_FIRST.test(text.slice(at))) at--;
  return at > 1 ? at : end;
}

/** Spaces after the text until it takes `columns`. */
export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - displayWidth(text)));
}

function take(text: string, columns: number): string {
  let width = 0;
  let end = 0;
  for (const { segment, index } of graphemes.segment(text)) {
    width += graphemeWidth(segment);
    if (width > columns) break;
    end = index + segment.length;
  }
  return text.slice(0, end);
}

function graphemeWidth(segment: string): number {
  if (MARK.test(segment)) return 0;
  return WIDE.test(segment) ? 2 : 1;
}
