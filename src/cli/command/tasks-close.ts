/** `clawctl tasks close`: ends a task; what still waits in it is denied. */
import { TASK_OUTCOMES, type Task } from '../../policy/lifecycle.ts';
import { findTask } from '../reach/approval.ts';
import { showTask } from '../screen/task.ts';
import { argument, type Command, option } from './command.ts';

export const tasksClose: Command = {
  arguments: [{ name: '<task>', about: 'command.argument.task' }],
  options: [
    { flags: '--outcome <outcome>', about: 'command.option.taskOutcome', choices: TASK_OUTCOMES },
    { flags: '--summary <text>', about: 'command.option.taskSummary' },
  ],
  examples: ['clawctl tasks close 01a20604-9fb7 --outcome abandoned --summary "It hung."'],
  run: async (context, input) => {
    const client = await context.connect();
    const { task_id } = await findTask(client, argument(input));
    const path = `/v1/tasks/${encodeURIComponent(task_id)}/close`;
    const body = { outcome: option(input, 'outcome'), summary: option(input, 'summary') };
    const task = await client.post<Task>(path, body);
    if (context.format === 'json') return context.terminal.json(task);
    showTask(context, task);
  },
};
