/** `clawctl policy show`: the text of a policy in force, or of all of them. */
import type { PolicyInfo } from '../../policy/policy.ts';
import { refuse } from '../problem.ts';
import type { Command } from './command.ts';

type InForce = { readonly policies: readonly PolicyInfo[] };

export const policyShow: Command = {
  arguments: [{ name: '[policy]', about: 'command.argument.policy' }],
  examples: ['clawctl policy show restrict-prod-edits', 'clawctl policy show > all.cedar'],
  run: async ({ t, terminal, format, connect }, { arguments: [wanted] }) => {
    const client = await connect();
    const { policies } = await client.get<InForce>('/v1/policies');
    const found = policies.filter(({ id }) => wanted === undefined || id === wanted);
    if (found.length === 0) throw refuse('policy.not_found', 'noPolicy', { id: wanted ?? '' });
    if (format === 'json') return terminal.json(wanted === undefined ? found : found[0]);
    for (const { file, line, text } of found) {
      terminal.note({ text: t('policy.place', { place: `${file}:${line}` }), style: 'dim' });
      for (const one of text.split('\n')) terminal.line(one);
      terminal.line();
    }
  },
};
