/** Policy files as policies: read, held to the schema, and every error with its place. */
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { annotated } from './annotation.ts';
import type { PolicyFile, PolicyInfo, PolicyProblem } from './policy.ts';
import { hintFor, placeIn } from './problem.ts';
import { schemaText } from './schema.ts';

export type Parsed = PolicyInfo & { readonly json: cedar.PolicyJson };

export type Reading = {
  readonly policies: readonly Parsed[];
  /** Errors first, each kind in order of file and place. */
  readonly problems: readonly PolicyProblem[];
};

/** Characters of all files together. */
export const POLICY_CHARS = 1_048_576;
export const POLICIES = 2000;

export function readPolicies(files: readonly PolicyFile[]): Reading {
  const problems: PolicyProblem[] = [];
  const size = files.reduce((sum, { text }) => sum + text.length, 0);
  if (size > POLICY_CHARS) {
    const message = `The policies have more than ${POLICY_CHARS} characters.`;
    problems.push({ severity: 'error', file: 'policies', line: 1, column: 1, message });
    return { policies: [], problems };
  }
  const policies = files.flatMap((file) => policiesIn(file, problems));
  problems.push(...repeated(policies), ...tooMany(policies));
  const grave = ({ severity }: PolicyProblem) => (severity === 'error' ? 0 : 1);
  return { policies, problems: problems.sort((a, b) => grave(a) - grave(b)) };
}

function policiesIn(file: PolicyFile, problems: PolicyProblem[]): Parsed[] {
  const parts = cedar.policySetTextToParts(file.text);
  if (parts.type === 'failure') {
    problems.push(...parts.errors.flatMap((error) => told(file, { error, severity: 'error' })));
    return [];
  }
  if (parts.policy_templates.length > 0) {
    const at = file.text.indexOf(parts.policy_templates[0] ?? '');
    problems.push({
      severity: 'error',
      ...placeIn(file, Math.max(at, 0)),
      message: 'A template (`?principal`, `?resource`) decides nothing.',
      hint: 'Write the policy out for each principal or resource that it is for.',
    });
  }
  // The parts come in the order of names that Cedar gives: policy0, policy1, policy10, policy2.
  const names = parts.policies.map((_, i) => `policy${i}`).toSorted();
  const inOrder = parts.policies
    .map((text, i) => ({ text, number: Number(names[i]?.slice(6)) }))
    .sort((a, b) => a.number - b.number);
  let from = 0;
  const policies = inOrder.flatMap(({ text, number }) => {
    const start = Math.max(file.text.indexOf(text, from), from);
    from = start + text.length;
    return policyOf({ file, text, number, start, problems });
  });
  validate(file, policies, problems);
  return policies;
}

type Source = {
  readonly file: PolicyFile;
  readonly text: string;
  readonly number: number;
  readonly start: number;
  readonly problems: PolicyProblem[];
};

function policyOf({ file, text, number, start, problems }: Source): Parsed[] {
  const answer = cedar.policyToJson(text);
  const place = placeIn(file, start);
  if (answer.type === 'failure') {
    const message = answer.errors[0]?.message ?? 'it cannot be read';
    problems.push({ severity: 'error', ...place, message });
    return [];
  }
  const { effect, annotations = {} } = answer.json;
  if (holdsLarge(answer.json.conditions)) {
    const message = 'A number is larger than 2^53.';
    problems.push({ severity: 'error', ...place, message, hint: 'Write a smaller one.' });
  }
  const { wrong, ...read } = annotated(effect, annotations);
  const id = annotations['id'] ?? `${file.name}:${number + 1}`;
  for (const one of wrong) problems.push({ ...place, policy_id: id, ...one });
  const { line } = place;
  return [{ id, file: file.name, effect, text, annotations, ...read, line, json: answer.json }];
}

/** Numbers pass through JSON on the way to Cedar, where larger ones would be rounded. */
function holdsLarge(node: unknown): boolean {
  if (typeof node === 'number') return !Number.isSafeInteger(node);
  return typeof node === 'object' && node !== null && Object.values(node).some(holdsLarge);
}

/** Strictly: a policy that reads an attribute that is not there would be passed over in silence. */
function validate(file: PolicyFile, policies: readonly Parsed[], problems: PolicyProblem[]): void {
  const answer = cedar.validate({
    schema: SCHEMA,
    policies: { staticPolicies: file.text },
    validationSettings: { mode: 'strict' },
  });
  if (answer.type === 'failure') {
    problems.push(...answer.errors.flatMap((error) => told(file, { error, severity: 'error' })));
    return;
  }
  const { validationErrors, validationWarnings } = answer;
  const failed = new Set(validationErrors.map(({ policyId }) => policyId));
  const idOf = (name: string) => policies[Number(name.slice(6))]?.id;
  for (const { policyId, error } of validationErrors) {
    const found = told(file, { error, severity: 'error', policy_id: idOf(policyId) });
    problems.push(...found.filter((one) => !problems.some((known) => sameAs(known, one))));
  }
  for (const { policyId, error } of validationWarnings) {
    // A policy with an error cannot apply: that says nothing new.
    if (failed.has(policyId)) continue;
    const severity = NEVER.test(error.message) ? 'error' : 'warning';
    if (severity === 'error') failed.add(policyId);
    problems.push(...told(file, { error, severity, policy_id: idOf(policyId) }));
  }
}

const SCHEMA = schemaText();
/** A forbid that never applies is one that somebody relies on. */
const NEVER = /policy is impossible|unable to find an applicable action/;

/** Cedar says the same once for each action. */
function sameAs(a: PolicyProblem, b: PolicyProblem): boolean {
  return a.file === b.file && a.line === b.line && a.column === b.column && a.message === b.message;
}

type Told = {
  readonly error: cedar.DetailedError;
  readonly severity: PolicyProblem['severity'];
  readonly policy_id?: string | undefined;
};

/** An error, and those that came with it. */
function told(file: PolicyFile, { error, severity, policy_id }: Told): PolicyProblem[] {
  const [location] = error.sourceLocations ?? [];
  const message = error.message.replace(/^for policy `[^`]*`, | for Action::"\w+"/g, '');
  const expected = location?.label ?? undefined;
  const hint = hintFor(message, error.help ?? expected);
  const related = (error.related ?? []).flatMap((one) =>
    told(file, { error: one, severity, policy_id }),
  );
  return [
    {
      severity,
      ...placeIn(file, location?.start ?? 0, 'bytes'),
      ...(policy_id === undefined ? {} : { policy_id }),
      message: message.slice(0, 1000),
      ...(hint === undefined ? {} : { hint: hint.slice(0, 1000) }),
    },
    ...related,
  ];
}

function repeated(policies: readonly Parsed[]): PolicyProblem[] {
  const seen = new Map<string, Parsed>();
  return policies.flatMap((policy): PolicyProblem[] => {
    const before = seen.get(policy.id);
    seen.set(policy.id, policy);
    if (!before) return [];
    const { file, line, id } = policy;
    const message = `The policy in ${before.file}:${before.line} has the id ${id} as well.`;
    const hint = 'Give each policy an @id of its own.';
    return [{ severity: 'error', file, line, column: 1, policy_id: id, message, hint }];
  });
}

function tooMany(policies: readonly Parsed[]): PolicyProblem[] {
  if (policies.length <= POLICIES) return [];
  const message = `There are more than ${POLICIES} policies.`;
  return [{ severity: 'error', file: 'policies', line: 1, column: 1, message }];
}
