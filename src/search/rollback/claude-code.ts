/** Claude Code's Write, Edit and NotebookEdit: the file before, and what became of it. */
import { isObject } from '../../event/name.ts';
import type { Change, Told } from './change.ts';
import { type Image, NOTHING, textImage } from './image.ts';
import { replaced, textIn } from './text.ts';

/**
 * `tool_response` holds the whole file as it was, with `\n` for every line ending: null, or an
 * empty text, for a file that was not there and for an empty one alike (seen in 2.1.330).
 */
export function claudeChanges({ args, result }: Told): readonly Change[] {
  const path = [result['filePath'], args['file_path'], args['notebook_path']].find(
    (one) => typeof one === 'string',
  );
  if (path === undefined) return [];
  const original = 'original_file' in result ? result['original_file'] : result['originalFile'];
  const before = imageOf(original);
  const written = result['updated_file'] ?? (result['content'] || args['content']);
  if (typeof written === 'string') return [{ path, before, after: textImage(written) }];
  if (result['content'] === '' || args['content'] === '') {
    return [{ path, before, after: textImage('') }];
  }
  const edits = editsIn(args, result);
  const edit = (text: string) => edited(text, { edits, result });
  return [{ path, before, edit, after: afterOf(original, edit) }];
}

function imageOf(original: unknown): Image | undefined {
  if (original === null || original === '') return NOTHING;
  return typeof original === 'string' ? textImage(original) : undefined;
}

function afterOf(original: unknown, edit: (text: string) => string | undefined) {
  if (original !== null && typeof original !== 'string') return undefined;
  const text = edit(original ?? '');
  return text === undefined ? undefined : textImage(text);
}

type Edit = { readonly from: string; readonly to: string; readonly all: boolean };
type Edited = {
  readonly edits: readonly Edit[];
  readonly result: Readonly<Record<string, unknown>>;
};

function editsIn(args: Told['args'], result: Told['result']): readonly Edit[] {
  const many = Array.isArray(args['edits']) ? args['edits'].filter(isObject) : undefined;
  if (many) {
    return many.map((one) => ({
      from: textIn(one, 'old_string') ?? '',
      to: textIn(one, 'new_string') ?? '',
      all: one['replace_all'] === true,
    }));
  }
  const from = textIn(result, 'oldString') ?? textIn(args, 'old_string');
  const to = textIn(result, 'newString') ?? textIn(args, 'new_string');
  const all = result['replaceAll'] === true || args['replace_all'] === true;
  return from === undefined || to === undefined ? [] : [{ from, to, all }];
}

/**
 * The patch says what was written, save for blanks that it shows in another form; the strings say
 * it to the letter, save for what the runtime or the user changed in them. Where both agree but
 * for blanks the strings are right; where they do not, the patch is.
 */
function edited(text: string, { edits, result }: Edited): string | undefined {
  const patched = patchedBy(text, result['structuredPatch']);
  const byStrings = stringForms(text, edits);
  if (patched === undefined) return result['userModified'] === true ? undefined : byStrings[0];
  const same = byStrings.find((form) => form === patched);
  return same ?? byStrings.find((form) => squashed(form) === squashed(patched)) ?? patched;
}

/** A deletion of whole lines takes their line ending too. */
function stringForms(text: string, edits: readonly Edit[]): readonly string[] {
  const forms = [false, true].map((lines) => {
    let now: string | undefined = text;
    for (const { from, to, all } of edits) {
      const whole = lines && to === '' && !from.endsWith('\n') && now?.includes(`${from}\n`);
      now &&= replaced(now, { from: whole ? `${from}\n` : from, to, all });
      if (now === undefined) break;
    }
    return text === '' && edits[0]?.from === '' ? edits[0].to : now;
  });
  return [...new Set(forms.filter((form) => form !== undefined))];
}

function squashed(text: string): string {
  return text.replaceAll(/[ \t]+/g, ' ');
}

/** The hunks of a `structuredPatch` applied; undefined where they are none, or do not apply. */
function patchedBy(text: string, patch: unknown): string | undefined {
  if (!Array.isArray(patch) || patch.length === 0) return undefined;
  const lines = text.split('\n');
  const out: string[] = [];
  let at = 0;
  for (const hunk of patch) {
    if (!isObject(hunk) || !Array.isArray(hunk['lines'])) return undefined;
    const start = hunk['oldLines'] === 0 && text === '' ? 0 : Number(hunk['oldStart']) - 1;
    if (!(start >= at && start <= lines.length)) return undefined;
    out.push(...lines.slice(at, start));
    at = start;
    for (const line of hunk['lines']) {
      if (typeof line !== 'string') return undefined;
      const [mark, rest] = [line[0], line.slice(1)];
      if (mark === '+') out.push(rest);
      else if (mark === ' ') out.push(lines[at++] ?? '');
      else if (mark === '-') at++;
    }
  }
  const joined = [...out, ...lines.slice(at)].join('\n');
  return endingOf(joined, { text, patch });
}

/** `\ No newline at end of file` stands below the line that ends without one. */
function endingOf(
  joined: string,
  { text, patch }: { readonly text: string; readonly patch: readonly unknown[] },
): string {
  const last = patch.at(-1);
  const lines = isObject(last) && Array.isArray(last['lines']) ? last['lines'] : [];
  const marked = lines.findIndex((line) => String(line).startsWith('\\'));
  if (marked < 0) return text === '' && !joined.endsWith('\n') ? `${joined}\n` : joined;
  const gone = String(lines[marked - 1]).startsWith('-');
  if (gone && !String(lines.at(-1)).startsWith('\\')) return `${joined}\n`;
  return gone ? joined : joined.replace(/\n$/, '');
}
