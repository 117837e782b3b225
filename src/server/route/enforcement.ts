/** Which agents are held to decisions, and which are only observed. */
import { z } from 'zod';
import { enforcementSchema } from '../../policy/lifecycle.ts';
import { actorOf } from '../actor.ts';
import { named } from '../answer.ts';
import { jsonBody } from '../json-body.ts';
import * as parameter from '../parameter.ts';
import { noteReading } from '../reading.ts';
import { NOTHING, route } from '../route.ts';

const JSON_ONLY = ['application/json'];
/** Bytes of the whole settings. */
const BODY_BYTES = 1024 * 1024;
const common = {
  path: '/v1/enforcement',
  query: z.strictObject(parameter.tenant),
  params: NOTHING,
  answer: { types: JSON_ONLY, schema: named('Enforcement', enforcementSchema) },
} as const;

const show = route({
  ...common,
  method: 'GET',
  access: 'viewer',
  summary: 'The modes of agents; the first line that fits an agent counts.',
  faults: [],
  handle: async (call) => {
    const body = await call.face.trail.govern.enforcement(call.tenant);
    noteReading(call, { tool: 'enforcement.show', arguments: {} });
    return { kind: 'json', body };
  },
});

const set = route({
  ...common,
  method: 'POST',
  access: 'admin',
  summary: 'Replaces the settings; the change is recorded with its author.',
  faults: ['batch.invalid', 'request.unsupported'],
  body: { types: JSON_ONLY, schema: common.answer.schema },
  handle: async (call) => {
    const settings = await jsonBody(call, BODY_BYTES);
    const { govern } = call.face.trail;
    const body = await govern.setEnforcement(settings as never, actorOf(call));
    return { kind: 'json', body };
  },
});

export const enforcementRoutes = [show, set];
