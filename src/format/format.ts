/** The contract of an encoder: rows of an export to text that others read. */

/**
 * What an export covers, printed with it; the trail's `Coverage` satisfies it. Bound on purpose
 * to no part below: an encoder writes whatever it is given.
 */
export type ExportCoverage = { readonly [name: string]: unknown };

/** One row of an export, with the event's fields and the documents' names. */
export type ExportRow = { readonly [field: string]: unknown };

/**
 * Encodes one export, in order: `begin` once, `row` for each row, `end` once with their count.
 * The texts, one after the other, are the file; nothing is kept between rows, so an export of
 * any size streams. Each export needs an encoder of its own.
 */
type Encoder = {
  readonly begin: (coverage: ExportCoverage) => string;
  readonly row: (row: ExportRow) => string;
  readonly end: (count: number) => string;
};

/** A format: how files of it are named and served, and how to make one. */
export type Format = {
  readonly name: string;
  readonly media_type: string;
  /** With its dot. */
  readonly extension: string;
  /** Whether a reader can tell a file that was cut from a whole one, and see what it covers. */
  readonly carries: 'rows' | 'rows_and_coverage';
  readonly encoder: () => Encoder;
};
