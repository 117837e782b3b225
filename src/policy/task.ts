/** A declared task: what it may do, how much of it, and what is outside. Pure. */
import type { Event, Resource } from '../event/event.ts';
import { fitsPattern, hostOf, inPatterns, isPlace } from './glob.ts';
import type { Task } from './lifecycle.ts';

/** An action outside of its task, as a policy would say it. */
export type Violation = {
  readonly policy_id: 'task-scope' | 'task-budget';
  readonly reason: string;
};

type Asked = Partial<Pick<Event, 'tool' | 'action' | 'resources' | 'attributes'>>;

/** All that stands against an action in a task: what lifts one does not lift the other. */
export function violationsOf(task: Task, asked: Asked, now_ms: number): readonly Violation[] {
  const scope = outsideScope(task, asked);
  const budget = overBudget(task, now_ms);
  return [
    ...(scope === undefined ? [] : [{ policy_id: 'task-scope', reason: scope } as const]),
    ...(budget === undefined ? [] : [{ policy_id: 'task-budget', reason: budget } as const]),
  ];
}

function outsideScope({ scope }: Task, asked: Asked): string | undefined {
  const { tool = '', action = 'none', resources = [], attributes } = asked;
  if (scope.tools && !scope.tools.some((pattern) => fitsPattern(pattern, tool))) {
    return `The tool ${tool} is outside of the task's scope.`;
  }
  if (scope.actions && !scope.actions.includes(action)) {
    return `The action ${action} is outside of the task's scope.`;
  }
  const allowed = scope.resources;
  if (!allowed) return undefined;
  const foreign = resources.find(
    (resource) => !isNamedBy(resource, resources) && !inPatterns(allowed, resource),
  );
  if (foreign) {
    const kind = foreign.kind === 'other' ? '' : `${foreign.kind} `;
    const what = `${kind}${foreign.id.slice(0, 200)} (${foreign.access})`;
    return `The ${what} is outside of the task's scope.`;
  }
  if (attributes?.['effects_inferred'] !== undefined) {
    return 'It cannot be told whether all that the command touches is in the scope of the task.';
  }
  const guessed = asked.action === undefined || attributes?.['action_inferred'] !== undefined;
  // A tool that the scope names was thought of by whoever declared it.
  if (scope.tools || !guessed || resources.some(isPlace)) return undefined;
  return `It cannot be told what the tool ${tool} touches, so it is outside of the task's scope.`;
}

/** Of a URL the host is listed beside it: it is judged with the URL. */
function isNamedBy({ kind, id }: Resource, resources: readonly Resource[]): boolean {
  const host = kind === 'host' ? hostOf({ kind, id }) : '';
  return host !== '' && resources.some((one) => one.kind === 'url' && hostOf(one) === host);
}

function overBudget({ budget, used, declared_at }: Task, now_ms: number): string | undefined {
  if (budget.calls !== undefined && used.calls >= budget.calls) {
    return `The task's budget of ${budget.calls} calls is used up.`;
  }
  if (budget.tokens !== undefined && used.tokens >= budget.tokens) {
    return `The task's budget of ${budget.tokens} tokens is used up.`;
  }
  const age_s = (now_ms - Date.parse(declared_at)) / 1000;
  if (budget.seconds !== undefined && age_s >= budget.seconds) {
    return `The task's time of ${budget.seconds} s is over.`;
  }
  return undefined;
}

/** For a decision: what the task allows, and what is left of it. */
export function constraintsOf({ task_id, goal, scope, budget, used }: Task) {
  return { task: { task_id, goal: goal.slice(0, 500), scope, budget, used: { ...used } } };
}
