/** Receives OpenTelemetry: logs, traces and metrics as any OTLP exporter sends them over HTTP. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import type { Adapted } from '../../adapter/adapter.ts';
import { type Layered, layersOf } from '../../adapter/memory.ts';
import { adaptTelemetry, isByOrder } from '../../adapter/otlp/otlp.ts';
import {
  type Broken,
  isExport,
  LOGS,
  logsOf,
  METRICS,
  type Metric,
  metricsOf,
  type Shape,
  SPANS,
  spansOf,
  type Telemetry,
} from '../../adapter/otlp/telemetry.ts';
import type { Draft } from '../../event/event.ts';
import { asFault, CODES, Fault } from '../../fault/fault.ts';
import { splitBatch } from '../batch.ts';
import { readBody } from '../body.ts';
import { decodeMessage } from '../otlp/decode.ts';
import { exported, isProtobuf, PROTOBUF, type Rejected, refusal } from '../otlp/reply.ts';
import * as parameter from '../parameter.ts';
import { type Call, NOTHING, type Route, route } from '../route.ts';
import { inTurn, producerOf, record } from './ingest.ts';

type Signal = {
  readonly path: string;
  /** As the schema of the wire names the request. */
  readonly message: string;
  readonly shape: Shape;
  readonly read: (body: unknown) => Iterable<Item>;
  /** The counter of refused records in the answer's JSON. */
  readonly counted: string;
  readonly summary: string;
};

const SIGNALS: readonly Signal[] = [
  {
    path: '/v1/logs',
    message: 'LogsRequest',
    shape: LOGS,
    read: logsOf,
    counted: 'rejectedLogRecords',
    summary: 'Records what log records of OTLP tell of agents. Takes gzip.',
  },
  {
    path: '/v1/traces',
    message: 'TraceRequest',
    shape: SPANS,
    read: spansOf,
    counted: 'rejectedSpans',
    summary: 'Records what spans of OTLP tell of agents. Takes gzip.',
  },
  {
    path: '/v1/metrics',
    message: 'MetricsRequest',
    shape: METRICS,
    read: metricsOf,
    counted: 'rejectedDataPoints',
    summary: 'Takes metrics of OTLP and counts them: they tell nothing that logs do not.',
  },
];

export const otlpRoutes: readonly Route[] = SIGNALS.map((signal) =>
  route({
    method: 'POST',
    path: signal.path,
    access: 'recorder',
    summary: signal.summary,
    faults: ['batch.invalid', 'batch.too_large', 'request.unsupported', 'queue.full', 'data.full'],
    body: { types: ['application/json', PROTOBUF] },
    query: z.strictObject(parameter.tenant),
    params: NOTHING,
    answer: { types: ['application/json', PROTOBUF] },
    refusal,
    handle: async (call) => {
      const { face, request } = call;
      const lease = face.budget.lease();
      try {
        const bytes = await readBody(request, { max_bytes: face.limits.body_bytes, lease });
        face.metrics.bytes.inc(bytes.length);
        return await inTurn(call, { bytes }, async () => {
          const items = itemsOf(call, signal, await decoded(call, signal, bytes));
          const work = () => keepAll(call, items);
          const ordered = items.some((item) => isTelemetry(item) && isByOrder(item));
          const rejected = await (ordered ? face.telemetry(call.tenant, work) : work());
          return exported(request, signal.counted, rejected);
        });
      } finally {
        lease.end();
      }
    },
  }),
);

type Receiving = Call<{ tenant?: unknown }, unknown>;

