/** Pieces of text for a terminal: each is made printable before it gets its colour. */
import pc from 'picocolors';
import { printable } from '../../search/safe.ts';
import { displayWidth } from './width.ts';

export type Style = 'plain' | 'bold' | 'dim' | 'good' | 'bad' | 'alarm' | 'warn' | 'name' | 'link';
export type Piece = string | { readonly text: string; readonly style: Style };

/** `rest` takes what the other columns leave; `right` is for numbers. */
export type Column = {
  readonly title: string;
  readonly most?: number;
  readonly align?: 'left' | 'right';
};

export type Paint = (piece: Piece) => string;

/** Colours pieces; `plain` leaves them as they are. */
export function openPaint(mode: 'coloured' | 'plain'): Paint {
  const colours = pc.createColors(mode === 'coloured');
  const styles: Record<Style, (text: string) => string> = {
    plain: (text) => text,
    bold: colours.bold,
    dim: colours.dim,
    good: colours.green,
    bad: colours.red,
    alarm: (text) => colours.bold(colours.red(text)),
    warn: colours.yellow,
    name: colours.cyan,
    link: colours.underline,
  };
  return (piece) =>
    typeof piece === 'string' ? printable(piece) : styles[piece.style](printable(piece.text));
}

/** Columns that a piece takes. */
export function pieceWidth(piece: Piece): number {
  return displayWidth(printable(typeof piece === 'string' ? piece : piece.text));
}
