/** Policies: those in force, checked, put in force, their versions, and past decisions again. */
import { z } from 'zod';
import { check } from '../../event/check.ts';
import { checkPolicies } from '../../policy/cedar.ts';
import type { PolicyVersion } from '../../trail/govern/govern.ts';
import { actorOf } from '../actor.ts';
import {
  applySchema,
  checkedSchema,
  filesSchema,
  inForceSchema,
  replayedSchema,
  replaySchema,
  versionSchema,
  versionsSchema,
} from '../answer/policy.ts';
import { jsonBody } from '../json-body.ts';
import * as parameter from '../parameter.ts';
import { noteReading } from '../reading.ts';
import { NOTHING, route } from '../route.ts';

const JSON_ONLY = ['application/json'];
/** Bytes of a request: a policy set of a megabyte, as JSON. */
const BODY_BYTES = 4 * 1024 * 1024;
const common = { query: z.strictObject(parameter.tenant), params: NOTHING } as const;

const show = route({
  ...common,
  method: 'GET',
  path: '/v1/policies',
  access: 'viewer',
  summary: 'The policies in force.',
  faults: [],
  answer: { types: JSON_ONLY, schema: inForceSchema },
  handle: async (call) => {
    const { version, set } = await call.face.trail.govern.policies(call.tenant);
    noteReading(call, { tool: 'policies.show', arguments: {} });
    const { policies, warnings } = set;
    return { kind: 'json', body: { ...version, policies, warnings } };
  },
});

const apply = route({
  ...common,
  method: 'POST',
  path: '/v1/policies',
  access: 'admin',
  summary: 'Puts policies in force, in place of all others; recorded with author and difference.',
  faults: ['batch.invalid', 'request.unsupported', 'policy.invalid'],
  body: { types: JSON_ONLY, schema: applySchema },
  answer: { types: JSON_ONLY, schema: versionSchema },
  handle: async (call) => {
    const { files, reason } = check(applySchema, await jsonBody(call, BODY_BYTES));
    const given = reason === undefined ? {} : { reason };
    const body = await call.face.trail.govern.applyPolicies({ files, ...given }, actorOf(call));
    return { kind: 'json', body };
  },
});

const tried = route({
  ...common,
  method: 'POST',
  path: '/v1/policies/check',
  access: 'viewer',
  summary: 'Says what is wrong with policies; nothing is put in force.',
  faults: ['batch.invalid', 'request.unsupported'],
  body: { types: JSON_ONLY, schema: filesSchema },
  answer: { types: JSON_ONLY, schema: checkedSchema },
  handle: async (call) => {
    const { files } = check(filesSchema, await jsonBody(call, BODY_BYTES));
    return { kind: 'json', body: checkPolicies(files) };
  },
});

const versions = route({
  method: 'GET',
  path: '/v1/policies/versions',
  access: 'viewer',
  summary: 'Every policy set that was put in force, the latest first, without its files.',
  faults: [],
  query: z.strictObject({
    ...parameter.tenant,
    limit: parameter.whole({ min: 1, max: 1000 }).default(50),
  }),
  params: NOTHING,
  answer: { types: JSON_ONLY, schema: versionsSchema },
  handle: async (call) => {
    const { limit } = call.query;
    const found = await call.face.trail.govern.policyVersions(call.tenant, limit);
    noteReading(call, { tool: 'policies.versions', arguments: { limit } });
    const withoutFiles = ({ files: _, ...version }: PolicyVersion) => version;
    return { kind: 'json', body: { versions: found.map(withoutFiles) } };
  },
});

const version = route({
  ...common,
  method: 'GET',
  path: '/v1/policies/versions/:version',
  access: 'viewer',
  summary: 'A policy set that was in force, with its files.',
  faults: ['policy.not_found'],
  params: z.strictObject({ version: z.string().min(1).max(128) }),
  answer: { types: JSON_ONLY, schema: versionSchema },
  handle: async (call) => {
    const body = await call.face.trail.govern.policyVersion(call.tenant, call.params.version);
    noteReading(call, { tool: 'policies.version', arguments: call.params });
    return { kind: 'json', body };
  },
});

const replay = route({
  ...common,
  method: 'POST',
  path: '/v1/policies/replay',
  access: 'viewer',
  summary: 'What policies would have said of past decisions; nothing is put in force.',
  faults: ['batch.invalid', 'request.unsupported', 'policy.invalid', 'query.invalid'],
  body: { types: JSON_ONLY, schema: replaySchema },
  answer: { types: JSON_ONLY, schema: replayedSchema },
  handle: async (call) => {
    const { face, tenant, signal } = call;
    const asked = check(replaySchema, await jsonBody(call, BODY_BYTES));
    const request = parameter.given({ ...asked, tenant, signal });
    const body = await face.trail.govern.replayDecisions(request);
    const { files: _, ...search } = asked;
    const { version, decisions, different } = body;
    const result = { version, decisions, different };
    noteReading(call, { tool: 'policies.replay', arguments: search, result });
    return { kind: 'json', body };
  },
});

export const policyRoutes = [show, apply, tried, versions, version, replay];
