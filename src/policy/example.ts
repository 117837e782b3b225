/** Tests of policies: requests in the words of an event, and what is expected of each. */
import { z } from 'zod';
import { describe } from '../action/action.ts';
import { check } from '../event/check.ts';
import { type Event, OUTCOMES } from '../event/event.ts';
import { Fault } from '../fault/fault.ts';
import { actionSchema } from './lifecycle.ts';
import type { PolicyRequest, PolicySet, Verdict } from './policy.ts';
import { policyRequest } from './request.ts';

const { tool, action, resources, cwd, agent, user, environment, channel, task_id } =
  actionSchema.shape;

const given = {
  tool: tool.optional(),
  arguments: z.unknown().optional(),
  action,
  resources,
  cwd,
  agent,
  user,
  environment,
  channel,
  task_id,
  at: z.iso.datetime({ offset: true }).optional().meta({
    description: 'When it is asked: RFC 3339. A Monday morning where absent.',
  }),
  lifted: z.array(z.string()).optional().meta({
    description: 'Ids of the policies that an approval has lifted.',
  }),
};

const exampleSchema = z.strictObject({
  name: z.string().min(1),
  ...given,
  outcome: z.enum(OUTCOMES),
  policy_ids: z.array(z.string()).optional().meta({
    description: 'Exactly the policies that determine it; any where absent.',
  }),
});

/** A file of tests; `given` stands in every test that does not say otherwise. */
export const exampleFileSchema = z.strictObject({
  about: z.string().optional(),
  given: z.strictObject(given).optional(),
  tests: z.array(exampleSchema).min(1).max(10_000),
});

export type Example = z.infer<typeof exampleSchema>;

export type ExampleResult = {
  readonly file: string;
  readonly name: string;
  readonly ok: boolean;
  readonly expected: Pick<Example, 'outcome' | 'policy_ids'>;
  readonly got: Pick<Verdict, 'outcome' | 'policy_ids' | 'reason'>;
  /** Expected policies that did not determine it, and whether there are such policies at all. */
  readonly missing: readonly { readonly policy_id: string; readonly exists: boolean }[];
  /** Policies that determined it without being expected. */
  readonly surplus: readonly string[];
};

/** A test file as text; throws `policy.invalid` with the file and the field. */
export function readExamples(file: { readonly name: string; readonly text: string }): Example[] {
  let value: unknown;
  try {
    value = JSON.parse(file.text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'it cannot be read';
    throw invalid(file.name, `it is no JSON: ${why}`);
  }
  try {
    const { tests, given: common } = check(exampleFileSchema, value);
    return tests.map((test) => ({ ...common, ...test }));
  } catch (error) {
    if (error instanceof Fault) throw invalid(file.name, error.message);
    throw error;
  }
}

export function tryExample(set: PolicySet, file: string, example: Example): ExampleResult {
  const { outcome, policy_ids: expected } = example;
  const lifted = new Set(example.lifted ?? []);
  const verdict = set.decide(requestOf(example), lifted);
  const known = new Set(set.policies.map(({ id }) => id));
  const found = new Set(verdict.policy_ids);
  const missing = (expected ?? [])
    .filter((id) => !found.has(id))
    .map((policy_id) => ({ policy_id, exists: known.has(policy_id) }));
  const surplus = expected ? verdict.policy_ids.filter((id) => !expected.includes(id)) : [];
  return {
    file,
    name: example.name,
    ok: verdict.outcome === outcome && missing.length === 0 && surplus.length === 0,
    expected: { outcome, ...(expected === undefined ? {} : { policy_ids: expected }) },
    got: { outcome: verdict.outcome, policy_ids: verdict.policy_ids, reason: verdict.reason },
    missing,
    surplus,
  };
}

/** Described as the front door describes it: what it says itself is believed. */
export function requestOf(example: Omit<Example, 'name' | 'outcome'>): PolicyRequest {
  const { at = MONDAY, cwd, lifted: _, ...said } = example;
  const kept = Object.entries(said).filter(([name]) => Object.hasOwn(given, name));
  const event = {
    session_id: 'test',
    ...(Object.fromEntries(kept) as Partial<Event>),
    ...(cwd === undefined ? {} : { attributes: { cwd } }),
  };
  return policyRequest(describe(event), new Date(at).toISOString());
}

const MONDAY = '2026-11-23T10:00:00.000Z';

function invalid(file: string, why: string): Fault {
  return new Fault('policy.invalid', `${file}: ${why}`.slice(0, 1000), {
    field: file,
    hint: 'A test file is {"tests": [{"name", "tool", "arguments", …, "outcome", "policy_ids"}]}.',
  });
}
