/** Every figure beside its target, and those that were missed: by how much, and why. */
import { FIGURES, type Figure } from '../figure.ts';
import type { Results } from '../result.ts';
import { millions, shown } from '../show.ts';
import { type Reasons, UNEXPLAINED } from './reason.ts';
import { cell, find, missedBy, table, targetText } from './table.ts';

export function targetSection(all: readonly Results[], reasons: Reasons): string {
  const heads = ['figure', ':target', ...all.map(({ events }) => millions(events)), ':met'];
  const measured = FIGURES.filter(({ id }) => all.some((results) => find(results, id)));
  const rows = measured.map((figure) => [
    `${figure.what}${figure.shows.length > 1 ? ` (${figure.shows.join(' / ')})` : ''}`,
    targetText(figure) || '–',
    ...all.map((results) => cell(figure, find(results, figure.id))),
    verdict(figure, all),
  ]);
  const missed = all.flatMap((results) => missedIn(results, reasons));
  const lines = missed.length > 0 ? missed.join('\n') : 'None.';
  return `## Beside the targets
The design states them for ten million events; they are held against each size.

${table(heads, rows)}

### Missed
${lines}`;
}

function verdict(figure: Figure, all: readonly Results[]): string {
  if (figure.targets.length === 0) return '';
  const missed = all.some((results) => missesOf(figure, results).length > 0);
  return missed ? '**missed**' : 'met';
}

function missedIn(results: Results, reasons: Reasons): string[] {
  return FIGURES.flatMap((figure) =>
    missesOf(figure, results).map(({ of, value, by }) => {
      const why = reasons[figure.id]?.missed ?? UNEXPLAINED;
      const name = of === 'value' ? '' : `${of} `;
      const far = `${name}${shown(value, figure.unit)}, by a factor of ${by.toPrecision(3)}`;
      return `- **${figure.what}**, ${millions(results.events)}: ${far}. Why: ${why}.`;
    }),
  );
}

function missesOf(figure: Figure, results: Results) {
  const measured = find(results, figure.id);
  return figure.targets.flatMap((target) => {
    const by = measured && missedBy(figure, target, measured);
    return by === undefined ? [] : [{ ...target, value: measured?.values?.[target.of] ?? 0, by }];
  });
}
