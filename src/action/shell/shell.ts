/** What a shell command line touches: files, folders, hosts, URLs, processes, other commands. */
import { newScope } from './scope.ts';
import { type Findings, traced } from './trace.ts';
import { shellOn } from './walk.ts';

/** Characters of a command line that are read. */
export const COMMAND_CHARS = 65_536;

export type Setting = {
  /** Absolute; without it relative paths stay as they are written. */
  readonly cwd?: string | undefined;
};

/**
 * The effects of a command line, as far as its text tells. Nothing is run and no variable of the
 * environment is read. Never throws; work, depth and results are bounded.
 */
export function shellEffects(command: string, { cwd }: Setting = {}): Findings {
  const { trace, findings } = traced();
  if (command.length > COMMAND_CHARS) trace.error(`only ${COMMAND_CHARS} characters are read`);
  const folder = cwd?.startsWith('/') ? cwd : undefined;
  try {
    shellOn(trace).runText(command.slice(0, COMMAND_CHARS), newScope(folder));
  } catch (cause) {
    // deeper nesting than the parser or the walk can follow: what was seen until then stands
    trace.error(cause instanceof RangeError ? 'nested too deeply' : 'not to be parsed');
  }
  return findings();
}
