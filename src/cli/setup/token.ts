/** Tokens of hooks and plugins: kept while the server knows them, else made anew. */
import { hostname, userInfo } from 'node:os';
import type { Installer, Texts } from '../../adapter/installer.ts';
import { Fault } from '../../fault/fault.ts';
import type { Context } from '../command/command.ts';
import { readTokenFile, tokenFor, tokenPath } from '../hook/token.ts';
import { type Client, openClient } from '../reach/client.ts';
import { writeText } from './files.ts';

/** The token that the installation has, wherever its place is. */
export function tokenAt(
  installer: Installer,
  texts: Texts,
  { env, server }: { readonly env: NodeJS.ProcessEnv; readonly server: string },
): string | undefined {
  if (installer.tokenIn) return installer.tokenIn(texts);
  return tokenFor(readTokenFile(tokenPath(env)), server, installer.runtime);
}

/** Whether the server takes records with it. */
export async function isAccepted(server: string, token: string): Promise<boolean> {
  const asHook = openClient({ url: server, token: async () => token, tenant: undefined });
  try {
    await asHook.post('/v1/events', []);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return error.code !== 'request.unauthorised' && error.code !== 'request.forbidden';
  }
  return true;
}

/** Whose sessions they are: the records of hooks name no user of their own. */
export async function newToken(
  { t, terminal, format }: Context,
  client: Client,
  runtime: string,
): Promise<string> {
  const { username } = userInfo();
  const name = `${runtime} ${username}@${hostname()}`;
  const request = { name, role: 'recorder', user: username };
  const { token } = await client.post<{ token: string }>('/v1/tokens', request);
  if (format === 'text') terminal.note(t('install.token', { name }));
  return token;
}

export type Kept = {
  readonly env: NodeJS.ProcessEnv;
  readonly server: string;
  readonly runtime: string;
};

/** Into the private file; undefined takes it out. */
export async function keepToken(
  { env, server, runtime }: Kept,
  token: string | undefined,
): Promise<void> {
  const path = tokenPath(env);
  const { tokens } = readTokenFile(path);
  const { [runtime]: _, ...others } = Object.hasOwn(tokens, server) ? (tokens[server] ?? {}) : {};
  const own = token === undefined ? others : { ...others, [runtime]: token };
  const file = { version: 1, tokens: { ...tokens, [server]: own } };
  await writeText(path, `${JSON.stringify(file, null, 2)}\n`);
}
