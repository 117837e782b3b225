/** Shows a value of an event whole, as lines of a block. */
import { printableBlock } from '../../search/safe.ts';
import { displayWidth, wrap } from './width.ts';

/** Text as it is, anything else as indented JSON; every line printable and at most `columns`. */
export function valueLines(value: unknown, columns: number): readonly string[] {
  const text = typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? '');
  return printableBlock(text)
    .replaceAll('\t', '    ')
    .split('\n')
    .flatMap((line) => (displayWidth(line) <= columns ? [line] : wrap(line, columns)));
}

/** `512 B`, `3.4 MiB`. */
export function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
