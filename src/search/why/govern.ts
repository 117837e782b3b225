/** Steps of the lifecycle: the task, the decision with its policies, the approval. */
import type { Told } from './context.ts';
import type { Focus, Verdict } from './focus.ts';
import { before, fieldsOf, ownState, type PolicySaid, textIn, type WhyRow } from './scene.ts';
import { type Clock, type DraftStep, type DraftUnknown, text, textOf, word } from './step.ts';
import type { Limit } from './wording.ts';

/** Policies that are told of one decision, and characters of a policy's text. */
const POLICIES = 8;
const POLICY_CHARS = 4096;
const REQUEST_CHARS = 16_384;
const NAMES = 8;
const VERSION_CHARS = 19;

export function taskSteps({ subject, event, decisions, scene }: Focus, clock: Clock): Told {
  const id = subject.task_id ?? event.task_id ?? decisions[0]?.row.task_id;
  if (id === undefined) return { steps: [], unknown: [] };
  const told = scene.rows.filter((row) => row.type === 'task' && row.task_id === id);
  const declared = told.find(({ operation }) => operation === 'declare');
  const decided = decisions.find(({ row }) => before(row, subject) || row === event)?.row;
  const known = fieldsOf(fieldsOf(decided?.decision?.constraints)['task']);
  const state = declared ? ownState(declared, 'task') : known;
  const facts = {
    id: word(id),
    goal: text(textIn(state, 'goal') ?? declared?.content),
    by: word(textIn(state, 'declared_by')),
    at: declared ? clock(declared.time) : '',
    limits: Object.keys(state).length === 0 ? undefined : limitsOf(state),
  };
  const calls = fieldsOf(known['used'])['calls'];
  const most = fieldsOf(known['budget'])['calls'];
  const steps: DraftStep[] = [
    {
      kind: 'task',
      row: declared ?? subject,
      say: (words) => words.task(facts),
      evidence: { task_id: facts.id, goal: facts.goal, limits: facts.limits ?? [] },
    },
  ];
  if (typeof calls === 'number') {
    const spent = { calls, ...(typeof most === 'number' ? { most } : {}) };
    const say: DraftStep['say'] = (words) => words.spent(spent);
    steps.push({ kind: 'task', row: decided ?? subject, say, evidence: spent });
  }
  return { steps, unknown: [] };
}

function limitsOf(state: Readonly<Record<string, unknown>>): readonly Limit[] {
  const scope = fieldsOf(state['scope']);
  const budget = fieldsOf(state['budget']);
  const limits: Limit[] = [];
  for (const kind of ['actions', 'tools', 'resources'] as const) {
    const names = scope[kind];
    if (!Array.isArray(names)) continue;
    limits.push({ kind, names: names.slice(0, NAMES).map((name) => textOf(name, 80)) });
  }
  for (const kind of ['calls', 'seconds', 'tokens'] as const) {
    const most = budget[kind];
    if (typeof most === 'number') limits.push({ kind, most });
  }
  return limits;
}

/** Each decision with the policies that determined it, as they were then. */
export function decisionSteps(focus: Focus, clock: Clock): Told {
  const { act, decisions, approvals, subject } = focus;
  const steps: DraftStep[] = [];
  const unknown: DraftUnknown[] = [];
  for (const verdict of decisions) {
    steps.push(decidedStep(verdict, clock));
    const told = policySteps(focus, verdict.row, clock);
    steps.push(...told.steps);
    unknown.push(...told.unknown);
  }
  if (decisions.length > 0) return { steps, unknown };
  // What a runtime's own rules or its user decided stands in the call itself.
  if (subject.decision?.outcome)
    return { steps: [decidedStep({ row: subject, matched: false }, clock)], unknown };
  const asked = act !== undefined && approvals.length === 0;
  return { steps, unknown: asked ? [{ code: 'decision', detail: '' }] : [] };
}

function decidedStep({ row, matched }: Verdict, clock: Clock): DraftStep {
  const { decision } = row;
  const own = ownState(row, 'decision');
  const ids = decision?.policy_ids ?? [];
  const told = {
    at: clock(row.time),
    by: decision?.by ?? '',
    who: decision?.by === 'human' ? word(decision.approver) : '',
    outcome: decision?.outcome,
    policies: ids.slice(0, POLICIES).map(word),
    version: word(decision?.policy_version?.slice(0, VERSION_CHARS)),
    reason: text(decision?.reason),
    constraints: constraintsOf(decision?.constraints),
    lifted: namesIn(own['lifted']),
    observed: own['mode'] === 'observe' && decision?.outcome !== 'permit',
    matched,
  };
  const evidence = {
    ...{ outcome: told.outcome, by: told.by, policy_ids: told.policies, reason: told.reason },
    ...{ policy_version: word(decision?.policy_version), observed: told.observed, matched },
    ...(own['request'] === undefined ? {} : { request: bounded(own['request']) }),
  };
  return { kind: 'decision', row, say: (words) => words.decided(told), evidence };
}