/** The export in the shape of OTLP's JSON. */
async function decoded({ request, face }: Receiving, signal: Signal, bytes: Buffer) {
  const { limits } = face;
  if (isProtobuf(request)) {
    return decodeMessage(bytes, signal.message, { values: limits.batch_values });
  }
  const [type = ''] = (request.headers['content-type'] ?? '').toLowerCase().split(';');
  if (type.trim() !== 'application/json') {
    throw new Fault('request.unsupported', 'The Content-Type is neither JSON nor protobuf.', {
      field: 'content-type',
      hint: 'Send application/x-protobuf or application/json.',
    });
  }
  const { kind, items } = await splitBatch(bytes, 'json', {
    ...limits,
    event_bytes: limits.body_bytes,
  });
  const [item] = items;
  if (kind === 'one' && item && 'value' in item && isExport(item.value, signal.shape)) {
    return item.value;
  }
  throw new Fault('batch.invalid', `The body is no export: ${signal.shape.groups} is missing.`);
}

type Item = Telemetry | Metric | Broken;

function itemsOf({ face }: Receiving, signal: Signal, body: unknown): readonly Item[] {
  const items: Item[] = [];
  for (const item of signal.read(body)) {
    if (items.length >= face.limits.batch_events) throw tooMany(face.limits.batch_events);
    items.push(item);
  }
  return items;
}

/** Records that are adapted in one turn of the event loop. */
const TURN = 200;

/** Records what the export tells; gives back what was refused. Throws what is worth a retry. */
async function keepAll(call: Receiving, items: readonly Item[]): Promise<Rejected | undefined> {
  const { face, tenant } = call;
  const known = layersOf(face.calls.of(tenant));
  /** Of each refused record the first: one may have been several events. */
  const faults = new Map<Item, Fault>();
  const made: Made[] = [];
  for (const [i, item] of items.entries()) {
    if (i % TURN === TURN - 1) await nextTurn();
    const adapted = adapt(call, known, item);
    if (adapted instanceof Fault) faults.set(item, adapted);
    else if ('skipped' in adapted) face.metrics.events.inc({ outcome: 'skipped', code: '' });
    else made.push(...adapted.drafts.map((draft) => ({ item, draft })));
  }
  for (const { item, fault } of await keep(call, made)) {
    if (!faults.has(item)) faults.set(item, fault);
  }
  face.gaps.heard({ tenant, producer: producerOf(call), records: items.filter(isTelemetry) });
  const [first] = faults.values();
  return first && { count: faults.size, why: `${first.code}: ${first.message}` };
}

/** What a record became, and why that was refused. */
type Made = { readonly item: Item; readonly draft: Draft };
type Refused = { readonly item: Item; readonly fault: Fault };

function isTelemetry(item: Item): item is Telemetry {
  return item.kind === 'log' || item.kind === 'span';
}

function adapt({ face }: Receiving, known: Layered, item: Item): Adapted | Fault {
  if (item.kind === 'broken') return new Fault('event.invalid', 'A record is no object.');
  try {
    const adapted = adaptTelemetry(item, { now_ms: face.now(), calls: known.known });
    if ('drafts' in adapted) for (const draft of adapted.drafts) known.batch.note('', draft);
    return adapted;
  } catch (error) {
    const fault = asFault(error);
    if (fault.blame === 'internal') throw fault;
    return fault;
  }
}

/** Remembers the calls that are new; a repeat was remembered when it came first. */
async function keep(call: Receiving, made: readonly Made[]): Promise<Refused[]> {
  const values = made.map(({ draft }) => ({ value: draft }));
  const receipts = await record(call, values, producerOf(call));
  const refused: Refused[] = [];
  for (const [i, { item, draft }] of made.entries()) {
    const receipt = receipts[i];
    if (receipt?.status === 'accepted') call.face.calls.note(call.tenant, draft);
    if (receipt?.status !== 'rejected') continue;
    const { code, message, ...detail } = receipt.error;
    const fault = new Fault(code, message, detail);
    // Sending all again adds only what is missing: ids are made from the records.
    if (CODES[code].status === 429 || CODES[code].status >= 500) throw fault;
    refused.push({ item, fault });
  }
  return refused;
}

function tooMany(limit: number): Fault {
  return new Fault('batch.too_large', `The body holds more than ${limit} records.`, {
    limit,
    hint: 'Let the exporter send smaller batches.',
  });
}
