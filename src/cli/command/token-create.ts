/** `clawctl token create`: a new token, shown once. */
import { type Command, option } from './command.ts';

type Created = { readonly token: string; readonly tenant: string; readonly id: string };

export const tokenCreate: Command = {
  options: [
    { flags: '--name <name>', about: 'command.option.name', required: true },
    {
      flags: '--role <role>',
      about: 'command.option.role',
      choices: ['recorder', 'viewer', 'approver', 'admin'],
      required: true,
    },
    { flags: '--agent <id>', about: 'command.option.agent' },
    { flags: '--user <id>', about: 'command.option.user' },
    { flags: '--environment <name>', about: 'command.option.environment' },
  ],
  examples: [
    'clawctl token create --name billing-bot --role recorder --agent billing-bot',
    'clawctl token create --name auditor --role viewer --tenant acme',
    'clawctl token create --name jane --role approver --user jane',
  ],
  run: async (context, input) => {
    const { t, terminal } = context;
    const name = option(input, 'name') ?? '';
    const role = option(input, 'role') ?? '';
    const client = await context.connect();
    const created = await client.post<Created>('/v1/tokens', {
      name,
      role,
      tenant: option(input, 'tenant'),
      agent: option(input, 'agent'),
      user: option(input, 'user'),
      environment: option(input, 'environment'),
    });
    if (context.format === 'json') return terminal.json(created);
    terminal.note(t('token.created', { name, role, tenant: created.tenant }));
    terminal.line(created.token);
    terminal.note({ text: t('token.keep'), style: 'warn' });
  },
};
