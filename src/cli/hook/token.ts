/** The user's private file of tokens: for runtimes whose settings have no place for a secret. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fs } from './builtin.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** By server (as the hook names it) and runtime. */
export type TokenFile = {
  readonly version: 1;
  readonly tokens: Readonly<Record<string, Readonly<Record<string, string>>>>;
};

export function tokenPath(env: Env): string {
  return join(env['XDG_CONFIG_HOME'] || usualFolder(env), 'claw', 'tokens.json');
}

/** Where the file is for whoever knows no more of the user than the home. */
export function usualTokenPath(env: Env): string {
  return join(usualFolder(env), 'claw', 'tokens.json');
}

function usualFolder(env: Env): string {
  return join(env['HOME'] || homedir(), '.config');
}

/** An empty one for a file that is not there, or not ours. */
export function readTokenFile(path: string): TokenFile {
  try {
    const { tokens } = JSON.parse(fs.readFileSync(path, 'utf8')) as Partial<TokenFile>;
    return { version: 1, tokens: typeof tokens === 'object' && tokens !== null ? tokens : {} };
  } catch {
    return { version: 1, tokens: {} };
  }
}

/** The token of a runtime for a server; undefined where the file has none. */
export function tokenFor(
  { tokens }: TokenFile,
  server: string,
  runtime: string,
): string | undefined {
  const own = Object.hasOwn(tokens, server) ? tokens[server] : undefined;
  if (typeof own !== 'object' || own === null || !Object.hasOwn(own, runtime)) return undefined;
  const token = own[runtime];
  return typeof token === 'string' ? token : undefined;
}
