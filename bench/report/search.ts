/** Searches in full: warm, at their worst, and at the first touch after a start. */
import { FIGURES } from '../figure.ts';
import type { Results } from '../result.ts';
import { millions, shown } from '../show.ts';
import { find, table } from './table.ts';

const SHOWN = ['first', 'p50', 'p95', 'p99', 'max'];
const COUNTED = ['samples', 'without_rows'];

export function searchSection(all: readonly Results[]): string {
  const heads = ['milliseconds', 'events', ...SHOWN, 'questions', 'found nothing'];
  const rows = FIGURES.filter(({ id }) => id.startsWith('search.')).flatMap((figure) =>
    all.flatMap((results) => {
      const { values } = find(results, figure.id) ?? {};
      if (!values) return [];
      const numbers = SHOWN.map((name) => shown(values[name] ?? 0, 'ms').replace(' ms', ''));
      const counts = COUNTED.map((name) => String(values[name] ?? 0));
      const what = figure.what.replace('search: ', '');
      return [[what, millions(results.events), ...numbers, ...counts]];
    }),
  );
  return `## Searches in full
First: the first question of its kind after a start, with nothing of the files in memory.

${table(heads, rows)}`;
}
