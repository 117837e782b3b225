/** `clawctl policy apply`: puts policy files in force, in place of all others. */
import { compile } from '../../policy/cedar.ts';
import { diffSets } from '../../policy/diff.ts';
import type { PolicyInfo } from '../../policy/policy.ts';
import type { PolicyVersion } from '../../trail/govern/govern.ts';
import { policyFiles } from '../policy/files.ts';
import { showDiff } from '../policy/show-diff.ts';
import { refuse } from '../problem.ts';
import { type Command, flag, option } from './command.ts';

type InForce = { readonly version: string; readonly policies: readonly PolicyInfo[] };

export const policyApply: Command = {
  arguments: [{ name: '[path]', about: 'command.argument.policies' }],
  options: [
    { flags: '--reason <text>', about: 'command.option.reason' },
    { flags: '--yes', about: 'command.option.yes' },
  ],
  examples: ['clawctl policy apply ./policies --reason "npm mirror allowed"'],
  run: async (context, input) => {
    const { t, terminal, format } = context;
    const [path = 'policies'] = input.arguments;
    const set = compile(await policyFiles(path));
    const client = await context.connect();
    const asks = format !== 'json' && terminal.interactive && !flag(input, 'yes');
    if (asks) {
      showDiff(context, diffSets(await client.get<InForce>('/v1/policies'), set));
      const answer = await terminal.ask(t('policy.sure'));
      if (!/^(y|yes|はい)$/i.test(answer.trim())) throw refuse('usage.invalid', 'notApplied');
    }
    const reason = option(input, 'reason');
    const applied = await client.post<PolicyVersion>('/v1/policies', {
      files: set.files,
      ...(reason === undefined ? {} : { reason }),
    });
    if (format === 'json') return terminal.json(applied);
    const { version, event_id } = applied;
    terminal.line({ text: t('policy.applied', { version }), style: 'good' });
    terminal.note({ text: t('policy.appliedBy', { id: event_id }), style: 'dim' });
  },
};
