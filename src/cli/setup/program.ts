/** A runtime's own program on this machine: where it is, its version, and a bounded call of it. */
import { spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Program } from '../../adapter/installer.ts';

const PATIENCE_MS = 20_000;
/** Of its output, for a version. */
const OUTPUT_BYTES = 64 * 1024;

/** The program that a shell would find, or the file that was named; undefined for none. */
export async function findProgram(
  { name }: Program,
  { env, given }: { readonly env: NodeJS.ProcessEnv; readonly given: string | undefined },
): Promise<string | undefined> {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const candidates = given === undefined ? folders.map((folder) => join(folder, name)) : [given];
  for (const file of candidates) {
    const runs = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return file;
  }
  return undefined;
}

/** `2.1.330` out of what it prints; undefined where it prints none in time. */
export async function versionOf(
  file: string,
  { version }: Program,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const { output } = await run(file, { args: version, env });
  return /\b\d+\.\d+(?:\.[0-9A-Za-z-]+)*/.exec(output)?.[0];
}

export type Call = {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly input?: string;
  /** As a shell's command line instead of a file. */
  readonly shell?: boolean;
};

/** Runs to the end, or is ended; never throws. */
export function run(
  file: string,
  { args, env, input = '', shell = false }: Call,
): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((resolve) => {
    const child = spawn(file, [...args], { env, shell, stdio: ['pipe', 'pipe', 'ignore'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    let output = '';
    const end = (code: number | null) => {
      clearTimeout(timer);
      resolve({ code, output });
    };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (output.length < OUTPUT_BYTES) output += text;
    });
    child.on('error', () => end(null));
    child.on('close', end);
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
