/** Tasks: declared, listed, closed. */
import { z } from 'zod';
import { NAME_CHARS } from '../../event/event.ts';
import { closeSchema, declareSchema, taskSchema } from '../../policy/lifecycle.ts';
import { actorOf } from '../actor.ts';
import { named } from '../answer.ts';
import { jsonBody } from '../json-body.ts';
import * as parameter from '../parameter.ts';
import { noteReading } from '../reading.ts';
import { NOTHING, route } from '../route.ts';

const JSON_ONLY = ['application/json'];
/** Bytes of a request. */
export const TASK_BODY_BYTES = 256 * 1024;
const answer = { types: JSON_ONLY, schema: named('Task', taskSchema) };
const taskId = z.strictObject({ id: z.string().min(1).max(NAME_CHARS) });

const declare = route({
  method: 'POST',
  path: '/v1/tasks',
  access: 'recorder',
  summary: 'Declares a task: its goal, scope and budget. Idempotent by task_id.',
  faults: [
    'batch.invalid',
    'request.unsupported',
    'event.reserved',
    'task.exists',
    'govern.too_many',
  ],
  body: { types: JSON_ONLY, schema: named('NewTask', declareSchema) },
  query: z.strictObject(parameter.tenant),
  params: NOTHING,
  answer,
  handle: async (call) => {
    const request = await jsonBody(call, TASK_BODY_BYTES);
    const { govern } = call.face.trail;
    const body = await govern.declareTask(request as never, actorOf(call));
    return { kind: 'json', body };
  },
});

const list = route({
  method: 'GET',
  path: '/v1/tasks',
  access: 'member',
  summary: 'Tasks that are open, and those closed lately, the latest first.',
  faults: [],
  query: z.strictObject({
    ...parameter.tenant,
    state: z.enum(['open', 'closed']).optional(),
    limit: parameter.whole({ min: 1, max: 1000 }).default(50),
  }),
  params: NOTHING,
  answer: { types: JSON_ONLY, schema: z.strictObject({ tasks: z.array(answer.schema) }) },
  handle: async (call) => {
    const { tenant: _, ...query } = call.query;
    const tasks = await call.face.trail.govern.tasks(call.tenant, parameter.given(query));
    noteReading(call, { tool: 'tasks.list', arguments: query, result: { tasks: tasks.length } });
    return { kind: 'json', body: { tasks } };
  },
});

const show = route({
  method: 'GET',
  path: '/v1/tasks/:id',
  access: 'member',
  summary: 'One task, with what was used of its budget.',
  faults: ['task.not_found'],
  query: z.strictObject(parameter.tenant),
  params: taskId,
  answer,
  handle: async (call) => {
    const body = await call.face.trail.govern.task(call.tenant, call.params.id);
    noteReading(call, { tool: 'tasks.show', arguments: call.params });
    return { kind: 'json', body };
  },
});

const close = route({
  method: 'POST',
  path: '/v1/tasks/:id/close',
  access: 'recorder',
  summary: 'Closes a task: nothing more is decided in it, and nothing about it changes.',
  faults: ['batch.invalid', 'request.unsupported', 'task.not_found', 'task.closed'],
  body: { types: JSON_ONLY, schema: named('CloseTask', closeSchema) },
  query: z.strictObject(parameter.tenant),
  params: taskId,
  answer,
  handle: async (call) => {
    const request = await jsonBody(call, TASK_BODY_BYTES);
    const { govern } = call.face.trail;
    const body = await govern.closeTask(call.params.id, request as never, actorOf(call));
    return { kind: 'json', body };
  },
});

export const taskRoutes = [declare, list, show, close];
