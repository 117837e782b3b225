/** The contract of a command: what it takes, and what it does with it. */

import { refuse } from '../problem.ts';
import type { Client } from '../reach/client.ts';
import type { Clock } from '../screen/clock.ts';
import type { Key, Language, Translate } from '../screen/language.ts';
import type { Terminal } from '../screen/terminal.ts';

export type Command = {
  /** Names as commander writes them: `<needed>`, `[optional]`. */
  readonly arguments?: readonly Argument[];
  readonly options?: readonly CommandOption[];
  /** Command lines to copy, at least one. */
  readonly examples: readonly string[];
  /** Throws a Fault for whatever stops it; the evidence that fails is one too. */
  readonly run: (context: Context, input: Input) => Promise<void>;
};

export type Argument = {
  readonly name: string;
  readonly about: ArgumentKey;
  readonly choices?: readonly string[];
};
export type CommandOption = {
  readonly flags: string;
  readonly about: OptionKey;
  readonly choices?: readonly string[];
  readonly required?: true;
};

export type ArgumentKey = Extract<Key, `command.argument.${string}`>;
export type OptionKey = Extract<Key, `command.option.${string}`>;

/** What every command gets. What takes time to make is made when it is first asked for. */
export type Context = {
  readonly t: Translate;
  readonly language: Language;
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly env: NodeJS.ProcessEnv;
  /** `json`: one document on standard output, a line a result where results stream. */
  readonly format: 'text' | 'json';
  readonly connect: () => Promise<Client>;
  /** The data folder of `--data`, `CLAW_DATA`, or what was last served here. */
  readonly dataFolder: () => Promise<string>;
  /** The names of all commands with their options, for completion. */
  readonly tree: () => Promise<CommandTree>;
  /** Aborts at the first SIGINT or SIGTERM; asking for it takes these signals over. */
  readonly interruption: () => AbortSignal;
};

/** A command line's words, as a completion needs them. */
export type CommandTree = {
  readonly name: string;
  readonly about: string;
  readonly options: readonly TreeOption[];
  readonly arguments: readonly { readonly choices: readonly string[] }[];
  readonly commands: readonly CommandTree[];
};

export type TreeOption = {
  readonly flags: readonly string[];
  readonly about: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
};

export type Input = {
  readonly arguments: readonly (string | undefined)[];
  /** By commander's camel-case names; the global ones too. */
  readonly options: Readonly<Record<string, unknown>>;
};

/** An option's value; undefined where it was not given. */
export function option(input: Input, name: string): string | undefined {
  const value = input.options[name];
  return typeof value === 'string' ? value : undefined;
}

/** Whether a flag was given. */
export function flag(input: Input, name: string): boolean {
  return input.options[name] === true;
}

/** The n-th argument, for those that commander has required. */
export function argument(input: Input, at = 0): string {
  return input.arguments[at] ?? '';
}

export type Bounds = { readonly least: number; readonly most: number };

/** A whole number within bounds; throws `usage.invalid`. */
export function whole(input: Input, name: string, { least, most }: Bounds): number | undefined {
  const text = option(input, name);
  if (text === undefined) return undefined;
  const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  const dashed = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw refuse('usage.invalid', 'whole', { option: `--${dashed}`, least, most });
}
