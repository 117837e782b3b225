/** `clawctl policy versions`: every policy set that was in force, the latest first. */
import type { PolicyVersion } from '../../trail/govern/govern.ts';
import { type Command, whole } from './command.ts';

type Versions = { readonly versions: readonly Omit<PolicyVersion, 'files'>[] };

export const policyVersions: Command = {
  options: [{ flags: '--limit <n>', about: 'command.option.limit' }],
  examples: ['clawctl policy versions', 'clawctl policy versions --limit 5 --json'],
  run: async ({ t, terminal, clock, format, connect }, input) => {
    const client = await connect();
    const limit = whole(input, 'limit', { least: 1, most: 1000 });
    const answer = await client.get<Versions>('/v1/policies/versions', { limit });
    if (format === 'json') return terminal.json(answer);
    if (answer.versions.length === 0) {
      return terminal.line({ text: t('policy.noVersions'), style: 'dim' });
    }
    await terminal.table(
      [
        { title: t('label.time') },
        { title: t('label.author'), most: 24 },
        { title: t('label.version') },
        { title: t('label.reason') },
      ],
      answer.versions.map(({ applied_at, author, version, reason = '' }) => [
        { text: clock.stamp(applied_at), style: 'dim' },
        { text: author, style: 'name' },
        version,
        reason,
      ]),
    );
    terminal.note({ text: t('search.zone', { zone: clock.zone }), style: 'dim' });
  },
};
