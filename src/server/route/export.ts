/** Streams every row that matches, in the format asked for, with what the export covers. */
import { z } from 'zod';
import type { Format } from '../../format/format.ts';
import { FORMATS, formatNamed } from '../../format/menu.ts';
import type { Coverage, Row } from '../../trail/trail.ts';
import * as parameter from '../parameter.ts';
import { noteReading } from '../reading.ts';
import { NOTHING, route } from '../route.ts';

/** Characters that are written at once. */
const CHUNK_CHARS = 64 * 1024;

export const exportRoute = route({
  method: 'GET',
  path: '/v1/export',
  access: 'viewer',
  summary:
    'Every row that matches. X-Claw-Coverage says what it covers; a cut stream is not whole.',
  faults: ['query.invalid', 'query.timeout', 'request.too_many'],
  query: z.strictObject({
    ...parameter.search,
    ...parameter.order,
    format: z
      .string()
      .max(64)
      .default('json')
      .meta({
        description: FORMATS.map(({ name }) => name).join(', '),
      }),
  }),
  params: NOTHING,
  answer: { types: FORMATS.map(({ media_type }) => media_type) },
  handle: async (call) => {
    const { face, tenant, query, signal } = call;
    const { format: name, ...search } = query;
    const format = formatNamed(name);
    const free = face.exports.take(tenant);
    const asked = parameter.given({ ...search, tenant, signal });
    const { coverage, rows } = await face.trail.export(asked).catch((error: unknown) => {
      free();
      throw error;
    });
    const done = (count: number, complete: 'yes' | 'no') => {
      free();
      const result = { rows: count, complete, tree_size: coverage.tree_size };
      noteReading(call, { tool: 'logs.export', arguments: query, result });
    };
    const encoded = Buffer.from(JSON.stringify(coverage)).toString('base64');
    return {
      kind: 'stream',
      type: format.media_type,
      headers: { 'x-claw-coverage': encoded },
      chunks: encode({ format, coverage, rows, done }),
    };
  },
});

type Encoding = {
  readonly format: Format;
  readonly coverage: Coverage;
  readonly rows: AsyncIterable<Row>;
  /** Called once, also for an export that was cut. */
  readonly done: (rows: number, complete: 'yes' | 'no') => void;
};

async function* encode({ format, coverage, rows, done }: Encoding): AsyncIterable<string> {
  const encoder = format.encoder();
  let count = 0;
  let complete: 'yes' | 'no' = 'no';
  let text = encoder.begin(coverage);
  try {
    for await (const row of rows) {
      text += encoder.row(row);
      count++;
      if (text.length < CHUNK_CHARS) continue;
      yield text;
      text = '';
    }
    yield text + encoder.end(count);
    complete = 'yes';
  } finally {
    done(count, complete);
  }
}
