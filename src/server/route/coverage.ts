/** Tells which witness saw what of sessions, and what nobody saw. */
import { z } from 'zod';
import { coverageSchema, coveragesSchema } from '../answer/coverage.ts';
import * as parameter from '../parameter.ts';
import { noteReading } from '../reading.ts';
import { NOTHING, route } from '../route.ts';

const READ = { method: 'GET', access: 'viewer' } as const;
const JSON_ONLY = ['application/json'];
const { given } = parameter;
/** Sessions of a page: each is read whole. */
const SESSIONS = 100;

const one = route({
  ...READ,
  path: '/v1/sessions/:id/coverage',
  summary: 'Which witness saw what of one session, what nobody saw, and a verdict.',
  faults: ['session.not_found'],
  query: z.strictObject(parameter.tenant),
  params: parameter.sessionId,
  answer: { types: JSON_ONLY, schema: coverageSchema },
  handle: async (call) => {
    const { face, tenant, params, signal } = call;
    const body = await face.trail.coverage({ tenant, session_id: params.id, signal });
    const { verdict } = body;
    const asked = { session_id: params.id };
    noteReading(call, { tool: 'coverage', arguments: asked, result: { verdict } });
    return { kind: 'json', body };
  },
});

const many = route({
  ...READ,
  path: '/v1/coverage',
  summary: 'The coverage of sessions with a row that matches, those with the latest event first.',
  faults: ['query.invalid', 'query.timeout'],
  query: z.strictObject({
    ...parameter.search,
    ...parameter.page,
    limit: parameter.whole({ min: 1, max: SESSIONS }).default(20),
  }),
  params: NOTHING,
  answer: { types: JSON_ONLY, schema: coveragesSchema },
  handle: async (call) => {
    const { face, tenant, query, signal } = call;
    const body = await face.trail.coverages(given({ ...query, tenant, signal }));
    const result = { sessions: body.sessions.length };
    noteReading(call, { tool: 'coverage', arguments: query, result });
    return { kind: 'json', body };
  },
});

export const coverageRoutes = [one, many];
