/** Runs a command line: finds the command, loads it, and turns every failure into an exit code. */
import { Command as Commander, type CommanderError } from 'commander';
import { asFault, exitCode, Fault } from '../fault/fault.ts';
import { type CommandTree, type Input, option } from './command/command.ts';
import { openContext } from './context.ts';
import { helpStyle } from './help.ts';
import { type CommandPath, MENU, type MenuEntry } from './menu.ts';
import { addCommand, addGlobals, findPath } from './parse.ts';
import { report } from './problem.ts';
import { chooseLanguage, type Key, speak, type Translate } from './screen/language.ts';
import { openTerminal } from './screen/terminal.ts';
import { usageFault } from './usage.ts';

/** The exit code: 0 done, 1 the evidence fails, 2 the caller, 3 the operator, 4 a bug. */
export async function runProgram(
  words: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const argv = words[0] === 'help' ? [...words.slice(1), '--help'] : words;
  const language = chooseLanguage(argv, env);
  const t = await speak(language);
  const color = argv.includes('--no-color') ? 'never' : 'auto';
  const terminal = openTerminal({ env, color });
  const format = argv.includes('--json') ? 'json' : 'text';
  let query: string | undefined;
  try {
    const program = await build({
      t,
      addressed: findPath(argv),
      run: async (entry, input) => {
        query = option(input, 'query');
        const tree = async () =>
          describe(await build({ t, addressed: 'all', run: async () => {} }));
        const context = openContext({ t, language, terminal, env, format, tree, input });
        await (await entry.load()).run(context, input);
      },
    });
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync(argv, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (isCommander(error) && error.exitCode === 0) return 0;
    const fault = isCommander(error) ? usageFault(error) : asFault(error);
    report(fault, { terminal, t, format, query });
    if (fault.code === 'internal.bug' && env['CLAW_DEBUG']) console.error(error);
    return exitCode(fault);
  }
}

type Building = {
  readonly t: Translate;
  /** Which command is called: only that one is loaded. */
  readonly addressed: string | 'all';
  readonly run: (entry: MenuEntry, input: Input) => Promise<void>;
};

async function build({ t, addressed, run }: Building): Promise<Commander> {
  const program = group(new Commander('clawctl'), t).description(t('about'));
  addGlobals(program, t);
  program.addHelpText('after', () => `\n${t('footer')}`);
  for (const entry of MENU) {
    const words = entry.path.split(' ');
    const parent = words.length === 1 ? program : groupOf(program, words[0] ?? '', t);
    const child = group(new Commander(words.at(-1)), t).description(t(aboutKey(entry.path)));
    parent.addCommand(child);
    if (addressed !== 'all' && addressed !== entry.path) continue;
    addCommand(child, await entry.load(), t);
    child.action(async (...given: unknown[]) => {
      // A last argument that takes several comes as a list.
      const positional = given.slice(0, -2).flat() as (string | undefined)[];
      await run(entry, { arguments: positional, options: child.optsWithGlobals() });
    });
  }
  return program;
}

/** The sentence of a command; does not compile while a command of the menu has none. */
function aboutKey(path: CommandPath): Key {
  const dotted = path.replace(' ', '.') as Dotted<CommandPath>;
  return `command.about.${dotted}`;
}

type Dotted<P extends string> = P extends `${infer Group} ${infer Name}` ? `${Group}.${Name}` : P;

function groupOf(program: Commander, name: string, t: Translate): Commander {
  const found = program.commands.find((command) => command.name() === name);
  if (found) return found;
  const made = group(new Commander(name), t).description(t(`group.${name}` as Key));
  program.addCommand(made);
  return made;
}

function group(command: Commander, t: Translate): Commander {
  return command
    .configureHelp(helpStyle(t))
    .configureOutput({ outputError: () => {} })
    .helpOption('-h, --help', t('command.option.help'))
    .helpCommand(false)
    .exitOverride();
}

function describe(command: Commander): CommandTree {
  return {
    name: command.name(),
    about: command.description(),
    options: command.options.map((option) => ({
      flags: [option.short, option.long].filter((flag) => flag !== undefined && flag !== null),
      about: option.description,
      takesValue: option.required || option.optional,
      choices: option.argChoices ?? [],
    })),
    arguments: command.registeredArguments.map(({ argChoices }) => ({ choices: argChoices ?? [] })),
    commands: command.commands.map(describe),
  };
}

function isCommander(error: unknown): error is CommanderError {
  return !(error instanceof Fault) && error instanceof Error && error.name === 'CommanderError';
}
