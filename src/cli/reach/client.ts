/** Speaks to a Claw server: JSON answers, streams, and its faults as our own. */
import { asFault, type Fault } from '../../fault/fault.ts';
import { faultOf, refuse } from '../problem.ts';

export type Query = Readonly<Record<string, string | number | undefined>>;

export type Client = {
  readonly url: string;
  readonly get: <T>(path: string, query?: Query) => Promise<T>;
  readonly post: <T>(path: string, body: unknown) => Promise<T>;
  readonly remove: (path: string) => Promise<void>;
  /** An answer that is read as it comes; breaks off when the signal aborts. */
  readonly stream: (path: string, query: Query, signal: AbortSignal) => Promise<Streamed>;
};

export type Streamed = {
  readonly header: (name: string) => string | undefined;
  /** Throws `server.unreachable` where the answer ends before it is complete. */
  readonly chunks: AsyncIterable<Uint8Array>;
};

export type ClientOptions = {
  readonly url: string;
  readonly token: () => Promise<string>;
  readonly tenant: string | undefined;
};

/** Longest wait for an answer that is no stream, in milliseconds. */
const PATIENCE_MS = 60_000;

export function openClient({ url, token, tenant }: ClientOptions): Client {
  const call = async (path: string, init: RequestInit, query: Query = {}) => {
    const authorization = `Bearer ${await token()}`;
    // A redirect could carry the request, and what is in it, to another host.
    const fetching = fetch(address(url, path, { tenant, ...query }), {
      signal: AbortSignal.timeout(PATIENCE_MS),
      ...init,
      headers: { authorization, ...init.headers },
      redirect: 'error',
    });
    const response = await fetching.catch((cause: unknown) => {
      throw init.signal?.aborted ? asFault(cause) : unreachable(url);
    });
    if (!response.ok) throw faultOf(await body(response), response.status);
    return response;
  };
  return {
    url,
    get: async <T>(path: string, query?: Query) => {
      const value = await body(await call(path, {}, query));
      if (value === undefined) throw refuse('server.unreachable', 'foreignAnswer', { status: 200 });
      return value as T;
    },
    post: async <T>(path: string, content: unknown) => {
      const headers = { 'content-type': 'application/json' };
      const init = { method: 'POST', headers, body: JSON.stringify(content) };
      return (await body(await call(path, init))) as T;
    },
    remove: async (path) => {
      await call(path, { method: 'DELETE' });
    },
    stream: async (path, query, signal) => {
      const response = await call(path, { signal }, query);
      return {
        header: (name) => response.headers.get(name) ?? undefined,
        chunks: chunks(response, url, signal),
      };
    },
  };
}

function address(base: string, path: string, query: Query): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) params.set(name, String(value));
  }
  const text = params.toString();
  return `${base}${path}${text === '' ? '' : `?${text}`}`;
}

async function body(response: Response): Promise<unknown> {
  const text = await response.text().catch(() => {
    throw unreachable(response.url);
  });
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function* chunks(
  response: Response,
  url: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  if (!response.body) return;
  try {
    yield* response.body;
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw refuse('server.unreachable', 'cutAnswer', { url });
  }
}

function unreachable(url: string): Fault {
  return refuse('server.unreachable', 'unreachable', { url });
}
