/**
 * One JSON value a line: first `{"export": {…}}`, then the rows as they are, last
 * `{"end": {"count": n}}`, by whose absence a cut file is known. No event has either name.
 */
import type { Format } from './format.ts';
import { jsonText } from './text.ts';

export const NDJSON_FORMAT: Format = {
  name: 'ndjson',
  media_type: 'application/x-ndjson; charset=utf-8',
  extension: '.ndjson',
  carries: 'rows_and_coverage',
  encoder: () => ({
    begin: (coverage) => `${jsonText({ export: coverage })}\n`,
    row: (row) => `${jsonText(row)}\n`,
    end: (count) => `${jsonText({ end: { count } })}\n`,
  }),
};