function namesIn(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, POLICIES).map((name) => textOf(name, 80));
}

/** The task's part is told by its own step. */
function constraintsOf(constraints: unknown): string {
  const { task: _, conditions, ...others } = fieldsOf(constraints);
  const said = Array.isArray(conditions)
    ? conditions.slice(0, POLICIES).map((one) => textOf(one))
    : [];
  if (Object.keys(others).length > 0) said.push(textOf(others));
  return said.join(' ');
}

/** A recorded request as it is, or its beginning where it is large. */
function bounded(value: unknown): unknown {
  const said = JSON.stringify(value) ?? '';
  return said.length <= REQUEST_CHARS ? value : said.slice(0, REQUEST_CHARS);
}

function policySteps({ scene }: Focus, row: WhyRow, clock: Clock): Told {
  const { policy_version = '', policy_ids = [] } = row.decision ?? {};
  const known = scene.policies.get(policy_version);
  const steps: DraftStep[] = [];
  const unknown: DraftUnknown[] = [];
  for (const id of policy_ids.slice(0, POLICIES)) {
    if (OF_TASK.has(id)) continue;
    const policy = known?.policies.find((one) => one.id === id);
    if (!policy) unknown.push({ code: 'policy_text', detail: word(id) });
    else {
      const force = {
        author: word(known?.author),
        at: known?.applied_at ? clock(known.applied_at) : '',
      };
      steps.push(policyStep(policy, { row, ...force }));
    }
  }
  return { steps, unknown };
}

/** What a task's own limits are called where they decide. */
export const OF_TASK: ReadonlySet<string> = new Set(['task-scope', 'task-budget']);

type Asked = { readonly row: WhyRow; readonly author: string; readonly at: string };

function policyStep(policy: PolicySaid, { row, author, at }: Asked): DraftStep {
  const { id, effect, file, annotations } = policy;
  const reason = text(policy.escalate ?? annotations['reason']);
  const values = valuesNamed(policy.text, fieldsOf(ownState(row, 'decision')['request']));
  const told = { id: word(id), effect, file: word(file), author, at, reason, values };
  const source = policy.text.slice(0, POLICY_CHARS);
  const evidence = { policy: { id, effect, file, text: source, annotations }, values };
  return { kind: 'policy', row, say: (words) => words.policy(told), evidence };
}

type Fields = Readonly<Record<string, unknown>>;

/** The parts of the request that a policy's text names, with what they were. */
export function valuesNamed(policy: string, request: Fields): readonly string[] {
  const named = new Set<string>();
  for (const [, from = '', name = ''] of policy.matchAll(NAMED)) named.add(`${from}.${name}`);
  if (/\baction\b/.test(policy)) named.add('action');
  return [...named].slice(0, NAMES * 2).flatMap((path) => {
    const value = valueAt(path, request);
    return value === '' ? [] : [`${path} = ${value}`];
  });
}

const NAMED = /\b(principal|context|resource)\s{0,8}\.\s{0,8}([A-Za-z_]\w{0,63})/g;

function valueAt(path: string, request: Fields): string {
  if (path === 'action') return textOf(request['action'], 80);
  const [from = '', name = ''] = path.split('.');
  if (from === 'resource') return resourceAt(name, request['resources']);
  const fields = fieldsOf(request[from]);
  if (Object.hasOwn(fields, name)) return textOf(fields[name], 120);
  const at = textIn(fieldsOf(request['context']), 'at') ?? '';
  if (from === 'context' && TIMES.has(name) && at !== '') return `(${at})`;
  return from === 'context' && Object.hasOwn(request, name) ? textOf(request[name], 120) : '';
}

/** What policies are given instead of the time itself. */
const TIMES: ReadonlySet<string> = new Set(['hour', 'weekday', 'now', 'time', 'minute']);

function resourceAt(name: string, resources: unknown): string {
  if (!Array.isArray(resources)) return '';
  const values = resources.slice(0, NAMES).map((one) => textOf(fieldsOf(one)[name], 80));
  return [...new Set(values)].filter((value) => value !== '').join(' | ');
}
