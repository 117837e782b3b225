/** `clawctl token list`: who may record, read and administer. */
import type { Credential } from '../../trail/credential.ts';
import type { Command, Context } from './command.ts';

export const tokenList: Command = {
  examples: ['clawctl token list'],
  run: async (context) => {
    const client = await context.connect();
    const answer = await client.get<{ tokens: readonly Credential[] }>('/v1/tokens');
    if (context.format === 'json') return context.terminal.json(answer);
    await show(context, answer.tokens);
  },
};

async function show({ t, terminal, clock }: Context, tokens: readonly Credential[]): Promise<void> {
  if (tokens.length === 0) return terminal.line({ text: t('token.none'), style: 'dim' });
  const columns = [
    { title: t('label.role') },
    { title: t('label.tenant') },
    { title: t('label.created') },
    { title: t('label.used') },
    { title: t('label.id') },
    { title: t('label.name') },
  ];
  await terminal.table(
    columns,
    tokens.map(({ id, name, role, tenant, created_at, last_used }) => [
      { text: role, style: role === 'admin' ? 'warn' : 'plain' },
      tenant,
      { text: clock.stamp(created_at), style: 'dim' },
      { text: last_used === undefined ? t('token.never') : clock.stamp(last_used), style: 'dim' },
      { text: id, style: 'dim' },
      { text: name, style: 'name' },
    ]),
  );
  terminal.note({ text: t('search.zone', { zone: clock.zone }), style: 'dim' });
}
