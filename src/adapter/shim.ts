/** The command by which hooks call `clawctl hook`, and how it is known again. */
import type { Hook } from './hook-list.ts';
import type { Installed, InstallOptions } from './installer.ts';
import type { Keep } from './json-edit.ts';

/** A word that a shell reads as it stands: nothing in it runs, joins or redirects. */
const WORD = '(?:"(?:[^"\\\\$`]|\\\\.)+"|[\\w@%+=:,./-]+)';
const COMMAND = new RegExp(
  `^${WORD}(?: ${WORD})* hook ([a-z0-9-]+) --server (${WORD})(?: --tokens ${WORD})?` +
    `(?: --keep (${WORD}))?$`,
);

/**
 * These settings have no place for a note of ours, so one command carries it: which containers
 * stood there empty before. The shim passes over it.
 */
export function shimCommand(
  runtime: string,
  { shim, server, tokens }: Pick<InstallOptions, 'shim' | 'server' | 'tokens'>,
  keep: Keep,
): string {
  const where = tokens === undefined ? '' : ` --tokens ${shellWord(tokens)}`;
  const note = keep.length === 0 ? '' : ` --keep ${keep.join(',')}`;
  return `${shim} hook ${runtime} --server ${shellWord(server)}${where}${note}`;
}

/** Whether a hook is a command of ours for this runtime. */
export function isShim(hook: Hook, runtime: string): boolean {
  return hook['type'] === 'command' && COMMAND.exec(String(hook['command']))?.[1] === runtime;
}

/** Where the hooks of ours send records, and how; undefined where an event lacks its hook. */
export function installedShim(
  hooks: readonly Hook[],
  { runtime, events }: { readonly runtime: string; readonly events: number },
): Installed | undefined {
  const commands = hooks.filter((hook) => isShim(hook, runtime)).map(({ command }) => `${command}`);
  const [command = ''] = commands;
  const server = serverOf(command);
  if (server === undefined || commands.length < events) return undefined;
  return { server, way: { kind: 'command', command } };
}

/** The note that the commands carry. */
export function keepIn(hooks: readonly Hook[]): Keep {
  return hooks.flatMap(({ command }) => COMMAND.exec(String(command))?.[3]?.split(',') ?? []);
}

/** The server that a command of ours names. */
export function serverOf(command: string): string | undefined {
  const word = COMMAND.exec(command)?.[2];
  return word?.startsWith('"') ? word.slice(1, -1).replaceAll(/\\(.)/g, '$1') : word;
}

/** A word that a POSIX shell reads as it stands. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `"${word.replaceAll(/["\\$`]/g, '\\$&')}"`;
}
