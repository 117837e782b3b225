/** Claude Code's settings file: where it is, and how a change is shown, agreed and written. */
import { mkdir, readFile, realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { SettingsChange } from '../adapter/claude-code/install.ts';
import { writeWhole } from './atomic.ts';
import { type CommandOption, type Context, flag, type Input } from './command/command.ts';
import { refuse } from './problem.ts';
import { truncate } from './screen/width.ts';

export const SCOPES: readonly CommandOption[] = [
  { flags: '--project', about: 'command.option.project' },
  { flags: '--user', about: 'command.option.userScope' },
  { flags: '--yes', about: 'command.option.yes' },
];

/** The user's settings unless the project's are asked for; those that git leaves alone. */
export function settingsFile({ env }: Context, input: Input): string {
  const project = flag(input, 'project');
  if (project && flag(input, 'user')) {
    throw refuse('usage.invalid', 'conflict', { one: '--project', other: '--user' });
  }
  if (project) return resolve('.claude', 'settings.local.json');
  const home = env['HOME'] || homedir();
  return join(env['CLAUDE_CONFIG_DIR'] || join(home, '.claude'), 'settings.json');
}

/** The file's text; undefined where there is no file. */
export async function readSettings(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw refuse('data.unwritable', 'unreadable', { file, reason: error.code ?? error.message });
  });
}

export type Asking = {
  readonly file: string;
  readonly change: SettingsChange;
  readonly input: Input;
};

/** Shows the change; resolves with whether it was agreed to. Throws where nobody can agree. */
export async function agree(context: Context, { file, change, input }: Asking): Promise<boolean> {
  const { t, terminal, format } = context;
  if (format === 'text') {
    terminal.note({ text: t('install.change', { file }), style: 'bold' });
    for (const line of change.diff.split('\n')) {
      const style = line.startsWith('+') ? 'good' : line.startsWith('-') ? 'bad' : 'dim';
      terminal.note({ text: truncate(line, terminal.columns), style });
    }
  }
  if (flag(input, 'yes')) return true;
  if (format === 'json' || !terminal.interactive) throw refuse('usage.invalid', 'noYes');
  const answer = await terminal.ask(t('install.ask'));
  const agreed = ['y', 'yes', 'はい'].includes(answer.trim().toLowerCase());
  if (!agreed) terminal.note(t('install.declined'));
  return agreed;
}

/** Through a symbolic link, into the file that it names; mode 0600, for it holds a token. */
export async function writeSettings(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const target = await realpath(file).catch(() => file);
  await writeWhole(target, (handle) => handle.writeFile(text));
}
