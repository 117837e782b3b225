/** The head of a session: whose it is, when it ran, what it came to. */
import type { Status } from '../../event/event.ts';
import type { SessionSummary } from '../../trail/trail.ts';
import type { Context } from '../command/command.ts';
import { duration } from './clock.ts';
import type { Piece } from './piece.ts';
import { shortId, statusPiece } from './row.ts';

export function showSession({ t, terminal, clock }: Context, session: SessionSummary): void {
  const { session_id, agent, user, first_ms, last_ms, ended } = session;
  const { parent_session_id: parent, title } = session;
  if (title) terminal.line({ text: title, style: 'bold' });
  const agentText = [agent?.name ?? agent?.id, agent?.runtime, agent?.version];
  const people = [...new Set([...agentText, user?.name ?? user?.id])].filter(Boolean);
  terminal.line({ text: session_id, style: 'name' }, ` · ${people.join(' · ')}`);
  if (parent)
    terminal.line({ text: t('sessions.parent', { session: shortId(parent) }), style: 'dim' });
  const state = ended ? t('sessions.ended') : t('sessions.open');
  const span = `${clock.stamp(first_ms)} – ${clock.stamp(last_ms)} (${clock.zone})`;
  terminal.line({ text: `${span} · ${duration(last_ms - first_ms)} · ${state}`, style: 'dim' });
  const counts = [
    t('sessions.events', { count: session.rows }),
    t('sessions.prompts', { count: session.prompts }),
    t('sessions.calls', { count: session.calls }),
  ];
  terminal.line(counts.join(' · '), ...outcomes(session.statuses));
}

function outcomes(statuses: SessionSummary['statuses']): readonly Piece[] {
  return (Object.entries(statuses) as [Status, number][]).flatMap(([status, count]) => [
    ` · ${count} `,
    statusPiece(status),
  ]);
}
