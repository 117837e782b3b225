/** Puts Claw's hooks into Claude Code's settings and takes exactly them out again: text to text. */
import { join } from 'node:path';
import { isObject } from '../../event/name.ts';
import { Fault } from '../../fault/fault.ts';
import { type Hook, hookAddition, hooksIn, withoutHooks } from '../hook-list.ts';
import type {
  Enforcement,
  Enforcing,
  Installed,
  Installer,
  InstallOptions,
  Place,
} from '../installer.ts';
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
import { enforcingShim, isShim, patienceOf, serverOf, shimCommand } from '../shim.ts';
import { COMMAND_EVENTS, HTTP_EVENTS } from './transport.ts';

/** The variable that carries the token into the hooks. */
const TOKEN_VARIABLE = 'CLAW_TOKEN';
/** Names what stood there before and looks like ours, so that `uninstall` leaves it standing. */
const KEEP_VARIABLE = 'CLAW_KEEP';
const CAPTURE_PATH = '/v1/capture/claude-code';
const ENFORCE_PATH = '/v1/enforce/claude-code';
const ENFORCE_URL = /\/v1\/enforce\/claude-code\?mode=(observe|enforce)(?:&wait_s=(\d{1,4}))?$/;
/** The one before a call: it alone can hold the call back. */
const ASKS = 'PreToolUse';
/** Seconds. The shim limits itself to one; an HTTP hook has only this. */
const HTTP_TIMEOUT_S = 2;
const SHIM_TIMEOUT_S = 5;
const WHAT = "Claude Code's settings";
const HEADERS = 'OTEL_EXPORTER_OTLP_HEADERS';

export const claudeCodeInstaller: Installer = {
  runtime: 'claude-code',
  title: 'Claude Code',
  program: { name: 'claude', version: ['--version'] },
  scopes: ['user', 'project'],
  otlp: true,
  token: 'settings',
  sources: [],
  paths: (place) => ({ settings: settingsPath(place) }),
  install: ({ settings }, options) => ({ settings: install(settings, options) }),
  uninstall: ({ settings }) => ({ settings: settings && uninstall(settings) }),
  installed: ({ settings = '{}' }) => installed(settings),
  tokenIn: ({ settings }) => {
    const token = settings === undefined ? undefined : variablesIn(settings)[TOKEN_VARIABLE];
    return typeof token === 'string' && token.startsWith('claw_') ? token : undefined;
  },
  measured: '2.1.330',
  blind: ['rejectedBeforeHooks', 'deniedHasNoResult', 'headlessDenial', 'httpLosesWhileAway'],
  holes: ['rejectedBeforeGate', 'hooksCanBeOff'],
};

/** The user's settings, or those of the project that git leaves alone. */
function settingsPath({ scope, home, project, env }: Place): string {
  if (scope === 'project') return join(project, '.claude', 'settings.local.json');
  return join(env['CLAUDE_CONFIG_DIR'] || join(home, '.claude'), 'settings.json');
}

function install(before: string | undefined, options: InstallOptions): string {
  const original = before && uninstall(before);
  const bare = jsonOf(original, WHAT);
  checkVariables(bare);
  const standing = new Set(standingOf(bare, options));
  const variables = variablesOf(options).filter(([name]) => !standing.has(name));
  const planned = [...hooks(options), ...variables.map(variable)];
  const keep = [...keepOf(original, bare, planned), ...[...standing].map((name) => `env.${name}`)];
  const note = keep.length === 0 ? [] : [variable([KEEP_VARIABLE, keep.join(',')])];
  return withAdditions(bare, { additions: [...planned, ...note], keep, what: WHAT });
}

function uninstall(before: string): string | undefined {
  const { text, keep } = withoutOurs(jsonOf(before, WHAT));
  return keep === undefined ? before : restored(text, keep);
}

/** Most events go by HTTP or by the shim, whichever the last hook is. */
function installed(text: string): Installed | undefined {
  const ours = hooksIn(text).filter(isOurs);
  const last = ours.at(-1);
  if (last === undefined || ours.length < COMMAND_EVENTS.length + HTTP_EVENTS.length) {
    return undefined;
  }
  const [enforcing] = ours.flatMap((hook) => enforcingOf(hook) ?? []);
  const held = enforcing === undefined ? {} : { enforcing };
  if (last['type'] === 'http') {
    const url = String(last['url']);
    return { server: url.slice(0, -CAPTURE_PATH.length), way: { kind: 'http', url }, ...held };
  }
  const command = String(last['command']);
  return { server: serverOf(command) ?? '', way: { kind: 'command', command }, ...held };
}

/** Closed where Claude Code itself blocks a call whose hook fails. */
function enforcingOf(hook: Hook): Enforcing | undefined {
  const closed = hook['onFailure'] === 'block';
  if (hook['type'] === 'command') {
    const found = enforcingShim(String(hook['command']));
    return found && { ...found, closed: found.closed && closed };
  }
  const url = String(hook['url']);
  const [, mode, wait_s] = ENFORCE_URL.exec(url) ?? [];
  if (mode === undefined) return undefined;
  const way = { kind: 'http', url } as const;
  if (mode === 'observe') return { enforcement: { mode }, way, closed };
  return { enforcement: { mode: 'enforce', wait_s: Number(wait_s ?? 0) }, way, closed };
}

/** No `onFailure` beside the one that enforces: a dead server never stops the agent. */
function hooks(options: InstallOptions): Addition[] {
  const { transport = 'http', enforcement } = options;
  const command = commandHook(options);
  const often = transport === 'http' ? httpHook(options) : command;
  const asking = enforcement === undefined ? often : askingHook(options, enforcement);
  return [
    ...COMMAND_EVENTS.map((event) => hookAddition(event, command)),
    ...HTTP_EVENTS.map((event) => hookAddition(event, event === ASKS ? asking : often)),
  ];
}

