/** `clawctl approvals link`: a link by which one person decides, without a token. */
import { findApproval } from '../reach/approval.ts';
import { argument, type Command, option, whole } from './command.ts';

type Linked = { readonly path: string; readonly expires_at: string };

const WEEK_S = 7 * 86_400;

export const approvalsLink: Command = {
  arguments: [{ name: '<approval>', about: 'command.argument.approval' }],
  options: [
    { flags: '--for <person>', about: 'command.option.linkFor', required: true },
    { flags: '--expires <seconds>', about: 'command.option.linkExpires' },
    { flags: '--base <url>', about: 'command.option.linkBase' },
  ],
  examples: [
    'clawctl approvals link 01a20604-9fb7 --for ann',
    'clawctl approvals link 01a20604-9fb7 --for ann --base https://claw.example',
  ],
  run: async (context, input) => {
    const { t, terminal, clock } = context;
    const expires_s = whole(input, 'expires', { least: 1, most: WEEK_S });
    const client = await context.connect();
    const { approval_id } = await findApproval(client, argument(input));
    const person = option(input, 'for') ?? '';
    const made = await client.post<Linked>(
      `/v1/approvals/${encodeURIComponent(approval_id)}/link`,
      { for: person, expires_s },
    );
    const { path, expires_at } = made;
    const url = (option(input, 'base') ?? client.url).replace(/\/+$/, '') + path;
    if (context.format === 'json') return terminal.json({ ...made, url });
    terminal.line(url);
    const until = clock.exact(expires_at);
    terminal.note({ text: t('approvals.linked', { person, until }), style: 'warn' });
  },
};
