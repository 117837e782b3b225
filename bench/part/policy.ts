/** How many actions a second the starter policies decide, and what asking Cedar of all of it takes. */
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { describe } from '../../src/action/action.ts';
import { valuesOf } from '../../src/policy/attribute.ts';
import { compile } from '../../src/policy/cedar.ts';
import { CONTEXT, circumstanceOf } from '../../src/policy/circumstance.ts';
import type { PolicyRequest, PolicySet } from '../../src/policy/policy.ts';
import { PRINCIPAL } from '../../src/policy/principal.ts';
import { questionsOf } from '../../src/policy/question.ts';
import { policyRequest } from '../../src/policy/request.ts';
import { TARGETS } from '../../src/policy/target.ts';
import { starterPolicies } from '../../src/trail/govern/starter.ts';
import { median, perSecond, repeated, timed } from '../measure.ts';
import type { Part } from './part.ts';

/** Actions of a round; every round has other paths, lines and hosts. */
const ACTIONS = 10_000;
const WHOLE_ACTIONS = 1000;
/** The first round warms up and does not count. */
const BUDGET = { times: 6, budget_ms: 30_000, least: 3 };

export const policy: Part = {
  name: 'policy',
  about: 'decisions/s of the starter policies, and of the same set asked as a whole',
  run: async (ground) => {
    const set = compile(starterPolicies());
    const own = await repeated(BUDGET, (round) =>
      rate(round, ACTIONS, (request) => set.decide(request)),
    );
    ground.note('policy.decide', { values: median(own.slice(1)) });
    const staticPolicies = Object.fromEntries(set.policies.map(({ id, text }) => [id, text]));
    cedar.preparsePolicySet(set.version, { staticPolicies });
    const whole = await repeated(BUDGET, (round) =>
      rate(round, WHOLE_ACTIONS, (request) => decideWhole(set, request)),
    );
    ground.note('policy.whole', { values: median(whole.slice(1)) });
  },
};

async function rate(round: number, count: number, decide: (request: PolicyRequest) => unknown) {
  const requests = Array.from({ length: count }, (_, i) => requestOf(round * count + i));
  const ms = await timed(async () => {
    for (const request of requests) decide(request);
  });
  return perSecond(count, ms);
}

/** What a coding agent does, in about its proportions; one in ten is escalated or denied. */
function requestOf(n: number): PolicyRequest {
  const file = `/work/app/src/part${n % 89}/file${n}.ts`;
  const calls = [
    { tool: 'Read', arguments: { file_path: file } },
    { tool: 'Bash', arguments: { command: `npm test -- --run ${n} 2>&1 | tail -n 40` } },
    { tool: 'Grep', arguments: { pattern: `name${n}`, path: `/work/app/src/part${n % 89}` } },
    { tool: 'Edit', arguments: { file_path: file, old_string: 'a', new_string: `b${n}` } },
    { tool: 'Bash', arguments: { command: `git add -A && git commit -m "step ${n}"` } },
    { tool: 'Read', arguments: { file_path: `/work/app/test/file${n}.test.ts` } },
    { tool: 'Bash', arguments: { command: `sed -n ${n},${n + 40}p ${file} | grep -n x` } },
    { tool: 'WebFetch', arguments: { url: `https://docs.python.org/3/${n}`, prompt: 'read' } },
    { tool: 'mcp__issues__get_issue', arguments: { number: n } },
    n % 20 < 10
      ? { tool: 'WebFetch', arguments: { url: `https://host${n}.example/`, prompt: 'read' } }
      : { tool: 'Bash', arguments: { command: `rm -rf src/part${n}` } },
  ];
  const event = describe({
    session_id: 'bench',
    agent: { id: 'coder', runtime: 'claude-code' },
    environment: 'development',
    attributes: { cwd: '/work/app' },
    ...calls[n % calls.length],
  });
  return policyRequest({ ...event, session_id: 'bench' }, '2026-11-23T10:00:00.000Z');
}

/** Every question of a request asked of the whole set, with everything that is known. */
function decideWhole(set: PolicySet, request: PolicyRequest): string[] {
  const context = valuesOf(CONTEXT, circumstanceOf(request, 'UTC'), Object.keys(CONTEXT));
  const principal = { type: 'Agent', id: request.principal.agent_id ?? '' };
  const agent = valuesOf(PRINCIPAL, request.principal, Object.keys(PRINCIPAL));
  return questionsOf(request).flatMap(({ action, type, target }) => {
    const { attributes } = TARGETS[type];
    const resource = { type, id: target.id };
    const attrs = valuesOf(attributes, target, Object.keys(attributes));
    const answer = cedar.statefulIsAuthorized({
      principal,
      action: { type: 'Action', id: action },
      resource,
      context,
      entities: [
        { uid: principal, attrs: agent, parents: [] },
        { uid: resource, attrs, parents: [] },
      ],
      preparsedPolicySetId: set.version,
    });
    if (answer.type === 'failure') throw new Error(answer.errors[0]?.message);
    return answer.response.diagnostics.reason;
  });
}
