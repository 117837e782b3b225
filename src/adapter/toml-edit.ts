/** Adds tables to the end of a TOML text and takes them out again, whatever else changes in it. */
import { parse } from 'smol-toml';
import { Fault } from '../fault/fault.ts';

export type Table = {
  /** The header's parts; what is no bare key is quoted. */
  readonly key: readonly string[];
  /** `name = value`, valid TOML each. */
  readonly lines: readonly string[];
};

/** On each header of ours: editors that keep comments move it with its table. */
const MARK = '# claw';
const WHAT = 'config.toml';
const BARE = /^[A-Za-z0-9_-]+$/;

/** Throws `usage.invalid` for what is not TOML; `what` names it for people. */
export function parsedToml(text: string, what: string): Readonly<Record<string, unknown>> {
  try {
    return parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : 'not TOML';
    throw new Fault('usage.invalid', `${what} cannot be edited: ${reason?.slice(0, 200)}.`, {
      hint: 'Nothing was changed. Mend the file, then try again.',
      cause,
    });
  }
}

/** Throws where the text is no TOML before, or would be none after. */
function withTables(text: string | undefined, tables: readonly Table[]): string {
  parsedToml(text ?? '', WHAT);
  // An absent file shows by the line break that is not there: it is to be absent again.
  const after = (text === undefined ? '' : `${text}\n`) + tables.map(written).join('\n');
  parsedToml(after, WHAT);
  return after;
}

function written({ key, lines }: Table): string {
  const name = key.map((part) => (BARE.test(part) ? part : JSON.stringify(part))).join('.');
  return `[${name}] ${MARK}\n${lines.join('\n')}\n`;
}

/** The text with these tables in place of ours that are chosen; as it is where they are equal. */
export function withTablesFor(
  text: string | undefined,
  chosen: (key: readonly string[]) => boolean,
  tables: readonly Table[],
): string | undefined {
  const ours = text === undefined ? [] : piecesOf(text).filter(isChosen(chosen));
  const same =
    ours.length === tables.length &&
    tables.every((table, i) => written(table) === (ours[i]?.lines ?? []).join(''));
  if (same) return text;
  const bare = text === undefined ? undefined : withoutTables(text, chosen);
  return tables.length === 0 ? bare : withTables(bare, tables);
}

/**
 * The text without our tables whose key is chosen: from the header to the last line of the table,
 * with the line break before it. Undefined where nothing but they made the file.
 */
export function withoutTables(
  text: string,
  chosen: (key: readonly string[]) => boolean,
): string | undefined {
  const kept: string[] = [];
  let whole = false;
  for (const piece of piecesOf(text)) {
    if (!isChosen(chosen)(piece)) kept.push(...piece.lines);
    else if (kept.length === 0) whole = true;
    else cutBreak(kept);
  }
  const rest = kept.join('');
  return whole && rest === '' ? undefined : rest;
}

/** A table of ours, or a line of somebody else's. */
type Piece = { readonly key?: readonly string[]; readonly lines: readonly string[] };

function piecesOf(text: string): readonly Piece[] {
  const lines = text.split(/(?<=\n)/);
  const pieces: Piece[] = [];
  for (let at = 0; at < lines.length; ) {
    const key = markedKey(lines[at] ?? '');
    const end = key === undefined ? at + 1 : tableEnd(lines, at + 1);
    pieces.push({ ...(key === undefined ? {} : { key }), lines: lines.slice(at, end) });
    at = end;
  }
  return pieces;
}

function isChosen(chosen: (key: readonly string[]) => boolean): (piece: Piece) => boolean {
  return ({ key }) => key !== undefined && chosen(key);
}

/** The key of a header with our mark. */
function markedKey(line: string): string[] | undefined {
  const header = /^\[(.+)\] # claw\r?\n?$/.exec(line)?.[1];
  if (header === undefined) return undefined;
  const parts = [...header.matchAll(/"(?:[^"\\]|\\.)*"|[A-Za-z0-9_-]+/g)].map(([part]) => part);
  if (parts.join('.') !== header) return undefined;
  return parts.map((part) => (part.startsWith('"') ? unquoted(part) : part));
}

function unquoted(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    return '';
  }
}

/** The line break that was put before the header: an empty line, or the end of a last line. */
function cutBreak(kept: string[]): void {
  const rest = (kept.pop() ?? '').replace(/\r?\n$/, '');
  if (rest !== '') kept.push(rest);
}

/** Members of a table go on until an empty line, a comment or the next header. */
function tableEnd(lines: readonly string[], from: number): number {
  let at = from;
  while (at < lines.length && /^[A-Za-z0-9_"'-]/.test(lines[at] ?? '')) at++;
  return at;
}
