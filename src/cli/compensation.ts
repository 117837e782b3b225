/** Reads which programs of the user's own make up for calls of tools, and runs them. */
import { spawn } from 'node:child_process';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, relative, sep } from 'node:path';
import { z } from 'zod';
import { type Call, type Compensate, named } from '../sdk/rollback/compensate.ts';
import { refuse } from './problem.ts';

const fileSchema = z.strictObject({
  compensations: z
    .array(
      z.strictObject({
        tool: z.string().min(1).max(512),
        run: z.array(z.string().max(4096)).min(1).max(64),
        timeout_s: z.number().positive().max(3600).default(60),
      }),
    )
    .max(1000),
});
type Entry = z.output<typeof fileSchema>['compensations'][number];

export type CompensationOptions = {
  readonly env: NodeJS.ProcessEnv;
  /** Where files are rolled back: an agent may have written there, so no file there is read. */
  readonly root: string;
  /** Default: `claw.compensations.json` in the user's folder of settings. */
  readonly file?: string;
};

/** Throws `config.invalid` for a file that others may write, or that stands below `root`. */
export function loadCompensations({ env, root, file }: CompensationOptions): Compensate {
  const path = file ?? join(settingsFolder(env), 'claw.compensations.json');
  let text: string;
  try {
    const real = realpathSync(path);
    if (isWithin(realpathSync(root), real))
      throw refuse('config.invalid', 'compensationPlace', { path });
    const { mode, uid } = statSync(real);
    const own = process.getuid?.();
    if ((mode & 0o022) !== 0 || (own !== undefined && uid !== own && uid !== 0)) {
      throw refuse('config.invalid', 'compensationOpen', { path });
    }
    text = readFileSync(real, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (typeof code !== 'string' || !/^E[A-Z]+$/.test(code)) throw error;
    throw refuse('config.invalid', 'compensationUnread', { path, reason: code });
  }
  const entries = parsed(text, path);
  return (tool) => {
    const entry = entries.find((one) => named(one.tool, tool));
    return entry && ((call) => run(entry, call));
  };
}

function settingsFolder(env: NodeJS.ProcessEnv): string {
  return join(env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config'), 'claw');
}

function isWithin(root: string, path: string): boolean {
  const rest = relative(root, path);
  return rest !== '..' && !rest.startsWith(`..${sep}`) && !isAbsolute(rest);
}

function parsed(text: string, path: string): readonly Entry[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refuse('config.invalid', 'compensationForm', { path, reason: 'JSON' });
  }
  const checked = fileSchema.safeParse(value);
  const issue = checked.error?.issues[0];
  const reason = issue && `${issue.path.join('.')} ${issue.message}`;
  if (!checked.success)
    throw refuse('config.invalid', 'compensationForm', { path, reason: reason ?? '' });
  const { compensations } = checked.data;
  const relativeOne = compensations.find(({ run }) => !isAbsolute(run[0] ?? ''));
  if (relativeOne === undefined) return compensations;
  const program = relativeOne.run[0] ?? '';
  throw refuse('config.invalid', 'compensationProgram', { path, program });
}

/** No shell, and nothing of the record in the command line: the call is JSON on standard input. */
function run({ run: [program = '', ...words], timeout_s }: Entry, call: Call): Promise<void> {
  const { CLAW_TOKEN: _, ...env } = process.env;
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, {
      ...{ env, shell: false, windowsHide: true },
      stdio: ['pipe', 'ignore', 'inherit'],
      timeout: timeout_s * 1000,
      killSignal: 'SIGKILL',
    });
    child.on('error', reject);
    // A program that does not read its input is no failure of its own.
    child.stdin.on('error', () => {});
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${program}: ${signal ?? `exit ${code}`}`));
    });
    child.stdin.end(`${JSON.stringify(call)}\n`);
  });
}
