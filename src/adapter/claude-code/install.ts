/** Puts Claw's hooks into Claude Code's settings and takes exactly them out again: text to text. */
import { isObject } from '../../event/name.ts';
import { Fault } from '../../fault/fault.ts';
import { changesOf } from '../change.ts';
import {
  type Container,
  memberOf,
  type Node,
  nodeOf,
  withMember,
  withoutMember,
} from '../json-text.ts';
import { COMMAND_EVENTS, HTTP_EVENTS } from './transport.ts';

export type HookOptions = {
  /** Where Claw listens: `http://127.0.0.1:4620`. */
  readonly server: string;
  /** A recorder's token. Only `env` of these settings holds it; Claude Code puts it into hooks. */
  readonly token: string;
  /** How a shell calls clawctl, quoted where needed: `clawctl`, or a Node and a path. */
  readonly shim: string;
  /**
   * `http` (default) costs the agent a millisecond an event and loses what happens while the
   * server is away; `command` starts a process for each event and spools.
   */
  readonly transport?: 'http' | 'command';
};

export type SettingsChange = {
  readonly text: string;
  readonly changed: boolean;
  /** Lines with `+` and `-`, a little around them; tokens are masked. For people. */
  readonly diff: string;
};

/** The variable that carries the token into the hooks. */
export const TOKEN_VARIABLE = 'CLAW_TOKEN';
/** Names containers that stood there empty before, so that `uninstall` leaves them standing. */
const KEEP_VARIABLE = 'CLAW_KEEP';
const CAPTURE_PATH = '/v1/capture/claude-code';
const SHIM_COMMAND = / hook claude-code --server \S+$/;
/** Seconds. The shim limits itself to one; an HTTP hook has only this. */
const HTTP_TIMEOUT_S = 2;
const SHIM_TIMEOUT_S = 5;
const EMPTY = '{\n}\n';
/** In CLAW_KEEP: the settings were `{}`, and the line break before the brace is ours. */
const ROOT = 'root';

/**
 * The settings with Claw's hooks for every event that can be recorded without a side effect.
 * Idempotent; what else is there stays byte for byte. An absent file is `undefined`.
 * Throws `usage.invalid` where the text is not JSON settings, or CLAW_TOKEN is somebody else's.
 */
export function installHooks(before: string | undefined, options: HookOptions): SettingsChange {
  const text = before === undefined || before.trim() === '' ? EMPTY : before;
  const bare = removeOurs(text);
  checkVariables(bare);
  const style = styleOf(bare);
  const keep = emptyContainers(bare);
  let after = bare;
  for (const [event, group] of groups(options)) after = addGroup(after, { event, group, style });
  after = addVariable(after, { name: TOKEN_VARIABLE, value: options.token, style });
  if (keep.length > 0) {
    after = addVariable(after, { name: KEEP_VARIABLE, value: keep.join(','), style });
  }
  return changeOf(before ?? '', keep.includes(ROOT) ? breakBeforeEnd(after, style) : after);
}

/** The settings without Claw's hooks and variables: byte for byte as before `installHooks`. */
export function uninstallHooks(before: string): SettingsChange {
  return changeOf(before, removeOurs(before));
}

type Style = { readonly unit: string; readonly newline: string };
type Group = { readonly hooks: readonly Readonly<Record<string, unknown>>[] };

/** No matcher: every tool. No `onFailure`: a dead server never stops the agent. */
function groups({ server, shim, transport = 'http' }: HookOptions): (readonly [string, Group])[] {
  const base = server.replace(/\/+$/, '');
  const http = {
    type: 'http',
    url: `${base}${CAPTURE_PATH}`,
    headers: { Authorization: `Bearer $${TOKEN_VARIABLE}` },
    allowedEnvVars: [TOKEN_VARIABLE],
    timeout: HTTP_TIMEOUT_S,
  };
  const command = {
    type: 'command',
    command: `${shim} hook claude-code --server ${base}`,
    timeout: SHIM_TIMEOUT_S,
  };
  const often = transport === 'http' ? http : command;
  return [
    ...COMMAND_EVENTS.map((event) => [event, { hooks: [command] }] as const),
    ...HTTP_EVENTS.map((event) => [event, { hooks: [often] }] as const),
  ];
}

