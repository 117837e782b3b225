/** Shows what is known of one thing: a name and a value a line. */
import type { Context } from '../command/command.ts';
import type { Key } from './language.ts';
import { valueLines } from './value.ts';
import { displayWidth, pad } from './width.ts';

export type Line = readonly [Key, string | undefined];

/** Values that are absent or empty are left out; those of several lines stand below each other. */
export function showFields({ t, terminal }: Context, all: readonly Line[]): void {
  const known = all.flatMap(([key, value]) => (value ? [{ name: t(key), value }] : []));
  const width = Math.max(...known.map(({ name }) => displayWidth(name))) + 2;
  for (const { name, value } of known) {
    const [first = '', ...rest] = valueLines(value, Math.max(20, terminal.columns - width - 2));
    terminal.line('  ', { text: pad(name, width), style: 'dim' }, first);
    for (const line of rest) terminal.line('  ', ' '.repeat(width), line);
  }
}
