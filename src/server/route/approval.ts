/** Approvals: asked for, listed, waited for, given and refused. */
import { z } from 'zod';
import {
  APPROVAL_STATES,
  approvalSchema,
  denySchema,
  requestApprovalSchema,
  voteSchema,
  WAIT_S,
} from '../../policy/lifecycle.ts';
import { actorOf, hold } from '../actor.ts';
import { named } from '../answer.ts';
import { jsonBody } from '../json-body.ts';
import * as parameter from '../parameter.ts';
import { noteReading } from '../reading.ts';
import { NOTHING, route } from '../route.ts';

const JSON_ONLY = ['application/json'];
/** Bytes of a vote. */
const VOTE_BYTES = 64 * 1024;
const answer = { types: JSON_ONLY, schema: named('Approval', approvalSchema) };

const request = route({
  method: 'POST',
  path: '/v1/approvals',
  access: 'recorder',
  summary: 'Asks for approval of exactly one action.',
  faults: [
    'batch.invalid',
    'request.unsupported',
    'event.reserved',
    'task.not_found',
    'task.closed',
    'govern.too_many',
  ],
  body: { types: JSON_ONLY, schema: named('NewApproval', requestApprovalSchema) },
  query: z.strictObject(parameter.tenant),
  params: NOTHING,
  answer,
  handle: async (call) => {
    const asked = await jsonBody(call, call.face.limits.event_bytes);
    const signal = hold(call, Object(asked).wait_s);
    const { govern } = call.face.trail;
    const body = await govern.requestApproval(asked as never, actorOf(call), signal);
    return { kind: 'json', body };
  },
});

const list = route({
  method: 'GET',
  path: '/v1/approvals',
  access: 'member',
  summary: 'Approvals that wait, and those decided lately, the latest first.',
  faults: [],
  query: z.strictObject({
    ...parameter.tenant,
    state: z.enum(APPROVAL_STATES).optional(),
    session_id: z.string().min(1).max(512).optional(),
    task_id: z.string().min(1).max(512).optional(),
    limit: parameter.whole({ min: 1, max: 1000 }).default(50),
  }),
  params: NOTHING,
  answer: { types: JSON_ONLY, schema: z.strictObject({ approvals: z.array(answer.schema) }) },
  handle: async (call) => {
    const { tenant: _, ...query } = call.query;
    const approvals = await call.face.trail.govern.approvals(call.tenant, parameter.given(query));
    const result = { approvals: approvals.length };
    noteReading(call, { tool: 'approvals.list', arguments: query, result });
    return { kind: 'json', body: { approvals } };
  },
});

const show = route({
  method: 'GET',
  path: '/v1/approvals/:id',
  access: 'member',
  summary: 'One approval; with wait_s the answer comes the moment it is decided.',
  faults: ['approval.not_found'],
  query: z.strictObject({
    ...parameter.tenant,
    wait_s: parameter.whole({ min: 0, max: WAIT_S }).default(0),
  }),
  params: parameter.eventId,
  answer,
  handle: async (call) => {
    const { face, tenant, params, query } = call;
    const signal = hold(call, query.wait_s);
    const wait = { wait_s: query.wait_s, signal };
    const body = await face.trail.govern.approval(tenant, params.id, wait);
    noteReading(call, { tool: 'approvals.show', arguments: params });
    return { kind: 'json', body };
  },
});

const voting = {
  method: 'POST',
  access: 'approver',
  faults: [
    'batch.invalid',
    'request.unsupported',
    'approval.not_found',
    'approval.decided',
    'approval.own',
    'decision.mismatch',
  ],
  query: z.strictObject(parameter.tenant),
  params: parameter.eventId,
  answer,
} as const;

const approve = route({
  ...voting,
  path: '/v1/approvals/:id/approve',
  summary: 'Approves, for one run or for the same action in this session. Needs a reason.',
  faults: [...voting.faults],
  body: { types: JSON_ONLY, schema: named('Approve', voteSchema) },
  handle: async (call) => {
    const vote = await jsonBody(call, VOTE_BYTES);
    const { govern } = call.face.trail;
    const body = await govern.approve(call.params.id, vote as never, actorOf(call));
    return { kind: 'json', body };
  },
});

const deny = route({
  ...voting,
  path: '/v1/approvals/:id/deny',
  summary: 'Refuses: one refusal decides, whatever the quorum. Needs a reason.',
  faults: [...voting.faults],
  body: { types: JSON_ONLY, schema: named('Deny', denySchema) },
  handle: async (call) => {
    const vote = await jsonBody(call, VOTE_BYTES);
    const { govern } = call.face.trail;
    const body = await govern.deny(call.params.id, vote as never, actorOf(call));
    return { kind: 'json', body };
  },
});

export const approvalRoutes = [request, list, show, approve, deny];
