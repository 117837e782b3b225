/** Lists sessions, shows one session's timeline, and gives the documents' audit log. */
import { z } from 'zod';
import { NAME_CHARS } from '../../event/event.ts';
import { auditSchema, sessionsSchema, timelineSchema } from '../answer.ts';
import * as parameter from '../parameter.ts';
import { noteReading } from '../reading.ts';
import { NOTHING, route } from '../route.ts';

const READ = { method: 'GET', access: 'viewer' } as const;
const JSON_ONLY = ['application/json'];
const { given } = parameter;

const sessions = route({
  ...READ,
  path: '/v1/sessions',
  summary: 'Sessions with a row that matches, those with the latest event first.',
  faults: ['query.invalid', 'query.timeout'],
  query: z.strictObject({ ...parameter.search, ...parameter.page }),
  params: NOTHING,
  answer: { types: JSON_ONLY, schema: sessionsSchema },
  handle: async (call) => {
    const { face, tenant, query, signal } = call;
    const body = await face.trail.sessions(given({ ...query, tenant, signal }));
    const result = { sessions: body.sessions.length };
    noteReading(call, { tool: 'sessions.list', arguments: query, result });
    return { kind: 'json', body };
  },
});

const timeline = route({
  ...READ,
  path: '/v1/sessions/:id/timeline',
  summary: "One session's rows in order, with those of its sub-agents.",
  faults: ['session.not_found'],
  query: z.strictObject({ ...parameter.tenant, ...parameter.page }),
  params: parameter.sessionId,
  answer: { types: JSON_ONLY, schema: timelineSchema },
  handle: async (call) => {
    const { face, tenant, query, params, signal } = call;
    const request = { ...query, tenant, session_id: params.id, signal };
    const body = await face.trail.timeline(given(request));
    const asked = { ...query, session_id: params.id };
    const result = { rows: body.events.length };
    noteReading(call, { tool: 'timeline', arguments: asked, result });
    return { kind: 'json', body };
  },
});

const auditLog = route({
  ...READ,
  path: '/v1/audit_log',
  summary: 'Entries in short: what was done with what tool, under which policy.',
  faults: ['query.invalid', 'query.timeout'],
  query: z.strictObject({
    ...parameter.search,
    ...parameter.page,
    ...parameter.order,
    session_id: z.string().min(1).max(NAME_CHARS).optional(),
  }),
  params: NOTHING,
  answer: { types: JSON_ONLY, schema: auditSchema },
  handle: async (call) => {
    const { face, tenant, query, signal } = call;
    const entries = await face.trail.auditLog(given({ ...query, tenant, signal }));
    const result = { rows: entries.length };
    noteReading(call, { tool: 'audit_log', arguments: query, result });
    return { kind: 'json', body: { entries } };
  },
});

export const sessionRoutes = [sessions, timeline, auditLog];
