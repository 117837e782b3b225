/** Writes a figure's values for people: `p50 0.61 ms, p95 1.2 ms`, `23,400/s`. */
import type { Unit } from './figure.ts';
import type { Values } from './measure.ts';

const SPREAD = ['p50', 'p95', 'p99', 'max', 'first'];

export function shownValues(values: Values, unit: Unit): string {
  const { value } = values;
  if (value !== undefined) return shown(value, unit);
  const known = SPREAD.flatMap((name) => {
    const found = values[name];
    return found === undefined ? [] : [`${name} ${shown(found, unit)}`];
  });
  return known.join(', ');
}

/** With its unit, and with as many digits as matter. */
export function shown(value: number, unit: Unit): string {
  const digits = value >= 100 || Number.isInteger(value) ? 0 : value >= 10 ? 1 : 2;
  const number = value.toLocaleString('en', { maximumFractionDigits: digits });
  return unit === '/s' ? `${number}/s` : `${number} ${unit}`;
}

/** `0.1 M` */
export function millions(events: number): string {
  return `${Number((events / 1e6).toPrecision(2))} M`;
}
