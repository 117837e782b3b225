/** The command line's grammar in commander's terms: global options, and one command's own. */
import { type Command as Commander, Argument as CommanderArgument, Option } from 'commander';
import type { Command, OptionKey } from './command/command.ts';
import { MENU } from './menu.ts';
import { LANGUAGES, type Translate } from './screen/language.ts';
import { version } from './version.ts';

type Global = {
  readonly flags: string;
  readonly about: OptionKey;
  readonly choices?: readonly string[];
};

const GLOBALS: readonly Global[] = [
  { flags: '--url <url>', about: 'command.option.url' },
  { flags: '--token <token>', about: 'command.option.token' },
  { flags: '--data <dir>', about: 'command.option.data' },
  { flags: '--tenant <name>', about: 'command.option.tenant' },
  { flags: '--json', about: 'command.option.json' },
  { flags: '--utc', about: 'command.option.utc' },
  { flags: '--zone <zone>', about: 'command.option.zone' },
  { flags: '--lang <language>', about: 'command.option.lang', choices: LANGUAGES },
  { flags: '--no-color', about: 'command.option.noColor' },
];

/** Options that stand before or after any command. */
export function addGlobals(program: Commander, t: Translate): void {
  for (const { flags, about, choices } of GLOBALS) {
    const option = new Option(flags, t(about));
    program.addOption(choices ? option.choices([...choices]) : option);
  }
  program.version(version(), '-V, --version', t('command.option.version'));
}

/** What one command takes, and its examples below its help. */
export function addCommand(target: Commander, command: Command, t: Translate): void {
  for (const { name, about, choices } of command.arguments ?? []) {
    const argument = new CommanderArgument(name, t(about));
    target.addArgument(choices ? argument.choices([...choices]) : argument);
  }
  for (const { flags, about, choices, required } of command.options ?? []) {
    const option = new Option(flags, t(about));
    if (choices) option.choices([...choices]);
    if (required) option.makeOptionMandatory();
    target.addOption(option);
  }
  const examples = command.examples.map((example) => `  ${example}`).join('\n');
  target.addHelpText('after', () => `\n${t('help.examples')}\n${examples}`);
}

/** The command that a line calls, by its first words that are no options; empty for none. */
export function findPath(argv: readonly string[]): string {
  const words: string[] = [];
  for (let at = 0; at < argv.length && words.length < 2; at++) {
    const word = argv[at] ?? '';
    if (!word.startsWith('-')) words.push(word);
    else if (takesValue(word)) at++;
  }
  const [first = '', second = ''] = words;
  const paths: readonly string[] = MENU.map(({ path }) => path);
  return [`${first} ${second}`, first].find((path) => paths.includes(path)) ?? '';
}

function takesValue(word: string): boolean {
  return GLOBALS.some(({ flags }) => flags.includes(' <') && flags.startsWith(`${word} `));
}
