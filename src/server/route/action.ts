/** Validates an action: the decision is durable before it is answered. */
import { z } from 'zod';
import { decisionSchema, validateSchema } from '../../policy/lifecycle.ts';
import { actorOf, hold } from '../actor.ts';
import { named } from '../answer.ts';
import { jsonBody } from '../json-body.ts';
import * as parameter from '../parameter.ts';
import { NOTHING, route } from '../route.ts';

const JSON_ONLY = ['application/json'];

export const validateAction = route({
  method: 'POST',
  path: '/v1/actions/validate',
  access: 'recorder',
  summary: 'Decides on one action, and waits for its approval where wait_s says so.',
  faults: [
    'batch.invalid',
    'request.unsupported',
    'event.reserved',
    'task.not_found',
    'task.closed',
    'decision.mismatch',
    'govern.too_many',
  ],
  body: { types: JSON_ONLY, schema: named('Action', validateSchema) },
  query: z.strictObject(parameter.tenant),
  params: NOTHING,
  answer: { types: JSON_ONLY, schema: named('Decision', decisionSchema) },
  handle: async (call) => {
    const request = await jsonBody(call, call.face.limits.event_bytes);
    const signal = hold(call, Object(request).wait_s);
    const { govern } = call.face.trail;
    const body = await govern.validate(request as never, actorOf(call), signal);
    return { kind: 'json', body };
  },
});
