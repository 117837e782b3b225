/** What Cedar itself says of a request: every policy, every attribute, held to the schema. */
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { valuesOf } from '../../src/policy/attribute.ts';
import { CONTEXT, circumstanceOf } from '../../src/policy/circumstance.ts';
import type { PolicyInfo, PolicyRequest } from '../../src/policy/policy.ts';
import { PRINCIPAL } from '../../src/policy/principal.ts';
import { type Question, questionsOf } from '../../src/policy/question.ts';
import { schemaText } from '../../src/policy/schema.ts';
import { TARGETS } from '../../src/policy/target.ts';

export type Told = Pick<import('../../src/policy/policy.ts').Verdict, 'outcome' | 'policy_ids'>;

/** All policies are read by one clock. */
export function toldByCedar(
  policies: readonly PolicyInfo[],
  request: PolicyRequest,
  lifted: ReadonlySet<string>,
): Told {
  const permits = policies.filter(({ effect }) => effect === 'permit');
  const forbidding = new Set<string>();
  const permitting = new Set<string>();
  let unpermitted = false;
  for (const question of questionsOf(request)) {
    const call = callOf(question, request, policies[0]?.zone ?? 'UTC');
    for (const { policyId } of asked(call, policies).errors) {
      if (policies.find(({ id }) => id === policyId)?.effect === 'forbid') forbidding.add(policyId);
    }
    const { decision, reason } = asked(call, policies);
    const granted = asked(call, permits);
    for (const id of reason) if (decision === 'deny') forbidding.add(id);
    for (const id of granted.reason) permitting.add(id);
    if (granted.reason.length === 0) unpermitted = true;
  }
  const lifts = (id: string) => policies.find((one) => one.id === id)?.escalate !== undefined;
  const hard = [...forbidding].filter((id) => !lifts(id));
  if (hard.length > 0) return { outcome: 'deny', policy_ids: hard.sort() };
  if (unpermitted) return { outcome: 'deny', policy_ids: [] };
  const standing = [...forbidding].filter((id) => !lifted.has(id));
  if (standing.length > 0) return { outcome: 'escalate', policy_ids: standing.sort() };
  return { outcome: 'permit', policy_ids: [...permitting].sort() };
}

type Call = Omit<cedar.StatefulAuthorizationCall, 'preparsedPolicySetId'>;

cedar.preparseSchema('oracle', schemaText());

function asked(call: Call, policies: readonly PolicyInfo[]) {
  const staticPolicies = Object.fromEntries(policies.map(({ id, text }) => [id, text]));
  cedar.preparsePolicySet('oracle', { staticPolicies });
  const answer = cedar.statefulIsAuthorized({ ...call, preparsedPolicySetId: 'oracle' });
  if (answer.type === 'failure') throw new Error(answer.errors[0]?.message);
  return { ...answer.response.diagnostics, decision: answer.response.decision };
}

function callOf({ action, type, target }: Question, request: PolicyRequest, zone: string): Call {
  const principal = { type: 'Agent', id: (request.principal.agent_id ?? '').toWellFormed() };
  const resource = { type, id: target.id.toWellFormed() };
  const { attributes } = TARGETS[type];
  const circumstance = circumstanceOf(request, zone);
  return {
    principal,
    action: { type: 'Action', id: action },
    resource,
    context: valuesOf(CONTEXT, circumstance, Object.keys(CONTEXT)),
    entities: [
      {
        uid: principal,
        attrs: valuesOf(PRINCIPAL, request.principal, Object.keys(PRINCIPAL)),
        parents: [],
      },
      { uid: resource, attrs: valuesOf(attributes, target, Object.keys(attributes)), parents: [] },
    ],
    preparsedSchemaName: 'oracle',
    validateRequest: true,
  };
}
