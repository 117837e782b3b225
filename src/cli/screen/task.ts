/** Shows a task: its goal, what it may do, and what it has used. */
import type { Task } from '../../policy/lifecycle.ts';
import type { Context } from '../command/command.ts';
import { showFields } from './field.ts';
import { valueLines } from './value.ts';

/** `3 / 10`: used of what it may; without a limit only what was used. */
export function usedOf({ used, budget }: Task): { calls: string; tokens: string } {
  const of = (spent: number, most: number | undefined) =>
    most === undefined ? String(spent) : `${spent} / ${most}`;
  return { calls: of(used.calls, budget.calls), tokens: of(used.tokens, budget.tokens) };
}

export function showTask(context: Context, task: Task): void {
  const { t, terminal, clock } = context;
  for (const line of valueLines(task.goal, terminal.columns)) {
    terminal.line({ text: line, style: 'bold' });
  }
  const { scope, budget, outcome } = task;
  const used = usedOf(task);
  showFields(context, [
    ['tasks.field.state', t(`tasks.state.${task.state}`)],
    ['tasks.field.outcome', outcome && t(`tasks.outcome.${outcome}`)],
    ['tasks.field.summary', task.summary],
    ['tasks.field.actions', scope.actions?.join(', ')],
    ['tasks.field.tools', scope.tools?.join(', ')],
    ['tasks.field.resources', scope.resources?.join('\n')],
    ['tasks.field.violation', t(`tasks.violation.${task.on_violation}`)],
    ['tasks.field.calls', used.calls],
    ['tasks.field.tokens', used.tokens],
    ['tasks.field.seconds', budget.seconds === undefined ? undefined : `${budget.seconds} s`],
    ['tasks.field.agent', [task.agent?.id, task.agent?.runtime].filter(Boolean).join(' · ')],
    ['tasks.field.user', task.user?.name ?? task.user?.id],
    ['tasks.field.environment', task.environment],
    ['tasks.field.session', task.session_id],
    ['tasks.field.declared', `${clock.exact(task.declared_at)} · ${task.declared_by}`],
    ['tasks.field.closed', task.closed_at && clock.exact(task.closed_at)],
    ['tasks.field.id', task.task_id],
  ]);
}
