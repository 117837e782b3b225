/** Which runtime a command means, and what its installer needs of this machine. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Installer } from '../../adapter/installer.ts';
import { INSTALLERS } from '../../adapter/installer-menu.ts';
import { shellWord } from '../../adapter/shim.ts';
import { type Argument, argument, type CommandOption, type Input } from '../command/command.ts';
import { refuse } from '../problem.ts';

export const RUNTIMES: readonly string[] = INSTALLERS.map(({ runtime }) => runtime);

export const RUNTIME_ARGUMENT: Argument = {
  name: '<runtime>',
  about: 'command.argument.runtime',
  choices: RUNTIMES,
};

export const PROGRAM: CommandOption = {
  flags: '--program <file>',
  about: 'command.option.program',
};

/** Throws `usage.invalid`. */
export function installerOf(input: Input): Installer {
  const runtime = argument(input);
  const installer = INSTALLERS.find((one) => one.runtime === runtime);
  if (installer) return installer;
  throw refuse('usage.invalid', 'choice', { option: 'runtime', choices: RUNTIMES.join(', ') });
}

/** This very Node and this very clawctl: hooks run where no PATH of ours is set. */
export function shim(): string {
  return [process.execPath, beside('bin/clawctl.js')].map(shellWord).join(' ');
}

/** Sends what a plugin left on the disk when its agent ended. */
export function drain(): readonly string[] {
  return [process.execPath, beside('plugins/drain.js')];
}

/** Texts of the plugin files that an installer copies. */
export async function sourcesOf(installer: Installer): Promise<Record<string, string>> {
  const texts = installer.sources.map(async (name) => {
    return [name, await readFile(beside(`plugins/${name}`), 'utf8')] as const;
  });
  return Object.fromEntries(await Promise.all(texts));
}

/** A file of this package. */
export function beside(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url));
}