/**
 * Where calls are held back the shim asks unless HTTP is wanted: it blocks by itself where a
 * Claude Code knows no `onFailure`, says what to do, and keeps what it blocked for the trail.
 */
function askingHook(options: InstallOptions, enforcement: Enforcement): Hook {
  const enforced = enforcement.mode === 'enforce';
  const transport = options.transport ?? (enforced ? 'command' : 'http');
  const plain = transport === 'http' ? httpHook(options) : commandHook(options, enforcement);
  const usual = transport === 'http' ? HTTP_TIMEOUT_S : SHIM_TIMEOUT_S;
  return {
    ...plain,
    ...(transport === 'http' ? { url: `${options.server}${askingPath(enforcement)}` } : {}),
    timeout: patienceOf(enforcement, usual),
    ...(enforced ? { onFailure: 'block' } : {}),
  };
}

function askingPath(enforcement: Enforcement): string {
  const wait = enforcement.mode === 'enforce' ? `&wait_s=${enforcement.wait_s}` : '';
  return `${ENFORCE_PATH}?mode=${enforcement.mode}${wait}`;
}

function httpHook({ server }: InstallOptions): Hook {
  return {
    type: 'http',
    url: `${server}${CAPTURE_PATH}`,
    headers: { Authorization: `Bearer $${TOKEN_VARIABLE}` },
    allowedEnvVars: [TOKEN_VARIABLE],
    timeout: HTTP_TIMEOUT_S,
  };
}

function commandHook({ server, shim }: InstallOptions, enforcement?: Enforcement): Hook {
  const command = shimCommand('claude-code', { shim, server, enforcement }, []);
  return { type: 'command', command, timeout: SHIM_TIMEOUT_S };
}

type Variable = readonly [name: string, value: string];

function variablesOf({ token, otlp, server }: InstallOptions): Variable[] {
  const own: Variable = [TOKEN_VARIABLE, token];
  return otlp ? [own, ...telemetry(server), [HEADERS, `Authorization=Bearer ${token}`]] : [own];
}

/** Logs alone: they have every prompt, decision, result and request, and numbers to miss one by. */
function telemetry(server: string): Variable[] {
  return [
    ['CLAUDE_CODE_ENABLE_TELEMETRY', '1'],
    ['OTEL_LOGS_EXPORTER', 'otlp'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'http/protobuf'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', server],
    ['OTEL_LOG_USER_PROMPTS', '1'],
    ['OTEL_LOG_TOOL_DETAILS', '1'],
  ];
}

const EXPORT_NAMES: readonly string[] = [...telemetry('').map(([name]) => name), HEADERS];

function exports(set: Readonly<Record<string, unknown>>): boolean {
  return String(set[HEADERS]).startsWith('Authorization=Bearer claw_');
}

function variable([key, value]: Variable): Addition {
  return { at: ['env'], key, value };
}

/**
 * Variables that are not ours and must stay: those set already as we would set them, and all of an
 * export to a Claw that was set up by hand. Throws for what is set otherwise and in the way.
 */
function standingOf(text: string, options: InstallOptions): string[] {
  const set = variablesIn(text);
  if (!options.otlp) {
    return exports(set) ? EXPORT_NAMES.filter((name) => Object.hasOwn(set, name)) : [];
  }
  return variablesOf(options).flatMap(([name, value]) => {
    if (!Object.hasOwn(set, name)) return [];
    if (set[name] === value) return [name];
    throw new Fault('usage.invalid', `env.${name} is set already, and to something else.`, {
      field: `env.${name}`,
      hint: 'Nothing was changed. Take it out of the settings, or leave --otlp away.',
    });
  });
}

function isOurs(hook: Hook): boolean {
  if (hook['type'] === 'command') return isShim(hook, 'claude-code');
  const headers = isObject(hook['headers']) ? hook['headers'] : {};
  return (
    hook['type'] === 'http' &&
    isOurPath(String(hook['url'])) &&
    headers['Authorization'] === `Bearer $${TOKEN_VARIABLE}`
  );
}

function isOurPath(url: string): boolean {
  return url.endsWith(CAPTURE_PATH) || ENFORCE_URL.test(url);
}

/** Ours are the hooks of our shape, and our variables where such hooks are there. */
function withoutOurs(text: string): { readonly text: string; readonly keep?: Keep } {
  if (!hooksIn(text).some(isOurs)) return { text };
  const set = variablesIn(text);
  const keep = String(set[KEEP_VARIABLE] ?? '').split(',');
  const names = [TOKEN_VARIABLE, ...(exports(set) ? EXPORT_NAMES : []), KEEP_VARIABLE];
  let bare = withoutHooks(text, { isOurs, keep });
  for (const name of names) {
    if (!keep.includes(`env.${name}`)) bare = removeAt(bare, ['env', name]);
  }
  return { text: removeEmpty(bare, ['env'], keep), keep };
}

function variablesIn(text: string): Readonly<Record<string, unknown>> {
  const settings: unknown = JSON.parse(text);
  return isObject(settings) && isObject(settings['env']) ? settings['env'] : {};
}

function checkVariables(text: string): void {
  const set = variablesIn(text);
  for (const name of [TOKEN_VARIABLE, KEEP_VARIABLE]) {
    if (!Object.hasOwn(set, name)) continue;
    throw new Fault('usage.invalid', `env.${name} is set already, and not by Claw's hooks.`, {
      field: `env.${name}`,
      hint: 'Nothing was changed. Take it out of the settings, then try again.',
    });
  }
}