function isOurs(hook: unknown): boolean {
  if (!isObject(hook)) return false;
  if (hook['type'] === 'command') return SHIM_COMMAND.test(String(hook['command']));
  const headers = isObject(hook['headers']) ? hook['headers'] : {};
  return (
    hook['type'] === 'http' &&
    String(hook['url']).endsWith(CAPTURE_PATH) &&
    headers['Authorization'] === `Bearer $${TOKEN_VARIABLE}`
  );
}

type Addition = { readonly event: string; readonly group: Group; readonly style: Style };

function addGroup(text: string, { event, group, style }: Addition): string {
  const root = objectAt(nodeOf(text), 'the settings');
  const hooks = memberOf(root, 'hooks');
  if (!hooks)
    return withMember(
      text,
      root,
      nested('hooks', member(event, [group], { style, depth: 2 }), { style, depth: 1 }),
    );
  const events = objectAt(hooks.value, 'hooks');
  const list = memberOf(events, event);
  if (!list) return withMember(text, events, member(event, [group], { style, depth: 2 }));
  if (list.value.kind !== 'array') throw wrong(`hooks.${event}`, 'an array');
  return withMember(text, list.value, lineStart({ style, depth: 3 }) + oneLine(group));
}

type Variable = { readonly name: string; readonly value: string; readonly style: Style };

function addVariable(text: string, { name, value, style }: Variable): string {
  const root = objectAt(nodeOf(text), 'the settings');
  const env = memberOf(root, 'env');
  if (!env)
    return withMember(
      text,
      root,
      nested('env', member(name, value, { style, depth: 2 }), { style, depth: 1 }),
    );
  return withMember(text, objectAt(env.value, 'env'), member(name, value, { style, depth: 2 }));
}

/** Ours are the hooks of our shape, and our variables where such hooks are there. */
function removeOurs(text: string): string {
  const settings = JSON.parse(text.trim() === '' ? EMPTY : parseable(text)) as unknown;
  const hooks = isObject(settings) && isObject(settings['hooks']) ? settings['hooks'] : {};
  if (!Object.values(hooks).some((list) => groupsIn(list).some((group) => group.some(isOurs)))) {
    return text;
  }
  const env = isObject(settings) && isObject(settings['env']) ? settings['env'] : {};
  const keep = new Set(String(env[KEEP_VARIABLE] ?? '').split(','));
  let bare = text;
  for (const event of Object.keys(hooks)) bare = removeFromEvent(bare, event, keep);
  bare = removeEmpty(bare, ['hooks'], keep);
  for (const name of [TOKEN_VARIABLE, KEEP_VARIABLE]) bare = removeAt(bare, ['env', name]);
  bare = removeEmpty(bare, ['env'], keep);
  return keep.has(ROOT) ? bare.replace(/\r?\n\}(\s*)$/, '}$1') : bare;
}

function breakBeforeEnd(text: string, { newline }: Style): string {
  const { end } = nodeOf(text);
  return `${text.slice(0, end - 1)}${newline}${text.slice(end - 1)}`;
}

function groupsIn(list: unknown): unknown[][] {
  if (!Array.isArray(list)) return [];
  return list.map((group) =>
    isObject(group) && Array.isArray(group['hooks']) ? group['hooks'] : [],
  );
}

/** From the last to the first, so that indices stay true. */
function removeFromEvent(text: string, event: string, keep: ReadonlySet<string>): string {
  const settings = JSON.parse(text) as { hooks: Record<string, unknown> };
  const lists = groupsIn(settings.hooks[event]);
  let bare = text;
  for (const [g, hooks] of [...lists.entries()].reverse()) {
    const ours = [...hooks.entries()].filter(([, hook]) => isOurs(hook)).map(([i]) => i);
    if (ours.length === 0) continue;
    const group = ['hooks', event, String(g)];
    if (ours.length === hooks.length) bare = removeAt(bare, group);
    else for (const i of ours.reverse()) bare = removeAt(bare, [...group, 'hooks', String(i)]);
  }
  return bare === text ? text : removeEmpty(bare, ['hooks', event], keep);
}

