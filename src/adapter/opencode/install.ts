/** Puts Claw's plugin, one file, where OpenCode looks for plugins, and takes it away again. */
import { join } from 'node:path';
import { isObject } from '../../event/name.ts';
import { Fault } from '../../fault/fault.ts';
import type { Installer, InstallOptions, Paths, Place } from '../installer.ts';
import { askingOf, enforcingIn } from '../plugin-setting.ts';

const PLUGIN = 'opencode.js';
/** In the order in which they stand inside: each exports nothing there. */
const INNER = ['sender.js', 'gate.js'] as const;
/** The first line of a plugin that we made. */
const MARK = '// Claw: records what OpenCode does. Made by "clawctl install opencode"';

export const opencodeInstaller: Installer = {
  runtime: 'opencode',
  title: 'OpenCode',
  program: { name: 'opencode', version: ['--version'] },
  scopes: ['user', 'project'],
  otlp: false,
  token: 'file',
  sources: [PLUGIN, ...INNER],
  paths,
  install: ({ plugin }, options) => {
    if (plugin !== undefined && !isOurs(plugin)) throw foreign();
    return { plugin: pluginText(options) };
  },
  uninstall: ({ plugin }) => ({
    plugin: plugin === undefined || isOurs(plugin) ? undefined : plugin,
  }),
  installed: ({ plugin }, { plugin: file = '' }) => {
    const { server, ...settings } = plugin && isOurs(plugin) ? settingsIn(plugin) : {};
    if (typeof server !== 'string') return undefined;
    const way = { kind: 'plugin', file, config: {} } as const;
    return { server, way, ...enforcingIn(settings, way) };
  },
  measured: '1.18.33',
  blind: ['failureOnBusOnly', 'pluginsCanBeOff'],
  holes: ['pluginCanBeMissing', 'othersCanChange'],
};

function paths({ scope, home, project, env }: Place): Paths {
  const config = env['XDG_CONFIG_HOME'] || join(home, '.config');
  const own = env['OPENCODE_CONFIG_DIR'] || join(config, 'opencode');
  const folder = scope === 'project' ? join(project, '.opencode') : own;
  return { plugin: join(folder, 'plugins', 'claw.js') };
}

function isOurs(text: string): boolean {
  return text.startsWith(MARK);
}

/**
 * OpenCode takes every file of its folder, and every export of a file, for a plugin: what the
 * plugin imports stands inside.
 */
function pluginText({ server, tokens, drain, enforcement, sources }: InstallOptions): string {
  const settings = JSON.stringify({ server, tokens, drain, ...askingOf({ enforcement }) });
  const inner = INNER.map((name) => (sources[name] ?? '').replaceAll(/^export /gm, ''));
  return (sources[PLUGIN] ?? '')
    .replace(/^const SETTINGS = .*$/m, () => `const SETTINGS = ${settings};`)
    .replace(/^import .* from '\.\/gate\.js';\n/m, '')
    .replace(/^import .* from '\.\/sender\.js';$/m, () => inner.join('\n'));
}

function settingsIn(text: string): Readonly<Record<string, unknown>> {
  const settings = /^const SETTINGS = (\{.*\});$/m.exec(text)?.[1];
  try {
    const parsed: unknown = JSON.parse(settings ?? '');
    return isObject(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

function foreign(): Fault {
  return new Fault('usage.invalid', 'There is a plugin claw.js already, and it is not ours.', {
    hint: 'Nothing was changed. Give that file another name, then try again.',
  });
}
