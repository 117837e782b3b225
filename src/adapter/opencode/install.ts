/** Puts Claw's plugin, one file, where OpenCode looks for plugins, and takes it away again. */
import { join } from 'node:path';
import { Fault } from '../../fault/fault.ts';
import type { Installer, InstallOptions, Paths, Place } from '../installer.ts';

const PLUGIN = 'opencode.js';
const SENDER = 'sender.js';
/** The first line of a plugin that we made. */
const MARK = '// Claw: records what OpenCode does. Made by "clawctl install opencode"';

export const opencodeInstaller: Installer = {
  runtime: 'opencode',
  title: 'OpenCode',
  program: { name: 'opencode', version: ['--version'] },
  scopes: ['user', 'project'],
  otlp: false,
  token: 'file',
  sources: [PLUGIN, SENDER],
  paths,
  install: ({ plugin }, options) => {
    if (plugin !== undefined && !isOurs(plugin)) throw foreign();
    return { plugin: pluginText(options) };
  },
  uninstall: ({ plugin }) => ({
    plugin: plugin === undefined || isOurs(plugin) ? undefined : plugin,
  }),
  installed: ({ plugin }, { plugin: file = '' }) => {
    const server = plugin && isOurs(plugin) ? serverIn(plugin) : undefined;
    return server === undefined ? undefined : { server, way: { kind: 'plugin', file, config: {} } };
  },
  measured: '1.18.33',
  blind: ['failureOnBusOnly', 'pluginsCanBeOff'],
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
 * OpenCode takes every file of its folder, and every export of a file, for a plugin: the sender
 * stands inside, and exports nothing.
 */
function pluginText({ server, tokens, drain, sources }: InstallOptions): string {
  const settings = JSON.stringify({ server, tokens, drain });
  const sender = (sources[SENDER] ?? '').replaceAll(/^export /gm, '');
  return (sources[PLUGIN] ?? '')
    .replace(/^const SETTINGS = .*$/m, () => `const SETTINGS = ${settings};`)
    .replace(/^import .* from '\.\/sender\.js';$/m, () => sender);
}

function serverIn(text: string): string | undefined {
  const settings = /^const SETTINGS = (\{.*\});$/m.exec(text)?.[1];
  try {
    const { server } = JSON.parse(settings ?? '') as { server?: unknown };
    return typeof server === 'string' ? server : undefined;
  } catch {
    return undefined;
  }
}

function foreign(): Fault {
  return new Fault('usage.invalid', 'There is a plugin claw.js already, and it is not ours.', {
    hint: 'Nothing was changed. Give that file another name, then try again.',
  });
}
