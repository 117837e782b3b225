/** Policy sets in Cedar: compiled once, asked once for the call and once for each resource. */
import { createHash } from 'node:crypto';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { Fault } from '../fault/fault.ts';
import type { PolicyFile, PolicyInfo, PolicyRequest, PolicySet, Verdict } from './policy.ts';
import { questionsOf } from './question.ts';

/** Throws `policy.invalid` with file and line for text that is no policy. */
export function compile(files: readonly PolicyFile[]): PolicySet {
  const version = versionOf(files);
  const policies = files.flatMap(policiesIn);
  const byId = new Map(policies.map((policy) => [policy.id, policy]));
  if (byId.size < policies.length) throw repeated(policies);
  const staticPolicies = Object.fromEntries(policies.map(({ id, text }) => [id, text]));
  const prepared = cedar.preparsePolicySet(version, { staticPolicies });
  if (prepared.type === 'failure') throw invalid('policies', prepared.errors[0]?.message);
  const set = { version, files, policies };
  return { ...set, decide: (request, lifted) => decide({ ...set, byId }, request, lifted) };
}

type Compiled = Pick<PolicySet, 'version' | 'policies'> & {
  readonly byId: ReadonlyMap<string, PolicyInfo>;
};

function decide(
  { version, byId }: Compiled,
  request: PolicyRequest,
  lifted: ReadonlySet<string> = new Set(),
): Verdict {
  const permits = new Set<string>();
  const forbids = new Set<string>();
  let unpermitted: string | undefined;
  for (const question of questionsOf(request)) {
    const answer = cedar.statefulIsAuthorized({ ...question.call, preparsedPolicySetId: version });
    if (answer.type === 'failure') return broken(version, answer.errors[0]?.message ?? 'unknown');
    const { decision, diagnostics } = answer.response;
    // Cedar passes over a policy that fails; a forbid that fails must not let anything through.
    for (const { policyId } of diagnostics.errors) {
      if (byId.get(policyId)?.effect !== 'permit') forbids.add(policyId);
    }
    for (const id of diagnostics.reason) {
      (byId.get(id)?.effect === 'forbid' ? forbids : permits).add(id);
    }
    if (decision === 'deny' && diagnostics.reason.length === 0) unpermitted ??= question.about;
  }
  const standing = [...forbids].filter((id) => !lifted.has(id)).sort();
  const common = { policy_version: version, escalated: [] };
  const hard = standing.filter((id) => byId.get(id)?.escalate === undefined);
  if (hard.length > 0) {
    return { ...common, outcome: 'deny', policy_ids: hard, reason: reasonOf(hard, byId) };
  }
  if (unpermitted !== undefined) {
    const reason = `No policy permits it (${unpermitted}).`;
    return { ...common, outcome: 'deny', policy_ids: [], reason };
  }
  if (standing.length > 0) {
    const escalated = standing.map((policy_id) => ({
      policy_id,
      reason: byId.get(policy_id)?.escalate ?? '',
    }));
    const reason = escalated.map((one) => one.reason).join(' ');
    return { ...common, outcome: 'escalate', policy_ids: standing, reason, escalated };
  }
  const policy_ids = [...permits].sort();
  return { ...common, outcome: 'permit', policy_ids, reason: reasonOf(policy_ids, byId) };
}

function reasonOf(ids: readonly string[], byId: ReadonlyMap<string, PolicyInfo>): string {
  const told = ids.map((id) => byId.get(id)?.annotations['reason'] ?? `Policy ${id}.`);
  return told.join(' ');
}

/** What cannot be evaluated is not permitted. */
function broken(policy_version: string, why: string): Verdict {
  const reason = `The policies could not be evaluated: ${why}`.slice(0, 1000);
  return { outcome: 'deny', policy_ids: [], policy_version, reason, escalated: [] };
}

function policiesIn({ name, text }: PolicyFile): PolicyInfo[] {
  const parts = cedar.policySetTextToParts(text);
  if (parts.type === 'failure') throw invalid(name, parts.errors[0]?.message);
  return parts.policies.map((source, i) => {
    const json = cedar.policyToJson(source);
    if (json.type === 'failure') throw invalid(name, json.errors[0]?.message);
    const { effect, annotations = {} } = json.json;
    const { id, escalate } = annotations;
    return {
      id: id ?? `${name}:${i + 1}`,
      file: name,
      effect,
      text: source,
      annotations,
      ...(escalate === undefined ? {} : { escalate: escalate || 'It needs approval.' }),
    };
  });
}

function versionOf(files: readonly PolicyFile[]): string {
  const hash = createHash('sha256');
  const sorted = files.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  hash.update(JSON.stringify(sorted.map(({ name, text }) => [name, text])));
  return `sha256:${hash.digest('hex')}`;
}

function repeated(policies: readonly PolicyInfo[]): Fault {
  const twice = policies.find(({ id }, i) => policies.findIndex((one) => one.id === id) !== i);
  return new Fault('policy.invalid', `Two policies have the id ${twice?.id}.`, {
    field: twice?.file ?? 'policies',
    hint: 'Give each policy an @id of its own.',
  });
}

function invalid(field: string, message = 'it cannot be parsed'): Fault {
  return new Fault('policy.invalid', `${field}: ${message}`.slice(0, 1000), { field });
}
