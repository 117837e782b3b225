/** Draws a table without borders: as wide as the terminal, its last column taking what is left. */
import Table from 'cli-table3';
import { printable } from '../../search/safe.ts';
import { type Column, type Paint, type Piece, pieceWidth } from './piece.ts';
import { truncate } from './width.ts';

/** Columns between two cells. */
const GAP = 2;
/** The least that the last column gets, however narrow the terminal. */
const LEAST = 16;

const BORDERLESS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: ' '.repeat(GAP),
};

export type Drawing = {
  readonly heads: readonly Column[];
  readonly rows: readonly (readonly Piece[])[];
  /** Columns of the terminal. */
  readonly columns: number;
  readonly paint: Paint;
};

/** The table's lines, each ended. */
export function renderTable({ heads, rows, columns, paint }: Drawing): string {
  const most = limits(heads, rows, columns);
  const table = new Table({
    chars: BORDERLESS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: heads.map(({ align }) => align ?? 'left'),
  });
  const cell = (piece: Piece, at: number) => paint(cut(piece, most[at] ?? columns));
  table.push(heads.map(({ title }, at) => cell({ text: title, style: 'dim' }, at)));
  for (const row of rows) table.push(row.map(cell));
  // Padding after the last cell would wrap on a terminal and weigh in a pipe.
  return `${table.toString().replace(/ +$/gm, '')}\n`;
}

function limits(
  heads: readonly Column[],
  rows: readonly (readonly Piece[])[],
  columns: number,
): readonly number[] {
  if (columns === Number.POSITIVE_INFINITY) return heads.map(() => columns);
  const widths = heads.slice(0, -1).map(({ title, most }, at) => {
    const cells = [title, ...rows.map((row) => row[at] ?? '')];
    const widest = cells.reduce((width, piece) => Math.max(width, pieceWidth(piece)), 0);
    return Math.min(widest, most ?? columns);
  });
  const used = widths.reduce((sum, width) => sum + width + GAP, 0);
  return [...widths, Math.max(LEAST, columns - used)];
}

function cut(piece: Piece, columns: number): Piece {
  if (columns === Number.POSITIVE_INFINITY) return piece;
  const text = truncate(printable(typeof piece === 'string' ? piece : piece.text), columns);
  return typeof piece === 'string' ? text : { text, style: piece.style };
}
