/** Puts Claw's hooks into Codex's `hooks.json`, its export into `config.toml`, and out again. */
import { join } from 'node:path';
import { Fault } from '../../fault/fault.ts';
import { type Hook, hookAddition, hooksIn, withoutHooks } from '../hook-list.ts';
import type { Installer, InstallOptions, Paths, Place } from '../installer.ts';
import { jsonOf, type Keep, keepOf, restored, withAdditions } from '../json-edit.ts';
import { installedShim, isShim, keepIn, patienceOf, shimCommand } from '../shim.ts';
import { parsedToml, type Table, withoutTables, withTablesFor } from '../toml-edit.ts';

/** The one before a call: it alone can hold the call back. */
const ASKS = 'PreToolUse';
/** Every event that Codex has a hook for. */
const EVENTS: readonly string[] = [
  'SessionStart',
  'UserPromptSubmit',
  ASKS,
  'PermissionRequest',
  'PostToolUse',
  'SubagentStart',
  'SubagentStop',
  'PreCompact',
  'PostCompact',
  'Stop',
  'Interrupt',
  'SessionEnd',
];
/** Seconds. Codex itself gives the last two no more than three, and says so where more is asked. */
const TIMEOUT_S = 5;
const SHORT_TIMEOUT_S = 3;
const WHAT = "Codex's hooks.json";

export const codexInstaller: Installer = {
  runtime: 'codex',
  title: 'Codex',
  program: { name: 'codex', version: ['--version'] },
  scopes: ['user', 'project'],
  otlp: true,
  token: 'file',
  sources: [],
  paths,
  install: ({ hooks, config }, options) => ({
    hooks: installHooks(hooks, options),
    config: installExport(config, options),
  }),
  uninstall: ({ hooks, config }, { hooks: path = '' }) => ({
    hooks: hooks && uninstallHooks(hooks),
    config: config && withoutTables(config, (key) => isExport(key) || isTrustOf(key, path)),
  }),
  installed: ({ hooks = '{}' }) =>
    installedShim(hooksIn(hooks), { runtime: 'codex', events: EVENTS.length }),
  measured: '0.169.0',
  blind: ['untrustedHooks', 'deniedInNoWitness', 'shellWithoutExitCode', 'hostedSearch'],
  holes: [
    'untrustedNotAsked',
    'hostedNotAsked',
    'stdinNotAsked',
    'hooksCanBeOff',
    'openWhereKilled',
  ],
};

/** Trust and telemetry are the user's alone, whichever scope the hooks have. */
function paths({ scope, home, project, env }: Place): Paths {
  const own = env['CODEX_HOME'] || join(home, '.codex');
  const hooks = scope === 'project' ? join(project, '.codex') : own;
  return { hooks: join(hooks, 'hooks.json'), config: join(own, 'config.toml') };
}

function isOurs(hook: Hook): boolean {
  return isShim(hook, 'codex');
}

function installHooks(before: string | undefined, options: InstallOptions): string {
  const original = before && uninstallHooks(before);
  const bare = jsonOf(original, WHAT);
  const additions = (keep: readonly string[]) =>
    EVENTS.map((event, at) => hookAddition(event, hook(event, options, at === 0 ? keep : [])));
  const keep = keepOf(original, bare, additions([]));
  return withAdditions(bare, { additions: additions(keep), keep, what: WHAT });
}

function hook(event: string, options: InstallOptions, keep: Keep): Hook {
  const enforcement = event === ASKS ? options.enforcement : undefined;
  const short = event === 'Interrupt' || event === 'SessionEnd';
  return {
    type: 'command',
    command: shimCommand('codex', { ...options, enforcement }, keep),
    timeout: short ? SHORT_TIMEOUT_S : patienceOf(enforcement, TIMEOUT_S),
  };
}

function uninstallHooks(before: string): string | undefined {
  const { text, keep } = withoutOurs(jsonOf(before, WHAT));
  return text === before ? before : restored(text, keep);
}

function withoutOurs(text: string): { readonly text: string; readonly keep: readonly string[] } {
  const keep = keepIn(hooksIn(text).filter(isOurs));
  return { text: withoutHooks(text, { isOurs, keep }), keep };
}

