/** `clawctl sessions show`: what is known of one session, without its events. */
import { findTimeline } from '../reach/resolve.ts';
import { shortId } from '../screen/row.ts';
import { showSession } from '../screen/session.ts';
import { argument, type Command } from './command.ts';

export const sessionsShow: Command = {
  arguments: [{ name: '<session>', about: 'command.argument.session' }],
  examples: ['clawctl sessions show 3f0a1b2c'],
  run: async (context, input) => {
    const client = await context.connect();
    const { session } = await findTimeline(client, argument(input), { limit: 1 });
    if (context.format === 'json') return context.terminal.json(session);
    showSession(context, session);
    const shown = shortId(session.session_id);
    context.terminal.note({
      text: context.t('sessions.timeline', { session: shown }),
      style: 'dim',
    });
  },
};
