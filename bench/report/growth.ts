/** Which costs grow with the trail, by how much, and why. */
import { FIGURES, type Figure } from '../figure.ts';
import type { Results } from '../result.ts';
import { millions } from '../show.ts';
import { type Reasons, UNEXPLAINED } from './reason.ts';
import { find, table } from './table.ts';

/** A cost that grows by less, over the whole range, counts as flat: the machine is shared. */
const FLAT = 1.5;

export function growthSection(all: readonly Results[], reasons: Reasons): string {
  const figures = FIGURES.flatMap((figure) => {
    const growth = growthOf(figure, all);
    return growth === undefined ? [] : [{ figure, growth }];
  });
  const rows = figures.map(({ figure, growth }) => [
    figure.what,
    `${Number(growth.factor.toPrecision(2))}×`,
    growth.factor > FLAT ? (reasons[figure.id]?.grows ?? UNEXPLAINED) : shrinks(growth.factor),
  ]);
  const span = figures[0]?.growth.span ?? '';
  const found =
    rows.length > 0
      ? table(['cost', `growth, ${span}`, ':why, where it grows'], rows)
      : 'So far one size alone was measured.';
  return `## As the trail grows
![each figure at each size](growth.svg)

${found}`;
}

function shrinks(factor: number): string {
  return factor < 1 / FLAT ? 'falls' : 'flat';
}

/** How many times the cost at the largest size is that at the smallest. */
function growthOf(figure: Figure, all: readonly Results[]) {
  const points = all.flatMap((results) => {
    const value = find(results, figure.id)?.values?.[figure.main];
    return value === undefined || value === 0 ? [] : [{ events: results.events, value }];
  });
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last || first === last) return undefined;
  const factor = figure.better === 'less' ? last.value / first.value : first.value / last.value;
  return { factor, span: `${millions(first.events)} to ${millions(last.events)}` };
}
