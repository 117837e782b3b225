/** Where the trail is that a command speaks of: server, data folder and token. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isLoopback } from '../../server/loopback.ts';
import { refuse } from '../problem.ts';
import { readPointers } from './pointer.ts';

export type PlaceOptions = {
  readonly env: NodeJS.ProcessEnv;
  readonly url: string | undefined;
  readonly data: string | undefined;
  readonly token: string | undefined;
};

export type Place = {
  /** Without a slash at its end. */
  readonly url: string;
  /** Absolute. */
  readonly data: string;
  /** Given, or the local administrator's; that one never goes beyond this machine. */
  readonly token: () => Promise<string>;
  /** A token would cross the network unencrypted. */
  readonly exposed: boolean;
};

export const DEFAULT_URL = 'http://127.0.0.1:4620';
const DEFAULT_DATA = './data';

/** Throws `usage.invalid` for an address that is none; `token()` where there is no token. */
export async function findPlace(options: PlaceOptions): Promise<Place> {
  const { env } = options;
  const givenUrl = options.url ?? (env['CLAW_URL'] || undefined);
  const givenData = options.data ?? (env['CLAW_DATA'] || undefined);
  const given = options.token ?? (env['CLAW_TOKEN'] || undefined);
  const pointers = await readPointers(env);
  const here = resolve(givenData ?? DEFAULT_DATA);
  const wanted = givenUrl === undefined ? undefined : clean(givenUrl);
  const pointer =
    pointers.find(({ data }) => data === here) ??
    (givenData === undefined
      ? pointers.find(({ url }) => wanted === undefined || url === wanted)
      : undefined);
  const url = wanted ?? pointer?.url ?? DEFAULT_URL;
  const data = givenData === undefined ? (pointer?.data ?? here) : here;
  const local = isLoopback(new URL(url).hostname);
  return {
    url,
    data,
    token: async () => given ?? (local ? await localToken(data) : undefined) ?? missing(url),
    exposed: given !== undefined && !local && url.startsWith('http:'),
  };
}

/**
 * The administrator's token that a data folder keeps for clawctl on the same machine. Read without
 * the schema of `trail/credential.ts`, which takes longer to load than all else.
 */
export async function localToken(data: string): Promise<string | undefined> {
  try {
    const text = await readFile(join(data, 'credentials.json'), 'utf8');
    const { tokens } = JSON.parse(text) as { tokens: readonly { readonly token?: unknown }[] };
    const token = tokens.find((stored) => typeof stored.token === 'string')?.token;
    return typeof token === 'string' ? token : undefined;
  } catch {
    return undefined;
  }
}

function missing(url: string): never {
  throw refuse('request.unauthorised', 'noToken', { url });
}

function clean(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.username !== '') {
    throw refuse('usage.invalid', 'badUrl', { url: text });
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}
