/** `clawctl approvals show`: one approval whole, with exactly the action that it covers. */
import { findApproval } from '../reach/approval.ts';
import { showApproval } from '../screen/approval.ts';
import { argument, type Command } from './command.ts';

export const approvalsShow: Command = {
  arguments: [{ name: '<approval>', about: 'command.argument.approval' }],
  examples: ['clawctl approvals show 01a20604-9fb7'],
  run: async (context, input) => {
    const approval = await findApproval(await context.connect(), argument(input));
    if (context.format === 'json') return context.terminal.json(approval);
    showApproval(context, approval);
  },
};
