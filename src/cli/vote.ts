/** A vote on an approval from the command line: what it is about is shown with its outcome. */
import type { Approval } from '../policy/lifecycle.ts';
import { argument, type Context, type Input, option } from './command/command.ts';
import { findApproval } from './reach/approval.ts';
import { deedOf, statePiece } from './screen/approval.ts';

type Ballot = { readonly vote: 'approve' | 'deny'; readonly scope?: 'once' | 'session' };

export async function castVote(context: Context, input: Input, ballot: Ballot): Promise<void> {
  const { t, terminal } = context;
  const client = await context.connect();
  const { approval_id } = await findApproval(client, argument(input));
  const { vote, ...more } = ballot;
  const path = `/v1/approvals/${encodeURIComponent(approval_id)}/${vote}`;
  const body = { reason: option(input, 'reason') ?? '', ...more };
  const after = await client.post<Approval>(path, body);
  if (context.format === 'json') return terminal.json(after);
  terminal.line(statePiece(context, after), '  ', deedOf(after));
  if (after.state !== 'pending') return;
  const left = after.quorum - after.votes.length;
  terminal.note({ text: t('approvals.more', { count: left }), style: 'warn' });
}
