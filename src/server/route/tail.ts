/** Streams rows as they become durable, as server-sent events, to readers who keep up. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import { jsonText } from '../../format/text.ts';
import type { Row } from '../../trail/trail.ts';
import * as parameter from '../parameter.ts';
import { noteReading } from '../reading.ts';
import { type Call, NOTHING, route } from '../route.ts';

/** How long a reader that was cut has to read what it was already sent. */
const LAST_WORDS_MS = 1000;

export const tail = route({
  method: 'GET',
  path: '/v1/tail',
  access: 'viewer',
  summary: 'Rows from now on, as server-sent events; `event: gap` says what was not sent.',
  faults: ['query.invalid', 'request.too_many'],
  query: z.strictObject({ ...parameter.tenant, query: parameter.search.query }),
  params: NOTHING,
  answer: { types: ['text/event-stream'] },
  handle: async (call) => {
    const { face, tenant, query } = call;
    const asked = parameter.given({ ...query, tenant });
    const signal = AbortSignal.any([call.signal, face.closing]);
    const rows = face.trail.tail(asked, signal)[Symbol.asyncIterator]();
    const free = face.tails.take(tenant);
    noteReading(call, { tool: 'logs.tail', arguments: query });
    const write = (response: ServerResponse) =>
      stream({ ...call, signal }, rows, response).finally(free);
    return { kind: 'raw', write };
  },
});

type Tail = Pick<Call<unknown, unknown>, 'face' | 'request' | 'signal'>;

async function stream(
  call: Tail,
  rows: AsyncIterator<Row>,
  response: ServerResponse,
): Promise<void> {
  const { face, signal } = call;
  const gone = new Promise<{ done: true }>((resolve) => {
    signal.addEventListener('abort', () => resolve({ done: true }), { once: true });
  });
  // Asked for before the header is sent: whatever is recorded after that is not missed.
  let next = rows.next();
  const heartbeat = setInterval(() => response.write(': \n\n'), face.limits.tail_heartbeat_ms);
  try {
    greet(call, response);
    while (!signal.aborted) {
      const found = await Promise.race([next, gone]);
      if (found.done) break;
      if (!response.write(textOf(found.value)) && !(await drained(response, call))) {
        face.metrics.tailsCut.inc();
        cut(response, `Nothing was read for ${face.limits.tail_stall_ms} ms.`);
        break;
      }
      next = rows.next();
    }
  } catch {
    cut(response, 'The trail could not be followed any further.');
  } finally {
    clearInterval(heartbeat);
    next.catch(() => undefined);
    rows.return?.().catch(() => undefined);
    response.end();
  }
}

/** Rows that many tails show are written once. */
const TEXTS = new WeakMap<Row, string>();

function textOf(row: Row): string {
  const known = TEXTS.get(row);
  if (known !== undefined) return known;
  const text = `id: ${row.index}\nevent: row\ndata: ${jsonText(row)}\n\n`;
  TEXTS.set(row, text);
  return text;
}

/** Whether the reader went on reading in time, or went away. */
async function drained(response: ServerResponse, { face, signal }: Tail): Promise<boolean> {
  const patience = AbortSignal.timeout(face.limits.tail_stall_ms);
  try {
    await once(response, 'drain', { signal: AbortSignal.any([signal, patience]) });
    return true;
  } catch {
    return signal.aborted;
  }
}

function greet({ request }: Tail, response: ServerResponse): void {
  response.setHeader('content-type', 'text/event-stream; charset=utf-8');
  response.setHeader('x-accel-buffering', 'no');
  response.write(': live\n\n');
  const last = /^\d{1,15}$/.exec(String(request.headers['last-event-id'] ?? ''))?.[0];
  if (last === undefined) return;
  const message = 'Rows recorded between this index and now are not sent again; search for them.';
  response.write(gap({ after_index: Number(last), message }));
}

/** Says so, if the reader reads on for a moment, and ends. */
function cut(response: ServerResponse, message: string): void {
  response.end(gap({ message }));
  setTimeout(() => response.destroy(), LAST_WORDS_MS).unref();
}

function gap(data: Readonly<Record<string, unknown>>): string {
  return `event: gap\ndata: ${JSON.stringify(data)}\n\n`;
}
