/** `clawctl approvals watch`: each approval the moment it is asked for, and what became of it. */
import type { Approval } from '../../policy/lifecycle.ts';
import type { Row } from '../../trail/trail.ts';
import { refuse } from '../problem.ts';
import { serverEvents } from '../reach/sse.ts';
import { agentOf, deedOf, statePiece } from '../screen/approval.ts';
import { shortId } from '../screen/row.ts';
import type { Command, Context } from './command.ts';

export const approvalsWatch: Command = {
  examples: ['clawctl approvals watch', 'clawctl approvals watch --json'],
  run: async (context) => {
    const signal = context.interruption();
    const client = await context.connect();
    try {
      // First of all, so that what is asked for while the queue is read is not missed.
      const { chunks } = await client.stream('/v1/tail', { query: 'type:approval' }, signal);
      const waiting = { state: 'pending', limit: 1000 };
      const { approvals } = await client.get<{ approvals: readonly Approval[] }>(
        '/v1/approvals',
        waiting,
      );
      for (const one of approvals.toReversed()) tell(context, one);
      const { t, terminal, format } = context;
      if (format === 'text') terminal.note({ text: t('approvals.watching'), style: 'dim' });
      const known = new Set(approvals.map(told));
      for await (const { event, data } of serverEvents(chunks)) {
        const one = event === 'row' ? approvalIn(JSON.parse(data) as Row) : undefined;
        if (one && !known.has(told(one))) tell(context, one);
      }
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    if (!signal.aborted) throw refuse('server.unreachable', 'tailEnded');
  },
};

function told({ approval_id, state, votes }: Approval): string {
  return `${approval_id} ${state} ${votes.length}`;
}

/** What Claw wrote into its own event; no producer may write this attribute. */
function approvalIn({ attributes }: Row): Approval | undefined {
  const own: unknown = Object(attributes?.['claw']).approval;
  return typeof own === 'object' && own !== null ? (own as Approval) : undefined;
}

function tell(context: Context, one: Approval): void {
  const { terminal, clock, format } = context;
  if (format === 'json') terminal.json(one);
  else {
    terminal.line(
      { text: `${clock.time(one.decided_at ?? one.requested_at)}  `, style: 'dim' },
      { text: shortId(one.approval_id), style: 'name' },
      '  ',
      statePiece(context, one),
      `  ${agentOf(one)}  `,
      deedOf(one),
    );
  }
}
