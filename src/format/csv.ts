/**
 * RFC 4180 in UTF-8 without a byte order mark: a header, a row a line, CRLF. Nested values are
 * JSON. A cell that a spreadsheet would run as a formula gets an apostrophe before it, as does
 * one that begins with an apostrophe: taking the first apostrophe off gives the text recorded.
 * Controls that no spreadsheet shows are replaced, so the JSON formats hold the exact text.
 */
import { type Column, csvColumns } from '../event/schema.ts';
import type { ExportRow, Format } from './format.ts';
import { jsonText } from './text.ts';

/** What a row has beside its event: where its facts are, and whether its content is gone. */
const COLUMNS: readonly Column[] = [
  { name: 'index', path: ['index'], kind: 'number' },
  ...csvColumns(),
  { name: 'erased', path: ['erased'], kind: 'json' },
  { name: 'facts', path: ['facts'], kind: 'json' },
];

export const CSV_FORMAT: Format = {
  name: 'csv',
  media_type: 'text/csv; charset=utf-8; header=present',
  extension: '.csv',
  carries: 'rows',
  encoder: () => ({
    begin: () => line(COLUMNS.map((column) => column.name)),
    row: (row) => line(COLUMNS.map((column) => cell(valueAt(row, column.path), column.kind))),
    end: () => '',
  }),
};

function line(cells: readonly string[]): string {
  return `${cells.map(quoted).join(',')}\r\n`;
}

/** Spreadsheets set to Japanese take full-width signs for formulas too. */
const FORMULA = /^\s*['=+\-@\t\r\n＝＋－＠]/;

function cell(value: unknown, kind: Column['kind']): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number' && kind === 'number') return String(value);
  const text = safe(typeof value === 'string' && kind !== 'json' ? value : jsonText(value));
  return FORMULA.test(text) ? `'${text}` : text;
}

/** Control pictures for C0 controls; U+FFFD for C1 controls and lone surrogates. */
function safe(text: string): string {
  return text.toWellFormed().replaceAll(/(?![\t\r\n])\p{Cc}/gu, (control) => {
    const code = control.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : '\ufffd';
  });
}

function quoted(text: string): string {
  return /[",;\t\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function valueAt(row: ExportRow, path: readonly string[]): unknown {
  let value: unknown = row;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as ExportRow)[key];
  }
  return value;
}
