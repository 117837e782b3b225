/** Patches in the `*** Begin Patch` envelope: which files they add, change, move and delete. */
import type { Change, Told } from './change.ts';
import { ABSENT, textImage } from './image.ts';
import { textIn } from './text.ts';

const HEAD = /^\*\*\* (Add File|Update File|Delete File): (.{1,8192})$/;
const MOVE = '*** Move to: ';
/** Characters of a patch that are read, and files. */
const PATCH_CHARS = 4_194_304;
const FILES = 256;
/** Lines that are compared for one hunk: a patch that needs more is not followed. */
const COMPARISONS = 50_000_000;

type Hunk = { readonly from: readonly string[]; readonly to: readonly string[] };
type Section = {
  readonly heading: string;
  readonly path: string;
  to?: string;
  readonly lines: string[];
};

/** A patch tells the changed lines alone: the whole file is known where the session made it. */
export function patchChanges({ args, given }: Told): readonly Change[] {
  const text = ['command', 'input', 'patch', 'patchText']
    .map((name) => textIn(args, name))
    .find((one) => one !== undefined);
  const patch = text ?? (typeof given === 'string' ? given : '');
  return sectionsOf(patch.slice(0, PATCH_CHARS)).flatMap(changesIn);
}

function changesIn({ heading, path, to, lines }: Section): Change[] {
  if (heading === 'Delete File') return [{ path, after: ABSENT }];
  if (heading === 'Add File') {
    const added = lines.filter((line) => line.startsWith('+')).map((line) => line.slice(1));
    return [{ path, before: ABSENT, after: textImage(added.map((line) => `${line}\n`).join('')) }];
  }
  const hunks = hunksOf(lines);
  const edit = (text: string) => applied(text, hunks);
  if (to === undefined) return [{ path, edit }];
  return [
    { path: to, before: ABSENT, edit, from: path },
    { path, after: ABSENT },
  ];
}

function sectionsOf(patch: string): readonly Section[] {
  const sections: Section[] = [];
  for (const line of patch.split('\n')) {
    if (line.startsWith('*** End Patch')) break;
    const [, heading, path] = HEAD.exec(line.trimEnd()) ?? [];
    const last = sections.at(-1);
    if (heading !== undefined && path !== undefined) {
      if (sections.length >= FILES) break;
      sections.push({ heading, path, lines: [] });
    } else if (last && line.startsWith(MOVE)) last.to = line.slice(MOVE.length).trimEnd();
    else last?.lines.push(line);
  }
  return sections;
}

function hunksOf(lines: readonly string[]): readonly Hunk[] {
  const hunks: { from: string[]; to: string[] }[] = [];
  for (const line of lines) {
    if (line.startsWith('@@')) hunks.push({ from: [], to: [] });
    if (line.startsWith('@@') || line.startsWith('***')) continue;
    if (hunks.length === 0) hunks.push({ from: [], to: [] });
    const hunk = hunks.at(-1);
    const rest = line.slice(1);
    if (line.startsWith('+')) hunk?.to.push(rest);
    else if (line.startsWith('-')) hunk?.from.push(rest);
    else if (line.startsWith(' ')) {
      hunk?.from.push(rest);
      hunk?.to.push(rest);
    }
  }
  return hunks;
}

/** Undefined where a hunk does not stand in exactly one place after the one before. */
function applied(text: string, hunks: readonly Hunk[]): string | undefined {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const out: string[] = [];
  let at = 0;
  for (const { from, to } of hunks) {
    const start = from.length === 0 ? lines.length : placeOf(lines, from, at);
    if (start === undefined) return undefined;
    out.push(...lines.slice(at, start), ...to);
    at = start + from.length;
  }
  return `${[...out, ...lines.slice(at)].join('\n')}\n`;
}

function placeOf(lines: readonly string[], from: readonly string[], at: number) {
  const stands = (start: number) => from.every((line, i) => lines[start + i] === line);
  let found: number | undefined;
  if ((lines.length - at) * from.length > COMPARISONS) return undefined;
  for (let start = at; start + from.length <= lines.length; start++) {
    if (!stands(start)) continue;
    if (found !== undefined) return undefined;
    found = start;
  }
  return found;
}
