/** One JSON document: `{"export": {…}, "events": […], "count": n}`. A cut file is no valid JSON. */
import type { Format } from './format.ts';
import { jsonText } from './text.ts';

export const JSON_FORMAT: Format = {
  name: 'json',
  media_type: 'application/json; charset=utf-8',
  extension: '.json',
  carries: 'rows_and_coverage',
  encoder: () => {
    let mark = '\n';
    return {
      begin: (coverage) => `{"export": ${jsonText(coverage)},\n"events": [`,
      row: (row) => {
        const text = `${mark}${jsonText(row)}`;
        mark = ',\n';
        return text;
      },
      end: (count) => `\n],\n"count": ${count}}\n`,
    };
  },
};
