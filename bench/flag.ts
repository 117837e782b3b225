/** Reads what a benchmark is called with; what it does not know, it refuses with a way out. */
import { type ParseArgsConfig, parseArgs } from 'node:util';

export type Called<Flag extends string> = {
  readonly flags: Readonly<Record<Flag, string>>;
  readonly names: readonly string[];
};

/** The flags with their defaults, and the other words. Prints `help` and ends for `--help`. */
export function readCall<Flag extends string>(
  defaults: Readonly<Record<Flag, string>>,
  help: string,
): Called<Flag> {
  const options: NonNullable<ParseArgsConfig['options']> = { help: { type: 'boolean' } };
  for (const flag of Object.keys(defaults)) options[flag] = { type: 'string' };
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    if (values['help'] !== true) {
      return { flags: { ...defaults, ...values } as Record<Flag, string>, names: positionals };
    }
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
  console.log(help);
  return process.exit(0);
}

/** Says why, and ends with the exit code of a wrong call. */
export function refuse(why: string): never {
  console.error(`${why}\nWith --help it says what can be asked.`);
  process.exit(2);
}
