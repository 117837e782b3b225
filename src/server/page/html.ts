/** HTML of recorded text: escaped, and with whatever could deceive an eye written out. */

/** HTML that needs no escaping any more. */
export type Html = { readonly html: string };

/** Fills HTML in a template; every string among the values is escaped. */
export function html(
  parts: TemplateStringsArray,
  ...values: readonly (string | Html | readonly Html[])[]
): Html {
  const filled = values.map((value) => {
    if (typeof value === 'string') return escaped(value);
    return 'html' in value ? value.html : value.map((one) => one.html).join('');
  });
  return { html: String.raw({ raw: parts }, ...filled) };
}

/**
 * Controls, lone surrogates, every format character (bidirectional and zero-width ones, tags),
 * separators, spaces other than the common ones, and letters that show as nothing. Not the line
 * ends of any system, nor the marks that make an emoji of a sign.
 */
const ODD_SET = [
  '\\p{Cc}\\p{Cf}\\p{Cs}\\p{Co}\\p{Cn}\\p{Z}',
  '\\u034f\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u2800\\u3164\\uffa0',
  '\\ufe00-\\ufe0d\\u{e0100}-\\u{e01ef}',
].join('');
const ODD = new RegExp(`(?![\\n\\t \\u3000]|\\r\\n)[${ODD_SET}]`, 'gu');

/** Text that somebody recorded: what is hidden in it is shown, and stands out. */
export function recorded(text: string): Html {
  const pieces: Html[] = [];
  let from = 0;
  for (const { 0: character, index } of text.matchAll(ODD)) {
    pieces.push(html`${text.slice(from, index)}<b class="odd">${named(character)}</b>`);
    from = index + character.length;
  }
  return html`${pieces}${text.slice(from)}`;
}

function named(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return `[U+${hex}]`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
