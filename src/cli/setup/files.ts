/** A runtime's files: where they are, and how changes to them are shown, agreed and written. */
import { chmod, mkdir, readFile, realpath, rm, rmdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { changesOf } from '../../adapter/change.ts';
import type { Installer, Paths, Place, Texts } from '../../adapter/installer.ts';
import { writeWhole } from '../atomic.ts';
import { type CommandOption, type Context, flag, type Input } from '../command/command.ts';
import { refuse } from '../problem.ts';
import { truncate } from '../screen/width.ts';

export const SCOPES: readonly CommandOption[] = [
  { flags: '--project', about: 'command.option.project' },
  { flags: '--user', about: 'command.option.userScope' },
  { flags: '--yes', about: 'command.option.yes' },
];

export type Ground = { readonly place: Place; readonly paths: Paths; readonly texts: Texts };

/** The user's own files unless the project's are asked for, with what they say now. */
export async function survey(
  { env }: Pick<Context, 'env'>,
  input: Input,
  installer: Installer,
): Promise<Ground> {
  const project = flag(input, 'project');
  if (project && flag(input, 'user')) {
    throw refuse('usage.invalid', 'conflict', { one: '--project', other: '--user' });
  }
  const scope = project ? 'project' : 'user';
  if (!installer.scopes.includes(scope)) {
    throw refuse('usage.invalid', 'noScope', { runtime: installer.title });
  }
  const place: Place = { scope, home: env['HOME'] || homedir(), project: resolve('.'), env };
  const named = Object.entries(installer.paths(place));
  const found = named.map(async ([name, path]) => {
    const real = await settled(path);
    return [name, real, await readText(real)] as const;
  });
  const files = await Promise.all(found);
  return {
    place,
    paths: Object.fromEntries(files.map(([name, path]) => [name, path])),
    texts: Object.fromEntries(files.map(([name, , text]) => [name, text])),
  };
}

/** Through the links of its folder: runtimes name their files so, and trust them by that name. */
async function settled(path: string): Promise<string> {
  const folder = await realpath(dirname(path)).catch(() => dirname(path));
  return join(folder, basename(path));
}

async function readText(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw refuse('data.unwritable', 'unreadable', { file, reason: error.code ?? error.message });
  });
}

/** One file that is to become something else; undefined: it is, or is to be, no file. */
export type Change = {
  readonly file: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
};

export function changesIn({ paths, texts }: Ground, after: Texts): readonly Change[] {
  return Object.keys(paths).flatMap((name) => {
    const change = { file: paths[name] ?? '', before: texts[name], after: after[name] };
    return change.before === change.after ? [] : [change];
  });
}

/** Shows the changes; resolves with whether they were agreed to. Throws where nobody can agree. */
export async function agree(
  context: Context,
  changes: readonly Change[],
  input: Input,
): Promise<boolean> {
  const { t, terminal, format } = context;
  if (format === 'text') for (const change of changes) show(context, change);
  if (flag(input, 'yes')) return true;
  if (format === 'json' || !terminal.interactive) throw refuse('usage.invalid', 'noYes');
  const answer = await terminal.ask(t('install.ask'));
  const agreed = ['y', 'yes', 'はい'].includes(answer.trim().toLowerCase());
  if (!agreed) terminal.note(t('install.declined'));
  return agreed;
}

function show({ t, terminal }: Context, { file, before, after }: Change): void {
  if (after === undefined) {
    terminal.note({ text: t('install.deletes', { file }), style: 'bold' });
    return;
  }
  terminal.note({ text: t('install.change', { file }), style: 'bold' });
  const masked = (text = '') => text.replaceAll(/\bclaw_[\w-]+/g, 'claw_…');
  for (const line of changesOf(masked(before), masked(after)).split('\n')) {
    const style = line.startsWith('+') ? 'good' : line.startsWith('-') ? 'bad' : 'dim';
    terminal.note({ text: truncate(line, terminal.columns), style });
  }
}

/** Each file whole or not at all; what holds a token is for this user alone. */
export async function writeChanges(changes: readonly Change[]): Promise<void> {
  for (const { file, after } of changes) {
    if (after === undefined) await removeFile(file);
    else await writeText(file, after);
  }
}

const SECRET = /\bclaw_[\w-]{8}/;

/** Through a symbolic link, into the file that it names. A new file is the user's alone. */
export async function writeText(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const target = await realpath(file).catch(() => file);
  const mode = await stat(target).then(
    (found) => found.mode & 0o777,
    () => undefined,
  );
  await writeWhole(target, (handle) => handle.writeFile(text));
  if (mode !== undefined && !SECRET.test(text)) await chmod(target, mode);
}

/** With its folder, where that was made for it: one that holds more stays. */
async function removeFile(file: string): Promise<void> {
  await rm(file, { force: true });
  if (basename(dirname(file)) === 'claw') await rmdir(dirname(file)).catch(() => undefined);
}
