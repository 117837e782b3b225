/** What the work costs in processor time, the client's apart from Claw's. */
import { FIGURES } from '../figure.ts';
import type { Measured, Results } from '../result.ts';
import { millions, shown } from '../show.ts';
import { find, table } from './table.ts';

/** What one of a figure's units of work is counted by, the first that is there. */
const COUNTED = ['events', 'entries', 'rows', 'samples'];

export function costSection(all: readonly Results[]): string {
  const figures = FIGURES.filter(({ id }) => all.some((results) => costOf(find(results, id))));
  const heads = ['processor time', ...all.map(({ events }) => millions(events))];
  const rows = figures.map(({ what, id }) => [
    what,
    ...all.map((results) => costOf(find(results, id)) ?? '–'),
  ]);
  return `## What it costs
Processor time of Claw for each event, entry, row or question, over all its threads; in brackets
that of the client that sends or asks, which shares the machine.

${table(heads, rows)}`;
}

function costOf(measured: Measured | undefined): string | undefined {
  const { values, cpu_s } = measured ?? {};
  const of = COUNTED.flatMap((name) => values?.[name] ?? [])[0];
  if (!cpu_s || !of) return undefined;
  const { client, ...own } = cpu_s;
  const each = (seconds: number) => duration(seconds / of);
  const spent = each(Object.values(own).reduce((sum, seconds) => sum + seconds, 0));
  return client === undefined ? spent : `${spent} (${each(client)})`;
}

function duration(seconds: number): string {
  return seconds < 0.01 ? shown(seconds * 1e6, 'µs') : shown(seconds * 1000, 'ms');
}
