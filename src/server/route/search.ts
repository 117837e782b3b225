/** Finds events: pages of rows, one row whole, counts, facets, histogram. */
import { z } from 'zod';
import { countSchema, facetsSchema, histogramSchema, rowSchema, searchSchema } from '../answer.ts';
import * as parameter from '../parameter.ts';
import { noteReading } from '../reading.ts';
import { NOTHING, route } from '../route.ts';

const READ = { method: 'GET', access: 'viewer' } as const;
const JSON_ONLY = ['application/json'];
const { given } = parameter;

/** Milliseconds of the histogram's intervals, by the names that people write. */
const INTERVALS_MS = { '1m': 60_000, '1h': 3_600_000, '1d': 86_400_000 } as const;

const events = route({
  ...READ,
  path: '/v1/events',
  summary: 'Rows that match, a page at a time.',
  faults: ['query.invalid', 'query.timeout'],
  query: z.strictObject({ ...parameter.search, ...parameter.page, ...parameter.order }),
  params: NOTHING,
  answer: { types: JSON_ONLY, schema: searchSchema },
  handle: async (call) => {
    const { face, tenant, query, signal } = call;
    const body = await face.trail.search(given({ ...query, tenant, signal }));
    const result = { rows: body.events.length };
    noteReading(call, { tool: 'logs.search', arguments: query, result });
    return { kind: 'json', body };
  },
});

const event = route({
  ...READ,
  path: '/v1/events/:id',
  summary: 'One row with its whole content.',
  faults: ['event.not_found'],
  query: z.strictObject(parameter.tenant),
  params: parameter.eventId,
  answer: { types: JSON_ONLY, schema: rowSchema },
  handle: async (call) => {
    const { face, tenant, params } = call;
    const body = await face.trail.event(tenant, params.id);
    noteReading(call, { tool: 'logs.show', arguments: params });
    return { kind: 'json', body };
  },
});

const count = route({
  ...READ,
  path: '/v1/count',
  summary: 'How many rows match.',
  faults: ['query.invalid', 'query.timeout'],
  query: z.strictObject(parameter.search),
  params: NOTHING,
  answer: { types: JSON_ONLY, schema: countSchema },
  handle: async (call) => {
    const { face, tenant, query, signal } = call;
    const body = await face.trail.count(given({ ...query, tenant, signal }));
    const result = { count: body.count };
    noteReading(call, { tool: 'logs.count', arguments: query, result });
    return { kind: 'json', body };
  },
});

const facets = route({
  ...READ,
  path: '/v1/facets',
  summary: "A field's most frequent values among the rows that match.",
  faults: ['query.invalid', 'query.timeout'],
  query: z.strictObject({
    ...parameter.search,
    field: z.string().min(1).max(128),
    limit: parameter.whole({ min: 1, max: 1000 }).default(20),
  }),
  params: NOTHING,
  answer: { types: JSON_ONLY, schema: facetsSchema },
  handle: async (call) => {
    const { face, tenant, query, signal } = call;
    const body = await face.trail.facets(given({ ...query, tenant, signal }));
    const result = { values: body.buckets.length };
    noteReading(call, { tool: 'logs.facets', arguments: query, result });
    return { kind: 'json', body };
  },
});

const histogram = route({
  ...READ,
  path: '/v1/histogram',
  summary: 'How many rows match in each interval of time.',
  faults: ['query.invalid', 'query.timeout'],
  query: z.strictObject({
    ...parameter.search,
    interval: z.enum(['1m', '1h', '1d']).optional(),
  }),
  params: NOTHING,
  answer: { types: JSON_ONLY, schema: histogramSchema },
  handle: async (call) => {
    const { face, tenant, query, signal } = call;
    const { interval, ...rest } = query;
    const interval_ms = interval && INTERVALS_MS[interval];
    const body = await face.trail.histogram(given({ ...rest, tenant, interval_ms, signal }));
    const result = { bars: body.bars.length };
    noteReading(call, { tool: 'logs.histogram', arguments: query, result });
    return { kind: 'json', body };
  },
});

export const searchRoutes = [events, event, count, facets, histogram];
