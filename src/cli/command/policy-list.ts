/** `clawctl policy list`: the policies in force. */
import type { PolicyInfo } from '../../policy/policy.ts';
import type { PolicyVersion } from '../../trail/govern/govern.ts';
import type { Style } from '../screen/piece.ts';
import type { Command } from './command.ts';

type InForce = PolicyVersion & { readonly policies: readonly PolicyInfo[] };

export const policyList: Command = {
  examples: ['clawctl policy list', 'clawctl policy list --json'],
  run: async ({ t, terminal, clock, format, connect }) => {
    const client = await connect();
    const answer = await client.get<InForce>('/v1/policies');
    if (format === 'json') return terminal.json(answer);
    const { version, author, applied_at, policies } = answer;
    await terminal.table(
      [
        { title: t('label.effect') },
        { title: t('label.id'), most: 40 },
        { title: t('label.file'), most: 30 },
        { title: t('label.reason') },
      ],
      policies.map(({ id, file, line, effect, escalate, annotations }) => {
        const kind = escalate === undefined ? effect : 'escalate';
        const reason = escalate ?? annotations['reason'] ?? '';
        return [
          { text: kind, style: STYLES[kind] },
          { text: id, style: 'name' },
          { text: `${file}:${line}`, style: 'dim' },
          reason,
        ];
      }),
    );
    const at = clock.stamp(applied_at);
    terminal.note({ text: t('policy.inForce', { version, author, at }), style: 'dim' });
  },
};

const STYLES = { permit: 'good', forbid: 'bad', escalate: 'warn' } as const satisfies Readonly<
  Record<string, Style>
>;
