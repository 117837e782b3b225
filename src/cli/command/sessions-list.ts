/** `clawctl sessions list`: sessions, the one with the newest event first. */
import type { SessionSummary, SessionsResult } from '../../trail/trail.ts';
import { askHidden, withoutNoise } from '../reach/hide.ts';
import { duration } from '../screen/clock.ts';
import { footer } from '../screen/footer.ts';
import type { Column, Piece } from '../screen/piece.ts';
import { shortId } from '../screen/row.ts';
import { type Command, type Context, flag, option, whole } from './command.ts';

export const sessionsList: Command = {
  options: [
    { flags: '--query <query>', about: 'command.option.query' },
    { flags: '--from <time>', about: 'command.option.from' },
    { flags: '--to <time>', about: 'command.option.to' },
    { flags: '--limit <n>', about: 'command.option.limit' },
    { flags: '--cursor <cursor>', about: 'command.option.cursor' },
    { flags: '--all', about: 'command.option.all' },
  ],
  examples: [
    'clawctl sessions list',
    'clawctl sessions list --query "status:blocked" --from yesterday',
  ],
  run: async (context, input) => {
    const original = option(input, 'query') ?? '';
    const { query, hidden } = withoutNoise(original, flag(input, 'all') ? 'all' : 'sessions');
    const limit = whole(input, 'limit', { least: 1, most: 1000 });
    const client = await context.connect();
    const answer = await askHidden(client, { original, hidden }, () =>
      client.get<SessionsResult>('/v1/sessions', {
        query: query || undefined,
        from: option(input, 'from'),
        to: option(input, 'to'),
        zone: context.clock.zone,
        limit,
        cursor: option(input, 'cursor'),
      }),
    );
    if (context.format === 'json') return context.terminal.json(answer);
    await show(context, answer.sessions);
    const left = hidden ? 'sessions.hidden' : undefined;
    footer(context, { read_to: answer.read_to, hidden: left, cursor: answer.cursor });
  },
};

async function show(context: Context, sessions: readonly SessionSummary[]): Promise<void> {
  const { t, terminal } = context;
  const [first] = sessions;
  if (first === undefined) return terminal.line({ text: t('sessions.none'), style: 'dim' });
  await terminal.table(
    columns(context),
    sessions.map((session) => cells(context, session)),
  );
  const session = shortId(first.session_id);
  terminal.note({ text: t('sessions.timeline', { session }), style: 'dim' });
}

function columns({ t }: Context): readonly Column[] {
  return [
    { title: t('label.session'), most: 15 },
    { title: t('label.started') },
    { title: t('label.lasted'), align: 'right' },
    { title: t('label.agent'), most: 16 },
    { title: t('label.events'), align: 'right' },
    { title: t('label.calls'), align: 'right' },
    { title: t('label.failed'), align: 'right' },
    { title: t('label.title') },
  ];
}

function cells({ t, terminal, clock }: Context, session: SessionSummary): readonly Piece[] {
  const { session_id, agent, statuses, ended } = session;
  const whole = terminal.columns === Number.POSITIVE_INFINITY;
  const nested = session.parent_session_id === undefined ? '' : '└ ';
  const failed = (statuses.blocked ?? 0) + (statuses.error ?? 0);
  const lasted = duration(session.last_ms - session.first_ms);
  return [
    { text: whole ? session_id : `${nested}${shortId(session_id)}`, style: 'name' },
    { text: clock.stamp(session.first_ms), style: 'dim' },
    ended ? lasted : { text: `${lasted} …`, style: 'good' },
    agent?.name ?? agent?.id ?? agent?.runtime ?? '',
    String(session.rows),
    String(session.calls),
    failed > 0 ? { text: String(failed), style: statuses.blocked ? 'alarm' : 'bad' } : '',
    session.title ?? (ended ? '' : { text: t('sessions.open'), style: 'dim' }),
  ];
}
