/** Shows an approval: as a row of the queue, and whole, with exactly what it covers. */
import type { Approval } from '../../policy/lifecycle.ts';
import { excerpt } from '../../search/safe.ts';
import type { Context } from '../command/command.ts';
import { duration } from './clock.ts';
import { showFields } from './field.ts';
import type { Piece, Style } from './piece.ts';
import { shortId } from './row.ts';
import { valueLines } from './value.ts';

export const STATE_STYLES: Readonly<Record<Approval['state'], Style>> = {
  pending: 'warn',
  approved: 'good',
  denied: 'alarm',
  expired: 'bad',
  used: 'dim',
};

/** Characters of what an approval is about, on one line. */
const DEED_CHARS = 200;

export async function showApprovals(context: Context, all: readonly Approval[]): Promise<void> {
  const { t, terminal, clock } = context;
  await terminal.table(
    [
      { title: t('label.id') },
      { title: t('approvals.column.state') },
      { title: t('approvals.column.asked') },
      { title: t('approvals.column.left') },
      { title: t('label.agent'), most: 16 },
      { title: t('label.what') },
    ],
    all.map((one) => [
      { text: shortId(one.approval_id), style: 'name' },
      statePiece(context, one),
      { text: clock.stamp(one.requested_at), style: 'dim' },
      one.state === 'pending' ? leftOf(one) : '',
      agentOf(one),
      deedOf(one),
    ]),
  );
}

export function statePiece({ t }: Context, { state }: Approval): Piece {
  return { text: t(`approvals.state.${state}`), style: STATE_STYLES[state] };
}

/** What it is about, on one line. */
export function deedOf({ tool, arguments: args }: Approval): string {
  const text = typeof args === 'string' ? args : (JSON.stringify(args) ?? '');
  return excerpt(`${tool} ${text}`, DEED_CHARS);
}

export function agentOf({ agent, requested_by }: Approval): string {
  return agent?.name ?? agent?.id ?? agent?.runtime ?? requested_by;
}

function leftOf({ expires_at }: Approval): string {
  return duration(Math.max(0, Date.parse(expires_at) - Date.now()));
}

/** Everything that a person needs to decide; nothing of it is cut. */
export function showApproval(context: Context, one: Approval): void {
  const { t, terminal, clock } = context;
  terminal.line({ text: one.tool, style: 'bold' }, '  ', statePiece(context, one));
  for (const line of valueLines(one.arguments, terminal.columns - 4)) terminal.line('    ', line);
  const touched = one.resources?.map(({ access, kind, id }) => `${access} ${kind} ${id}`);
  showFields(context, [
    ['approvals.field.why', one.reason],
    ['approvals.field.conditions', one.conditions?.join('\n')],
    ['approvals.field.request', one.request_reason],
    ['approvals.field.policies', one.policy_ids.join(', ')],
    ['approvals.field.resources', touched?.join('\n')],
    ['approvals.field.cwd', one.cwd],
    ['approvals.field.agent', [one.agent?.id, one.agent?.runtime].filter(Boolean).join(' · ')],
    ['approvals.field.user', one.user?.name ?? one.user?.id],
    ['approvals.field.environment', one.environment],
    ['approvals.field.session', one.session_id],
    ['approvals.field.task', one.task_id],
    ['approvals.field.asked', `${clock.exact(one.requested_at)} · ${one.requested_by}`],
    ['approvals.field.expires', clock.exact(one.expires_at)],
    ['approvals.field.quorum', one.quorum > 1 ? String(one.quorum) : undefined],
    ['approvals.field.scope', one.scope && t(`approvals.scope.${one.scope}`)],
    ['approvals.field.id', one.approval_id],
  ]);
  for (const { by, vote, reason, at } of one.votes) {
    const said = t(vote === 'approve' ? 'approvals.voted.approve' : 'approvals.voted.deny', { by });
    terminal.line(
      { text: `  ${clock.stamp(at)}  `, style: 'dim' },
      { text: said, style: vote === 'approve' ? 'good' : 'alarm' },
      `  ${reason}`,
    );
  }
}
