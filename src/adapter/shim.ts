/** The command by which hooks call `clawctl hook`, and how it is known again. */
import type { Hook } from './hook-list.ts';
import type { Enforcement, Enforcing, Installed, InstallOptions } from './installer.ts';
import type { Keep } from './json-edit.ts';

/** A word that a shell reads as it stands: nothing in it runs, joins or redirects. */
const WORD = '(?:"(?:[^"\\\\$`]|\\\\.)+"|[\\w@%+=:,./-]+)';
/**
 * Where the shim cannot even start: in every shell, and with the one exit code and the stream
 * that each of these runtimes takes for a refusal and its reason.
 */
const REFUSES = 'Claw could not be started, so this call was not run: see clawctl doctor';
const LAST_RESORT = ` || sh -c 'echo ${REFUSES} >&2; exit 2'`;
const COMMAND = new RegExp(
  `^${WORD}(?: ${WORD})* hook ([a-z0-9-]+) --server (${WORD})(?: --tokens ${WORD})?` +
    `(?: --keep (${WORD}))?(?: --(mode observe|enforce --wait (\\d{1,4})))?` +
    `(${LAST_RESORT.replaceAll('|', '\\|')})?$`,
);

type Calling = Pick<InstallOptions, 'shim' | 'server' | 'tokens' | 'enforcement'>;

/**
 * These settings have no place for a note of ours, so one command carries it: which containers
 * stood there empty before. The shim passes over it.
 */
export function shimCommand(
  runtime: string,
  { shim, server, tokens, enforcement }: Calling,
  keep: Keep,
): string {
  const where = tokens === undefined ? '' : ` --tokens ${shellWord(tokens)}`;
  const note = keep.length === 0 ? '' : ` --keep ${keep.join(',')}`;
  const how = enforcement === undefined ? '' : wordsOf(enforcement);
  return `${shim} hook ${runtime} --server ${shellWord(server)}${where}${note}${how}`;
}

function wordsOf(enforcement: Enforcement): string {
  if (enforcement.mode === 'observe') return ' --mode observe';
  return ` --enforce --wait ${enforcement.wait_s}${LAST_RESORT}`;
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
  const [enforcing] = commands.flatMap((one) => enforcingShim(one) ?? []);
  return {
    server,
    way: { kind: 'command', command },
    ...(enforcing === undefined ? {} : { enforcing }),
  };
}

/** How a command of ours asks before a call; undefined for one that only records. */
export function enforcingShim(command: string): Enforcing | undefined {
  const [, , , , how, wait_s, guard] = COMMAND.exec(command) ?? [];
  if (how === undefined) return undefined;
  const way = { kind: 'command', command } as const;
  if (wait_s === undefined) return { enforcement: { mode: 'observe' }, way, closed: false };
  const enforcement = { mode: 'enforce', wait_s: Number(wait_s) } as const;
  return { enforcement, way, closed: guard !== undefined };
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

/**
 * Seconds until a runtime gives up on a hook that waits for an approval. Longer than the shim
 * waits itself: what the runtime ends in the middle has answered nothing.
 */
export function patienceOf(enforcement: Enforcement | undefined, usual_s: number): number {
  return enforcement?.mode === 'enforce' ? enforcement.wait_s + 15 : usual_s;
}
