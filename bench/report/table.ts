/** Tables of Markdown, and how figures stand in them. */
import type { Figure, Target } from '../figure.ts';
import type { Measured, Results } from '../result.ts';
import { shown } from '../show.ts';

/** The first column is text, the others are numbers but where a head begins with a colon. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = heads.map((head, i) => (i === 0 || head.startsWith(':') ? '---' : '---:'));
  return [heads.map((head) => head.replace(/^:/, '')), rule, ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
}

/** Claw's own figure, or a peer's. */
export function find({ figures }: Results, id: string, peer?: string): Measured | undefined {
  return figures.find((figure) => figure.id === id && figure.peer === peer);
}

/** `0.61 / 2.4 ms`: the values that a figure shows; `–` where it was not measured. */
export function cell(figure: Figure, measured: Measured | undefined): string {
  const { values } = measured ?? {};
  if (!values) return '–';
  const [last = '', ...before] = figure.shows.map((name) => values[name] ?? 0).toReversed();
  const numbers = before.map((value) => shown(Number(value), figure.unit).split(' ')[0] ?? '');
  return [...numbers.toReversed(), shown(Number(last), figure.unit)].join(' / ');
}

/** Of a target that was missed, how far: 1.3 is 30 % beyond. Undefined where it was met. */
export function missedBy(
  figure: Figure,
  { of, limit }: Target,
  measured: Measured,
): number | undefined {
  const value = measured.values?.[of];
  if (value === undefined) return undefined;
  const ratio = figure.better === 'less' ? value / limit : limit / value;
  return ratio > 1 ? ratio : undefined;
}

/** `p50 < 1 ms, p99 < 5 ms` */
export function targetText({ better, unit, targets }: Figure): string {
  const sign = better === 'less' ? '<' : '≥';
  return targets
    .map(({ of, limit }) => `${of === 'value' ? '' : `${of} `}${sign} ${shown(limit, unit)}`)
    .join(', ');
}