function installExport(before: string | undefined, options: InstallOptions): string | undefined {
  const bare = before === undefined ? undefined : withoutTables(before, isExport);
  if (!options.otlp) return bare;
  const { otel } = parsedToml(bare ?? '', "Codex's config.toml");
  if (typeof otel === 'object' && otel !== null && !Array.isArray(otel)) {
    if (Object.hasOwn(otel, 'exporter')) throw alreadyExports();
  } else if (otel !== undefined) throw alreadyExports();
  return withTablesFor(before, isExport, exportTables(options, otel !== undefined));
}

function alreadyExports(): Fault {
  return new Fault('usage.invalid', 'Codex exports its telemetry to somebody else already.', {
    field: 'otel.exporter',
    hint: 'Nothing was changed. Take otel.exporter out of config.toml, or leave --otlp away.',
  });
}

/** Where `[otel]` stands already, what it says of prompts is the user's own choice. */
function exportTables({ server, token }: InstallOptions, standing: boolean): Table[] {
  const otel: Table = { key: ['otel'], lines: ['log_user_prompt = true'] };
  const lines = [`endpoint = ${quoted(`${server}/v1/logs`)}`, 'protocol = "binary"'];
  return [
    ...(standing ? [] : [otel]),
    { key: ['otel', 'exporter', 'otlp-http'], lines },
    {
      key: ['otel', 'exporter', 'otlp-http', 'headers'],
      lines: [`Authorization = ${quoted(`Bearer ${token}`)}`],
    },
  ];
}

function isExport(key: readonly string[]): boolean {
  return key[0] === 'otel';
}

function isTrustOf(key: readonly string[], path: string): boolean {
  return key[0] === 'hooks' && key[1] === 'state' && (key[2] ?? '').startsWith(`${path}:`);
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

/** A hook as Codex's app server lists it (`hooks/list`). */
export type ListedHook = {
  readonly key: string;
  readonly command: string;
  readonly sourcePath: string;
  readonly currentHash: string;
  readonly trustStatus: string;
};

/** What is to be trusted, and where the answer and the files do not fit together, that it is so. */
export type Trust = {
  /** With the trust for our own hooks and for nothing else. */
  readonly config: string | undefined;
  /** Our hooks that Codex runs once `config` is written, and all of ours that it should run. */
  readonly trusted: number;
  readonly wanted: number;
};

/**
 * Trust for exactly the commands that `hooks` holds of ours: a hook that is listed from another
 * file, with another command, or under a key of another event is never trusted. Entries that the
 * user made stay as they are.
 */
export function trustHooks(
  { hooks, config }: { readonly hooks: string; readonly config: string | undefined },
  listed: readonly ListedHook[],
  path: string,
): Trust {
  const commands = new Set(
    hooksIn(hooks)
      .filter(isOurs)
      .map(({ command }) => command),
  );
  const ours = listed.filter(
    ({ key, command, sourcePath, currentHash }) =>
      sourcePath === path &&
      key.startsWith(`${path}:`) &&
      commands.has(command) &&
      /^sha256:[0-9a-f]{64}$/.test(currentHash),
  );
  const ofPath = (parts: readonly string[]) => isTrustOf(parts, path);
  const bare = config === undefined ? undefined : withoutTables(config, ofPath);
  const state = standing(bare);
  const missing = ours.filter(({ key }) => !Object.hasOwn(state, key));
  const tables = missing.map(({ key, currentHash }) => ({
    key: ['hooks', 'state', key],
    lines: [`trusted_hash = ${quoted(currentHash)}`],
  }));
  const known = ours.filter(({ key, currentHash }) => hashIn(state[key]) === currentHash);
  return {
    config: withTablesFor(config, ofPath, tables),
    trusted: missing.length + known.length,
    wanted: hooksIn(hooks).filter(isOurs).length,
  };
}

function standing(config: string | undefined): Readonly<Record<string, unknown>> {
  const { hooks } = parsedToml(config ?? '', "Codex's config.toml");
  const state = (hooks as { state?: unknown } | undefined)?.state;
  return typeof state === 'object' && state !== null ? (state as Record<string, unknown>) : {};
}

function hashIn(entry: unknown): unknown {
  return (entry as { trusted_hash?: unknown } | undefined)?.trusted_hash;
}
