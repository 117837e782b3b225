/** `clawctl uninstall claude-code`: takes out of the settings exactly what install put in. */
import { uninstallHooks } from '../../adapter/claude-code/install.ts';
import { agree, readSettings, SCOPES, settingsFile, writeSettings } from '../settings.ts';
import type { Command } from './command.ts';

export const uninstallClaudeCode: Command = {
  options: SCOPES,
  examples: ['clawctl uninstall claude-code', 'clawctl uninstall claude-code --project --yes'],
  run: async (context, input) => {
    const { t, terminal, format } = context;
    const file = settingsFile(context, input);
    const before = await readSettings(file);
    const change = before === undefined ? undefined : uninstallHooks(before);
    if (!change?.changed) {
      if (format === 'json') return terminal.json({ file, changed: false });
      return terminal.line(t('install.nothing', { file }));
    }
    if (!(await agree(context, { file, change, input }))) return;
    await writeSettings(file, change.text);
    if (format === 'json') return terminal.json({ file, changed: true });
    terminal.line({ text: t('install.removed', { file }), style: 'good' });
    terminal.line({ text: t('install.tokenStays'), style: 'dim' });
  },
};
