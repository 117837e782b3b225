/** The formats that an export can have, by name. */
import { Fault } from '../fault/fault.ts';
import { CSV_FORMAT } from './csv.ts';
import type { Format } from './format.ts';
import { JSON_FORMAT } from './json.ts';
import { NDJSON_FORMAT } from './ndjson.ts';

export const FORMATS: readonly Format[] = [JSON_FORMAT, NDJSON_FORMAT, CSV_FORMAT];

/** Throws `request.invalid` for a name that is none. */
export function formatNamed(name: string): Format {
  const format = FORMATS.find((one) => one.name === name.toLowerCase());
  if (format !== undefined) return format;
  throw new Fault('request.invalid', `There is no format ${JSON.stringify(name.slice(0, 64))}.`, {
    field: 'format',
    hint: `One of: ${FORMATS.map((one) => one.name).join(', ')}.`,
  });
}
