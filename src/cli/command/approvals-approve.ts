/** `clawctl approvals approve`: lets exactly one action run, once or in its session. */
import { castVote } from '../vote.ts';
import { type Command, flag } from './command.ts';

export const approvalsApprove: Command = {
  arguments: [{ name: '<approval>', about: 'command.argument.approval' }],
  options: [
    { flags: '--reason <text>', about: 'command.option.voteReason', required: true },
    { flags: '--session', about: 'command.option.forSession' },
  ],
  examples: [
    'clawctl approvals approve 01a20604-9fb7 --reason "The disk is full, and it is old."',
    'clawctl approvals approve 01a20604-9fb7 --session --reason "Agreed with Ken."',
  ],
  run: (context, input) => {
    const scope = flag(input, 'session') ? 'session' : 'once';
    return castVote(context, input, { vote: 'approve', scope });
  },
};
