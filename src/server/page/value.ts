/** Recorded values on a page: whole where they are short, else cut where everybody sees it. */
import { type Html, html, recorded } from './html.ts';
import type { Words } from './word.ts';

/** Characters and lines of one value that are shown at once. */
const SHOWN = 1500;
const LINES = 40;
/** Characters of one value that are on the page at all. */
const MOST = 200_000;
/** Arguments that get a line of their own. */
const FIELDS = 100;

/** Each argument by its name; what is no object of arguments, as it is. */
export function argumentsOf(value: unknown, words: Words, command: string): Html {
  if (value === undefined) return html`<p>${words.none}</p>`;
  const fields = fieldsOf(value);
  if (!fields) return shownValue(value, words, command);
  const rows = fields.slice(0, FIELDS).map(
    ([name, field]) => html`<dt>${recorded(name.slice(0, 200))}</dt>
<dd>${shownValue(field, words, command)}</dd>`,
  );
  const rest = fields.slice(FIELDS);
  const more = rest.length === 0 ? html`` : shownValue(Object.fromEntries(rest), words, command);
  return html`<dl class="args">${rows}</dl>${more}`;
}

function fieldsOf(value: unknown): [string, unknown][] | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const fields = Object.entries(value);
  return fields.length === 0 ? undefined : fields;
}

/** Text as it is, anything else as JSON. The whole is one press away, without a script. */
function shownValue(value: unknown, words: Words, command: string): Html {
  const plain = typeof value === 'string';
  const text = plain ? value : (JSON.stringify(value, null, 2) ?? '');
  const mark = plain ? html`` : html`<span class="kind">JSON</span>`;
  const shown = cutAt(text, SHOWN).split('\n').slice(0, LINES).join('\n');
  if (shown === text)
    return html`${mark}<pre>
${recorded(text)}</pre>`;
  const whole = recorded(cutAt(text, MOST));
  const left =
    text.length > MOST
      ? html`<p class="alarm">${words.tooLong} <code>${command}</code></p>`
      : html``;
  return html`${mark}<pre>
${recorded(shown)}<b class="odd">…</b></pre>
<details><summary>${words.cut} (${String(text.length)} ${words.characters})</summary>
<pre>
${whole}</pre>${left}</details>`;
}

function cutAt(text: string, chars: number): string {
  return text.slice(0, chars).replace(/[\ud800-\udbff]$/, '');
}
