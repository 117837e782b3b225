/** `clawctl approvals list`: what waits for a person, and what was decided. */
import { APPROVAL_STATES, type Approval } from '../../policy/lifecycle.ts';
import { showApprovals } from '../screen/approval.ts';
import { shortId } from '../screen/row.ts';
import { type Command, flag, option, whole } from './command.ts';

export const approvalsList: Command = {
  options: [
    { flags: '--all', about: 'command.option.allApprovals' },
    { flags: '--state <state>', about: 'command.option.approvalState', choices: APPROVAL_STATES },
    { flags: '--session <id>', about: 'command.option.ofSession' },
    { flags: '--task <id>', about: 'command.option.ofTask' },
    { flags: '--limit <n>', about: 'command.option.limit' },
  ],
  examples: ['clawctl approvals list', 'clawctl approvals list --all --limit 10 --json'],
  run: async (context, input) => {
    const { t, terminal } = context;
    const pending = flag(input, 'all') ? undefined : 'pending';
    const client = await context.connect();
    const answer = await client.get<{ approvals: readonly Approval[] }>('/v1/approvals', {
      state: option(input, 'state') ?? pending,
      session_id: option(input, 'session'),
      task_id: option(input, 'task'),
      limit: whole(input, 'limit', { least: 1, most: 1000 }),
    });
    if (context.format === 'json') return terminal.json(answer);
    if (answer.approvals.length === 0)
      return terminal.line({ text: t('approvals.none'), style: 'dim' });
    await showApprovals(context, answer.approvals);
    const waiting = answer.approvals.find(({ state }) => state === 'pending');
    if (!waiting) return;
    const id = shortId(waiting.approval_id);
    terminal.note({ text: t('approvals.next', { id }), style: 'dim' });
  },
};