function removeAt(text: string, path: readonly string[]): string {
  let node: Node = nodeOf(text);
  for (const key of path.slice(0, -1)) {
    const next = memberOf(node, key);
    if (!next) return text;
    node = next.value;
  }
  const found = memberOf(node, path.at(-1) ?? '');
  return found && node.kind !== 'scalar' ? withoutMember(text, node, found) : text;
}

function removeEmpty(text: string, path: readonly string[], keep: ReadonlySet<string>): string {
  let node: Node | undefined = nodeOf(text);
  for (const key of path) node = memberOf(node, key)?.value;
  const empty = node !== undefined && node.kind !== 'scalar' && node.members.length === 0;
  return empty && !keep.has(path.join('.')) ? removeAt(text, path) : text;
}

/** Containers that are there and empty: after `uninstall` they must be there again. */
function emptyContainers(text: string): string[] {
  const root = nodeOf(text);
  const hooks = memberOf(root, 'hooks')?.value;
  const lists = [...COMMAND_EVENTS, ...HTTP_EVENTS].map(
    (event) => [`hooks.${event}`, memberOf(hooks, event)?.value] as const,
  );
  const bare = root.kind === 'object' && root.members.length === 0;
  const flat = bare && !text.slice(root.start, root.end).includes('\n') ? [ROOT] : [];
  const all = [['hooks', hooks], ['env', memberOf(root, 'env')?.value], ...lists] as const;
  const empty = all.flatMap(([path, node]) =>
    node !== undefined && node.kind !== 'scalar' && node.members.length === 0 ? [path] : [],
  );
  return [...flat, ...empty];
}

function checkVariables(text: string): void {
  const root = objectAt(nodeOf(text), 'the settings');
  const env = memberOf(root, 'env');
  if (!env) return;
  const members = objectAt(env.value, 'env');
  for (const name of [TOKEN_VARIABLE, KEEP_VARIABLE]) {
    if (!memberOf(members, name)) continue;
    throw new Fault('usage.invalid', `env.${name} is set already, and not by Claw's hooks.`, {
      field: `env.${name}`,
      hint: 'Nothing was changed. Take it out of the settings, then try again.',
    });
  }
}

function objectAt(node: Node, what: string): Container {
  if (node.kind === 'object') return node;
  throw wrong(what, 'an object');
}

function wrong(what: string, wanted: string): Fault {
  return new Fault('usage.invalid', `In Claude Code's settings, ${what} must be ${wanted}.`, {
    field: what,
    hint: 'Nothing was changed. Mend the file, then try again.',
  });
}

type Place = { readonly style: Style; readonly depth: number };

/** An object member on a line of its own. */
function member(key: string, value: unknown, place: Place): string {
  return `${lineStart(place)}${JSON.stringify(key)}: ${oneLine(value)}`;
}

/** An object member that is an object with one member, over three lines. */
function nested(key: string, inner: string, place: Place): string {
  return `${lineStart(place)}${JSON.stringify(key)}: {${inner}${lineStart(place)}}`;
}

function lineStart({ style, depth }: Place): string {
  return style.newline + style.unit.repeat(depth);
}

/** A hook a line: thirty of them stay readable. JSON escapes line breaks inside strings. */
function oneLine(value: unknown): string {
  return JSON.stringify(value, null, 1).replaceAll(/\n */g, ' ');
}

/** Their indentation and line ends, as the first indented line shows them. */
function styleOf(text: string): Style {
  const found = /(\r?\n)([ \t]+)\S/.exec(text);
  return { newline: found?.[1] ?? '\n', unit: found?.[2]?.slice(0, 8) ?? '  ' };
}

function parseable(text: string): string {
  nodeOf(text);
  return text;
}

function changeOf(before: string, after: string): SettingsChange {
  const masked = (text: string) => text.replaceAll(/\bclaw_[\w-]+/g, 'claw_…');
  const changed = before !== after;
  return { text: after, changed, diff: changed ? changesOf(masked(before), masked(after)) : '' };
}
