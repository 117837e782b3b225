/** `clawctl tasks show`: one task whole. */
import { findTask } from '../reach/approval.ts';
import { showTask } from '../screen/task.ts';
import { argument, type Command } from './command.ts';

export const tasksShow: Command = {
  arguments: [{ name: '<task>', about: 'command.argument.task' }],
  examples: ['clawctl tasks show 01a20604-9fb7'],
  run: async (context, input) => {
    const task = await findTask(await context.connect(), argument(input));
    if (context.format === 'json') return context.terminal.json(task);
    showTask(context, task);
  },
};
