/** Puts Claw's plugin package beside OpenClaw's state and names it in `openclaw.json`. */
import { join } from 'node:path';
import { isObject } from '../../event/name.ts';
import { Fault } from '../../fault/fault.ts';
import type { Installed, Installer, InstallOptions, Paths, Place, Texts } from '../installer.ts';
import {
  type Addition,
  jsonOf,
  type Keep,
  keepOf,
  removeAt,
  removeEmpty,
  restored,
  withAdditions,
} from '../json-edit.ts';
import { askingOf, enforcingIn } from '../plugin-setting.ts';

const WHAT = 'openclaw.json';
const ID = 'claw';
/** The files of the package, by the names of the installer. */
const FILES = {
  manifest: 'openclaw.plugin.json',
  package: 'package.json',
  entry: 'index.js',
  recorder: 'recorder.js',
  gate: 'gate.js',
  sender: 'sender.js',
} as const;

export const openclawInstaller: Installer = {
  runtime: 'openclaw',
  title: 'OpenClaw',
  program: { name: 'openclaw', version: ['--version'] },
  scopes: ['user'],
  otlp: false,
  token: 'file',
  sources: Object.values(FILES).map(sourceOf),
  paths,
  install: ({ config }, options) => ({
    ...Object.fromEntries(
      Object.entries(FILES).map(([name, file]) => [name, placed(options.sources[sourceOf(file)])]),
    ),
    config: installConfig(config, options),
  }),
  uninstall: (texts, where) => ({
    ...Object.fromEntries(Object.keys(FILES).map((name) => [name, undefined])),
    config: texts['config'] && uninstallConfig(texts['config'], folderIn(where)),
  }),
  installed,
  measured: '2026.9.6',
  blind: [
    'afterWithoutBefore',
    'neitherResultNorError',
    'execWithoutHooks',
    'wrappedCalls',
    'lostAfterCalls',
  ],
  holes: ['execNotAsked', 'pluginCanBeMissing'],
};

/** The config is last: no plugin is named before it is there. */
function paths({ home, env }: Place): Paths {
  const state = env['OPENCLAW_STATE_DIR'] || join(home, '.openclaw');
  const folder = join(state, ID);
  const files = Object.entries(FILES).map(([name, file]) => [name, join(folder, file)]);
  const config = env['OPENCLAW_CONFIG_PATH'] || join(state, 'openclaw.json');
  return { ...Object.fromEntries(files), config };
}

function installed(texts: Texts, where: Paths): Installed | undefined {
  const { config: text, ...files } = texts;
  const entry = text === undefined ? undefined : entryIn(text);
  const config = isObject(entry) && entry['enabled'] === true ? entry['config'] : undefined;
  const whole = Object.keys(FILES).every((name) => files[name] !== undefined);
  if (!whole || !isObject(config) || typeof config['server'] !== 'string') return undefined;
  const file = where['recorder'] ?? '';
  const way = { kind: 'plugin', file, config } as const;
  return { server: config['server'], way, ...enforcingIn(config, way) };
}

function sourceOf(file: string): string {
  return file === FILES.sender || file === FILES.gate ? file : `openclaw/${file}`;
}

/** In the package all files stand side by side. */
function placed(source: string | undefined): string | undefined {
  return source?.replaceAll(/^(import .* from '\.)\.(\/(?:gate|sender)\.js';)$/gm, '$1$2');
}

function folderIn({ entry = '' }: Paths): string {
  return entry.slice(0, -`/${FILES.entry}`.length);
}

function installConfig(before: string | undefined, options: InstallOptions): string {
  const original = before && uninstallConfig(before, folderIn(options.paths));
  const bare = jsonOf(original, WHAT);
  if (entryIn(bare) !== undefined) {
    throw new Fault('usage.invalid', `There is a plugin ${ID} already, and it is not ours.`, {
      field: `plugins.entries.${ID}`,
      hint: 'Nothing was changed. Take that entry out of openclaw.json, then try again.',
    });
  }
  const additions = (keep: Keep) => additionsFor(options, keep, allowed(bare));
  const keep = keepOf(original, bare, additions([]));
  return withAdditions(bare, { additions: additions(keep), keep, what: WHAT });
}

function additionsFor(
  { server, tokens, drain, enforcement, paths: where }: InstallOptions,
  keep: Keep,
  listed: boolean,
): Addition[] {
  const config = {
    server,
    ...(tokens === undefined ? {} : { tokens }),
    ...(drain === undefined ? {} : { drain }),
    ...askingOf({ enforcement }),
    ...(keep.length === 0 ? {} : { keep: keep.join(',') }),
  };
  const entry = { enabled: true, hooks: { allowConversationAccess: true }, config };
  return [
    { at: ['plugins', 'load', 'paths'], value: folderIn(where) },
    ...(listed ? [{ at: ['plugins', 'allow'], value: ID }] : []),
    { at: ['plugins', 'entries'], key: ID, value: entry },
  ];
}

/** Where only listed plugins are loaded, ours must be listed. */
function allowed(text: string): boolean {
  const { allow } = pluginsIn(text);
  return Array.isArray(allow) && allow.length > 0;
}

function uninstallConfig(before: string, folder: string): string | undefined {
  const { text, keep } = withoutOurs(jsonOf(before, WHAT), folder);
  return keep === undefined ? before : restored(text, keep);
}

/** Ours is the entry whose path leads to our folder. */
function withoutOurs(
  text: string,
  folder: string,
): { readonly text: string; readonly keep?: Keep } {
  const plugins = pluginsIn(text);
  const load = isObject(plugins['load']) ? plugins['load'] : {};
  const at = listOf(load['paths']).indexOf(folder);
  const entry = entryIn(text);
  if (at < 0 || !isObject(entry)) return { text };
  const config = isObject(entry['config']) ? entry['config'] : {};
  const keep = typeof config['keep'] === 'string' ? config['keep'].split(',') : [];
  let bare = removeAt(text, ['plugins', 'entries', ID]);
  bare = removeEmpty(bare, ['plugins', 'entries'], keep);
  const listed = listOf(plugins['allow']).indexOf(ID);
  if (listed >= 0) bare = removeAt(bare, ['plugins', 'allow', String(listed)]);
  bare = removeAt(bare, ['plugins', 'load', 'paths', String(at)]);
  bare = removeEmpty(bare, ['plugins', 'load', 'paths'], keep);
  bare = removeEmpty(bare, ['plugins', 'load'], keep);
  return { text: removeEmpty(bare, ['plugins'], keep), keep };
}

function pluginsIn(text: string): Readonly<Record<string, unknown>> {
  const config: unknown = JSON.parse(text);
  return isObject(config) && isObject(config['plugins']) ? config['plugins'] : {};
}

function entryIn(text: string): unknown {
  const { entries } = pluginsIn(text);
  return isObject(entries) && Object.hasOwn(entries, ID) ? entries[ID] : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
