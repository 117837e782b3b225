/** Policy sets in Cedar: compiled once, asked once for the call and once for each resource. */
import { createHash } from 'node:crypto';
import { Fault } from '../fault/fault.ts';
import { joined } from './annotation.ts';
import { evaluator, type Held } from './evaluate.ts';
import { readPolicies } from './parse.ts';
import type {
  PolicyFile,
  PolicyInfo,
  PolicyProblem,
  PolicyRequest,
  PolicySet,
  Verdict,
} from './policy.ts';
import { aboutOf } from './question.ts';
import { type Rule, ruleOf } from './rule.ts';

/** Throws `policy.invalid` with file, line and column for what is no policy. */
export function compile(files: readonly PolicyFile[]): PolicySet {
  const { policies, problems } = readPolicies(files);
  const [first, ...more] = problems.filter(({ severity }) => severity === 'error');
  if (first) throw invalid(first, more.length);
  const infos = policies.map(({ json, ...info }): PolicyInfo => info);
  const compiled: Compiled = {
    version: versionOf(files),
    byId: new Map(infos.map((info) => [info.id, info])),
    evaluate: evaluator(policies.map((policy, i) => ruleOf(policy, i))),
  };
  return {
    version: compiled.version,
    files,
    policies: infos,
    warnings: problems,
    decide: (request, lifted) => decide(compiled, request, lifted),
  };
}

export type Checked = {
  readonly ok: boolean;
  /** Where nothing is wrong. */
  readonly version?: string;
  readonly policies: readonly PolicyInfo[];
  readonly problems: readonly PolicyProblem[];
};

/** Everything that is wrong with policies, and what is only odd. */
export function checkPolicies(files: readonly PolicyFile[]): Checked {
  const { policies, problems } = readPolicies(files);
  const ok = problems.every(({ severity }) => severity !== 'error');
  const infos = policies.map(({ json, ...info }): PolicyInfo => info);
  return { ok, ...(ok ? { version: versionOf(files) } : {}), policies: infos, problems };
}

type Compiled = {
  readonly version: string;
  readonly byId: ReadonlyMap<string, PolicyInfo>;
  readonly evaluate: (request: PolicyRequest) => readonly Held[];
};

/** A hard forbid, then what nothing permits, then what an approval may lift, then a permit. */
function decide(
  compiled: Compiled,
  request: PolicyRequest,
  lifted: ReadonlySet<string> = NONE,
): Verdict {
  let held: readonly Held[];
  try {
    held = compiled.evaluate(request);
  } catch (error) {
    return broken(compiled.version, error);
  }
  const { byId } = compiled;
  const forbids = idsOf(held.flatMap((one) => one.forbids));
  const hard = forbids.filter((id) => byId.get(id)?.escalate === undefined);
  if (hard.length > 0) return verdict(compiled, 'deny', hard);
  const unpermitted = held.find(({ permits }) => permits.length === 0);
  if (unpermitted) {
    const reason = `No policy permits it (${aboutOf(unpermitted.question)}).`;
    return { ...verdict(compiled, 'deny', []), reason };
  }
  const standing = forbids.filter((id) => !lifted.has(id));
  if (standing.length > 0) return verdict(compiled, 'escalate', standing);
  return verdict(compiled, 'permit', idsOf(held.flatMap((one) => one.permits)));
}

const NONE: ReadonlySet<string> = new Set();

function idsOf(rules: readonly Rule[]): string[] {
  return [...new Set(rules.map(({ id }) => id))].sort();
}

function verdict(
  { version, byId }: Compiled,
  outcome: Verdict['outcome'],
  policy_ids: readonly string[],
): Verdict {
  const policies = policy_ids.flatMap((id) => byId.get(id) ?? []);
  const reasonOf = ({ id, annotations, escalate }: PolicyInfo) =>
    (outcome === 'escalate' ? escalate : annotations['reason']) ?? `Policy ${id}.`;
  const constraints = joined(policies.map((one) => one.constraints));
  const escalated =
    outcome === 'escalate'
      ? policies.map((one) => ({ policy_id: one.id, reason: reasonOf(one) }))
      : [];
  return {
    outcome,
    policy_ids,
    policy_version: version,
    reason: [...new Set(policies.map(reasonOf))].join(' '),
    escalated,
    ...(constraints === undefined ? {} : { constraints }),
  };
}

/** What cannot be evaluated is not permitted. */
function broken(policy_version: string, error: unknown): Verdict {
  const why = error instanceof Error ? error.message : String(error);
  const reason = `The policies could not be evaluated: ${why}`.slice(0, 1000).toWellFormed();
  return { outcome: 'deny', policy_ids: [], policy_version, reason, escalated: [] };
}

function versionOf(files: readonly PolicyFile[]): string {
  const hash = createHash('sha256');
  const sorted = files.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  hash.update(JSON.stringify(sorted.map(({ name, text }) => [name, text])));
  return `sha256:${hash.digest('hex')}`;
}

function invalid(problem: PolicyProblem, more: number): Fault {
  const { file, line, column, message, hint } = problem;
  const others = more === 0 ? '' : ` (and ${more} more)`;
  return new Fault('policy.invalid', `${file}:${line}:${column}: ${message}${others}`, {
    field: file,
    column,
    ...(hint === undefined ? {} : { hint }),
  });
}
