/** Says how the server is: to people, to probes, and to Prometheus. */
import { z } from 'zod';
import { healthSchema, statusSchema } from '../answer.ts';
import { isOperator } from '../guard.ts';
import { observe } from '../metric.ts';
import * as parameter from '../parameter.ts';
import { NOTHING, route } from '../route.ts';

const status = route({
  method: 'GET',
  path: '/v1/status',
  access: 'viewer',
  summary: 'State and sizes; of its own tenant alone for anybody but an operator.',
  faults: [],
  query: z.strictObject(parameter.tenant),
  params: NOTHING,
  answer: { types: ['application/json'], schema: statusSchema },
  handle: async ({ face, who, tenant, query }) => {
    const { data, ...found } = await face.trail.status();
    const all = who !== undefined && isOperator(who);
    const mine = found.tenants.filter((each) => each.tenant === tenant);
    const tenants = all && query.tenant === undefined ? found.tenants : mine;
    return { kind: 'json', body: { ...found, ...(all && { data }), tenants } };
  },
});

const health = route({
  method: 'GET',
  path: '/healthz',
  access: 'open',
  summary: 'Whether events can be recorded now: 200, or 503.',
  faults: [],
  query: NOTHING,
  params: NOTHING,
  answer: { types: ['application/json'], schema: healthSchema },
  handle: async ({ face }) => {
    const found = await face.status().catch(() => undefined);
    const journal = found?.journal.state ?? 'unknown';
    const index = found && (found.engine.failure ? 'failed' : 'open');
    const state = { version: face.version, journal, index: index ?? 'unknown' };
    if (journal === 'open' && index === 'failed') {
      const reason = 'The index has stopped: events are recorded, searches are refused.';
      return { kind: 'json', body: { status: 'degraded', ...state, reason } };
    }
    if (journal === 'open') return { kind: 'json', body: { status: 'ok', ...state } };
    const reason = `The journal is ${journal}: events cannot be recorded.`;
    return { kind: 'json', status: 503, body: { status: 'degraded', ...state, reason } };
  },
});

const metrics = route({
  method: 'GET',
  path: '/metrics',
  access: 'operator',
  summary: 'Metrics for Prometheus; without a token where the server listens on loopback.',
  faults: [],
  query: NOTHING,
  params: NOTHING,
  answer: { types: ['text/plain; version=0.0.4; charset=utf-8'] },
  handle: async ({ face }) => {
    const found = await face.status().catch(() => undefined);
    observe(face, found);
    const { registry } = face.metrics;
    return { kind: 'bytes', bytes: await registry.metrics(), type: registry.contentType };
  },
});

export const statusRoutes = [status, health, metrics];
