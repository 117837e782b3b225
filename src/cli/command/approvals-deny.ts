/** `clawctl approvals deny`: refuses an action; the agent is told the reason. */
import { castVote } from '../vote.ts';
import type { Command } from './command.ts';

export const approvalsDeny: Command = {
  arguments: [{ name: '<approval>', about: 'command.argument.approval' }],
  options: [{ flags: '--reason <text>', about: 'command.option.voteReason', required: true }],
  examples: ['clawctl approvals deny 01a20604-9fb7 --reason "Not during the audit."'],
  run: (context, input) => castVote(context, input, { vote: 'deny' }),
};
