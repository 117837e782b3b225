/** `clawctl uninstall RUNTIME`: takes out exactly what install put in. */
import { agree, changesIn, SCOPES, survey, writeChanges } from '../setup/files.ts';
import { installerOf, RUNTIME_ARGUMENT } from '../setup/runtime.ts';
import type { Command } from './command.ts';

export const uninstall: Command = {
  arguments: [RUNTIME_ARGUMENT],
  options: SCOPES,
  examples: ['clawctl uninstall claude-code', 'clawctl uninstall codex --project --yes'],
  run: async (context, input) => {
    const { t, terminal, format } = context;
    const installer = installerOf(input);
    const ground = await survey(context, input, installer);
    const changes = changesIn(ground, installer.uninstall(ground.texts, ground.paths));
    const files = changes.map(({ file }) => file);
    const [first = ''] = Object.values(ground.paths);
    const changed = files.length > 0;
    const result = { file: files[0] ?? first, files, changed };
    if (!changed) {
      if (format === 'json') return terminal.json(result);
      return terminal.line(t('install.nothing', { file: first }));
    }
    if (!(await agree(context, changes, input))) return;
    await writeChanges(changes);
    if (format === 'json') return terminal.json(result);
    const words = { file: files.join(', '), runtime: installer.title };
    terminal.line({ text: t('install.removed', words), style: 'good' });
    terminal.line({ text: t('install.tokenStays'), style: 'dim' });
  },
};
