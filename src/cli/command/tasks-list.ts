/** `clawctl tasks list`: what agents have set out to do. */
import type { Task } from '../../policy/lifecycle.ts';
import { excerpt } from '../../search/safe.ts';
import { shortId } from '../screen/row.ts';
import { usedOf } from '../screen/task.ts';
import { type Command, type Context, option, whole } from './command.ts';

const GOAL_CHARS = 200;

export const tasksList: Command = {
  options: [
    { flags: '--state <state>', about: 'command.option.taskState', choices: ['open', 'closed'] },
    { flags: '--limit <n>', about: 'command.option.limit' },
  ],
  examples: ['clawctl tasks list', 'clawctl tasks list --state open'],
  run: async (context, input) => {
    const client = await context.connect();
    const answer = await client.get<{ tasks: readonly Task[] }>('/v1/tasks', {
      state: option(input, 'state'),
      limit: whole(input, 'limit', { least: 1, most: 1000 }),
    });
    if (context.format === 'json') return context.terminal.json(answer);
    await show(context, answer.tasks);
  },
};

async function show(context: Context, tasks: readonly Task[]): Promise<void> {
  const { t, terminal, clock } = context;
  if (tasks.length === 0) return terminal.line({ text: t('tasks.none'), style: 'dim' });
  await terminal.table(
    [
      { title: t('label.id'), most: 20 },
      { title: t('tasks.column.state') },
      { title: t('tasks.column.declared') },
      { title: t('label.agent'), most: 16 },
      { title: t('tasks.column.used') },
      { title: t('tasks.column.goal') },
    ],
    tasks.map((task) => [
      { text: shortId(task.task_id), style: 'name' },
      task.state === 'open'
        ? { text: t('tasks.state.open'), style: 'good' }
        : { text: t(`tasks.outcome.${task.outcome ?? 'success'}`), style: 'dim' },
      { text: clock.stamp(task.declared_at), style: 'dim' },
      task.agent?.name ?? task.agent?.id ?? task.agent?.runtime ?? task.declared_by,
      usedOf(task).calls,
      excerpt(task.goal, GOAL_CHARS),
    ]),
  );
}
