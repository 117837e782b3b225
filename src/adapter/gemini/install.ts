/** Puts Claw's hooks and, where asked, its export into Gemini CLI's settings, and out again. */
import { join } from 'node:path';
import { isObject } from '../../event/name.ts';
import { Fault } from '../../fault/fault.ts';
import { type Hook, hookAddition, hooksIn, withoutHooks } from '../hook-list.ts';
import type { Installer, InstallOptions, Paths, Place } from '../installer.ts';
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
import { installedShim, isShim, keepIn, patienceOf, serverOf, shimCommand } from '../shim.ts';

/** The one before a call: it alone can hold the call back. */
const ASKS = 'BeforeTool';
const EVENTS: readonly string[] = [
  'SessionStart',
  'BeforeAgent',
  'BeforeModel',
  'AfterModel',
  ASKS,
  'AfterTool',
  'AfterAgent',
  'PreCompress',
  'Notification',
  'SessionEnd',
];

/** Events that are left alone, and why. Where they are hooked by hand, the adapter takes them. */
export const GEMINI_LEFT_ALONE: ReadonlyMap<string, string> = new Map([
  ['BeforeToolSelection', 'it repeats the request of BeforeModel, and each hook costs a process'],
]);

/** The shim limits itself to one second. */
const TIMEOUT_S = 5;
const WHAT = "Gemini CLI's settings";
/** In the user's own `.env`: exporters read it, and settings have no place for a header. */
const HEADERS = 'OTEL_EXPORTER_OTLP_HEADERS';
const HEADER_LINE = /(^|\n)OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer claw_[^"\n]*" # claw\n/;

export const geminiInstaller: Installer = {
  runtime: 'gemini',
  title: 'Gemini CLI',
  program: { name: 'gemini', version: ['--version'] },
  scopes: ['user', 'project'],
  otlp: true,
  token: 'file',
  sources: [],
  paths,
  install: ({ settings, env }, options) => ({
    settings: installSettings(settings, options),
    env: options.otlp ? withHeader(env, options.token) : withoutHeader(env),
  }),
  uninstall: ({ settings, env }) => ({
    settings: settings && uninstallSettings(settings),
    env: withoutHeader(env),
  }),
  installed: ({ settings = '{}' }) =>
    installedShim(hooksIn(settings), { runtime: 'gemini', events: EVENTS.length }),
  measured: '0.61.0',
  blind: [
    'noCallIds',
    'failedShellSucceeds',
    'deniedHasNoResult',
    'readOutsideWorkspace',
    'promptInArguments',
    'envFileNearest',
  ],
  holes: ['outsideNotAsked', 'hooksCanBeOff', 'openWhereKilled'],
};

/** The header is the user's alone, whichever scope the hooks have: it holds a token. */
function paths({ scope, home, project, env }: Place): Paths {
  const own = join(env['GEMINI_CLI_HOME'] || home, '.gemini');
  const settings = scope === 'project' ? join(project, '.gemini') : own;
  return { settings: join(settings, 'settings.json'), env: join(own, '.env') };
}

function isOurs(hook: Hook): boolean {
  return isShim(hook, 'gemini');
}

function installSettings(before: string | undefined, options: InstallOptions): string {
  const original = before && uninstallSettings(before);
  const bare = jsonOf(original, WHAT);
  const standing = standingOf(bare, options);
  const additions = (keep: Keep) => [
    ...EVENTS.map((event, at) => hookAddition(event, hook(event, options, at === 0 ? keep : []))),
    ...(options.otlp ? telemetry(options.server) : []).filter(
      ({ key }) => !standing.includes(`telemetry.${key}`),
    ),
  ];
  const keep = [...keepOf(original, bare, additions([])), ...standing];
  return withAdditions(bare, { additions: additions(keep), keep, what: WHAT });
}

function uninstallSettings(before: string): string | undefined {
  const { text, keep } = withoutOurs(jsonOf(before, WHAT));
  return keep === undefined ? before : restored(text, keep);
}

/** Gemini counts in milliseconds. */
function hook(event: string, options: InstallOptions, keep: Keep): Hook {
  const enforcement = event === ASKS ? options.enforcement : undefined;
  const command = shimCommand('gemini', { ...options, enforcement }, keep);
  const timeout = patienceOf(enforcement, TIMEOUT_S) * 1000;
  return { name: 'claw', type: 'command', command, timeout };
}

function telemetry(server: string): readonly (Addition & { readonly key: string })[] {
  const members = {
    enabled: true,
    target: 'local',
    otlpEndpoint: server,
    otlpProtocol: 'http',
    logPrompts: true,
    // Without it spans are exported all the same, but name no arguments: none could be joined.
    traces: true,
  };
  return Object.entries(members).map(([key, value]) => ({ at: ['telemetry'], key, value }));
}

/** Members of `telemetry` that are as we would set them; throws for those in the way. */
function standingOf(text: string, { server, otlp }: InstallOptions): string[] {
  const set = telemetryIn(text);
  return telemetry(server).flatMap(({ key, value }) => {
    if (!Object.hasOwn(set, key)) return [];
    if (set[key] === value) return [`telemetry.${key}`];
    if (!otlp) return [];
    throw new Fault('usage.invalid', `telemetry.${key} is set already, and to something else.`, {
      field: `telemetry.${key}`,
      hint: 'Nothing was changed. Take it out of the settings, or leave --otlp away.',
    });
  });
}

function telemetryIn(text: string): Readonly<Record<string, unknown>> {
  const settings: unknown = JSON.parse(text);
  return isObject(settings) && isObject(settings['telemetry']) ? settings['telemetry'] : {};
}

/** Where our hooks are and no note says otherwise, telemetry that points as we point it is ours. */
function withoutOurs(text: string): { readonly text: string; readonly keep?: Keep } {
  const ours = hooksIn(text).filter(isOurs);
  if (ours.length === 0) return { text };
  const keep = keepIn(ours);
  let bare = withoutHooks(text, { isOurs, keep });
  const server = serverOf(String(ours[0]?.['command'])) ?? '';
  const wanted = telemetry(server);
  const set = telemetryIn(text);
  if (wanted.every(({ key, value }) => set[key] === value)) {
    for (const { key } of wanted) {
      if (!keep.includes(`telemetry.${key}`)) bare = removeAt(bare, ['telemetry', key]);
    }
    bare = removeEmpty(bare, ['telemetry'], keep);
  }
  return { text: bare, keep };
}

function withHeader(before: string | undefined, token: string): string {
  const bare = withoutHeader(before);
  if (bare?.split('\n').some((line) => line.replace(/^\s*(export\s+)?/, '').startsWith(HEADERS))) {
    throw new Fault('usage.invalid', `${HEADERS} is set already in Gemini CLI's .env.`, {
      field: HEADERS,
      hint: 'Nothing was changed. Take it out of the file, or leave --otlp away.',
    });
  }
  const line = `${HEADERS}="Authorization=Bearer ${token}" # claw\n`;
  return bare === undefined ? line : `${bare}\n${line}`;
}

/** A file that held nothing else, and did not begin with a line break, was made by us. */
function withoutHeader(before: string | undefined): string | undefined {
  const bare = before?.replace(HEADER_LINE, '');
  return bare === '' && before !== '' && !before?.startsWith('\n') ? undefined : bare;
}
