/** `clawctl token revoke`: a token that stops working at once. */
import { argument, type Command } from './command.ts';

export const tokenRevoke: Command = {
  arguments: [{ name: '<token>', about: 'command.argument.token' }],
  examples: ['clawctl token revoke 0199a3f2-7c11-7e2a-9d55-3f0a1b2c3d4e'],
  run: async ({ t, terminal, format, connect }, input) => {
    const id = argument(input);
    await (await connect()).remove(`/v1/tokens/${encodeURIComponent(id)}`);
    if (format === 'json') return terminal.json({ revoked: id });
    terminal.line(t('token.revoked', { id }));
  },
};
