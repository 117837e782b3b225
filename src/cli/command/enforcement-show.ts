/** `clawctl enforcement show`: which agents are held to decisions, and which only observed. */
import type { Enforcement } from '../../policy/lifecycle.ts';
import type { Command, Context } from './command.ts';

export const enforcementShow: Command = {
  examples: ['clawctl enforcement show'],
  run: async (context) => {
    const client = await context.connect();
    const settings = await client.get<Enforcement>('/v1/enforcement');
    if (context.format === 'json') return context.terminal.json(settings);
    await showEnforcement(context, settings);
  },
};

/** The lines in their order: the first that fits an agent counts, and the default last. */
export async function showEnforcement(context: Context, settings: Enforcement): Promise<void> {
  const { t, terminal } = context;
  const any = t('enforcement.any');
  const rows = settings.agents.map(({ agent, runtime, environment, mode }) => ({
    ...{ agent: agent ?? any, runtime: runtime ?? any, environment: environment ?? any },
    mode: t(`enforcement.mode.${mode}`),
  }));
  const last = settings.default;
  const rest = last === undefined ? t('enforcement.asked') : t(`enforcement.mode.${last}`);
  await terminal.table(
    [
      { title: t('label.agent') },
      { title: t('enforcement.column.runtime') },
      { title: t('enforcement.column.environment') },
      { title: t('enforcement.column.mode') },
    ],
    [
      ...rows.map((row) => [row.agent, row.runtime, row.environment, row.mode]),
      [t('enforcement.others'), '', '', rest],
    ],
  );
}
