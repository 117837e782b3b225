/** Footers of segments that were read, as bare numbers: a trail has ever more of them. */
import type { SegmentFooter, SegmentName } from './segment.ts';

export type Footers = {
  readonly get: (segment: SegmentName) => SegmentFooter | undefined;
  readonly keep: (segment: SegmentName, footer: SegmentFooter) => void;
};

const FIELDS = [
  'first',
  'count',
  'tables_at',
  'earliest_ms',
  'latest_ms',
  'untimed',
  'places_crc',
  'prints_crc',
] as const satisfies readonly (keyof SegmentFooter)[];
const WIDTH = FIELDS.length;

/** A tenant's: rows of numbers, and the row of a segment by its first index. */
type Column = { readonly rows: Map<number, number>; numbers: Float64Array };

/** 98 bytes a segment, measured; an object behind a promise under its key took 397. */
export function openFooters(): Footers {
  const columns = new Map<string, Column>();
  return {
    get: ({ tenant, first, count }) => {
      const column = columns.get(tenant);
      const row = column?.rows.get(first);
      if (column === undefined || row === undefined) return undefined;
      const footer = footerAt(column.numbers, row);
      return footer.count === count ? footer : undefined;
    },
    keep: ({ tenant, first }, footer) => {
      const column = columns.get(tenant) ?? { rows: new Map(), numbers: new Float64Array(WIDTH) };
      columns.set(tenant, column);
      const row = column.rows.get(first) ?? column.rows.size;
      column.rows.set(first, row);
      if ((row + 1) * WIDTH > column.numbers.length) column.numbers = larger(column.numbers);
      for (const [i, field] of FIELDS.entries()) column.numbers[row * WIDTH + i] = footer[field];
    },
  };
}

function larger(numbers: Float64Array): Float64Array {
  const grown = new Float64Array(Math.ceil((numbers.length / WIDTH) * 1.5) * WIDTH);
  grown.set(numbers);
  return grown;
}

function footerAt(numbers: Float64Array, row: number): SegmentFooter {
  const fields = FIELDS.map((field, i) => [field, numbers[row * WIDTH + i]]);
  return Object.fromEntries(fields) as SegmentFooter;
}
