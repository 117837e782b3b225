/** Plans what undoes a session, a task or a call, and records what came of each step. */
import { z } from 'zod';
import { check } from '../../event/check.ts';
import { actorOf } from '../actor.ts';
import { jsonBody } from '../json-body.ts';
import * as parameter from '../parameter.ts';
import { planSchema, recordedSchema, requestSchema, resultsSchema } from '../rollback/request.ts';
import { newRollback, recordResults, sameRollback } from '../rollback/rollback.ts';
import { type Call, NOTHING, route } from '../route.ts';

const JSON_ONLY = ['application/json'];
/** Bytes of a request for a plan, and of results. */
const REQUEST_BYTES = 64 * 1024;
const RESULT_BYTES = 16 * 1024 * 1024;
const query = z.strictObject({
  ...parameter.tenant,
  language: z.enum(['en', 'ja']).default('en').meta({ description: 'Of `advice`.' }),
});
const answer = { types: JSON_ONLY, schema: planSchema };

const plan = route({
  method: 'POST',
  path: '/v1/rollback',
  access: 'recorder',
  summary: 'Plans how to undo a session, a task or a call; whoever has the files applies it.',
  faults: [
    'batch.invalid',
    'request.unsupported',
    'request.too_large',
    'session.not_found',
    'task.not_found',
    'event.not_found',
    'rollback.conflict',
  ],
  body: { types: JSON_ONLY, schema: requestSchema },
  query,
  params: NOTHING,
  answer,
  handle: async (call) => {
    const request = check(requestSchema, await jsonBody(call, REQUEST_BYTES));
    return { kind: 'json', body: await newRollback(rollbacksOf(call), request) };
  },
});

const show = route({
  method: 'GET',
  path: '/v1/rollback/:id',
  access: 'recorder',
  summary: 'The same plan again, where the trail still says the same.',
  faults: ['rollback.not_found', 'rollback.conflict'],
  query,
  params: parameter.eventId,
  answer,
  handle: async (call) => {
    return { kind: 'json', body: await sameRollback(rollbacksOf(call), call.params.id) };
  },
});

const steps = route({
  method: 'POST',
  path: '/v1/rollback/:id/steps',
  access: 'recorder',
  summary: 'Records what came of the steps of a plan, an event each.',
  faults: ['batch.invalid', 'request.unsupported', 'rollback.not_found'],
  body: { types: JSON_ONLY, schema: resultsSchema },
  query,
  params: parameter.eventId,
  answer: { types: JSON_ONLY, schema: recordedSchema },
  handle: async (call) => {
    const { results } = check(resultsSchema, await jsonBody(call, RESULT_BYTES));
    return { kind: 'json', body: await recordResults(rollbacksOf(call), call.params.id, results) };
  },
});

function rollbacksOf(call: Call<z.output<typeof query>, unknown>) {
  const { face, who, signal, query } = call;
  return {
    trail: face.trail,
    actor: actorOf(call),
    role: who?.role,
    signal,
    language: query.language,
  };
}

export const rollbackRoutes = [plan, show, steps];
