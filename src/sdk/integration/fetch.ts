/** `fetch` that records each request as an API call, and behaves as the one it wraps. */
import type { Session } from '../sdk.ts';
import { type Place, placeOf } from './url.ts';
import { at, countOf, failureOf, followed, given, type Host, nameOf } from './witness.ts';

export type FetchOptions = {
  /** A session's handle, its id, or a function asked at each request. */
  readonly session: Session | string | (() => Session | string | undefined);
  /** The client, where the session is given by its id. */
  readonly claw?: Host;
};

type Fetch = typeof globalThis.fetch;

/** What is known before the answer comes. */
type Request = Place & { readonly method: string; readonly sent: number | undefined };

/**
 * The same function: the response itself is given back, so its body, aborts and errors are what
 * they were. Destination, method, path, status, duration and the bytes that the headers
 * tell are recorded, before and after; headers and bodies are not, nor secrets in the URL.
 */
export function wrapFetch(fetch: Fetch, options: FetchOptions): Fetch {
  return ((...args: Parameters<Fetch>) => {
    const since_ms = performance.now();
    const request = quietly(() => requestOf(args));
    const call = request && quietly(() => begin(request, options));
    const answer = fetch(...args);
    if (call === undefined || !(answer instanceof Promise)) return answer;
    const took = () => ({ duration_ms: performance.now() - since_ms });
    return followed(
      answer,
      (response) => void quietly(() => call({ ...answered(response), ...took() })),
      (error) => void quietly(() => call({ ...failed(error), ...took() })),
    );
  }) as Fetch;
}

function begin(request: Request, { session, claw }: FetchOptions) {
  const found = typeof session === 'function' ? session() : session;
  if (found === undefined) return undefined;
  const opened = typeof found === 'string' ? claw?.session({ session_id: found }) : found;
  const { sent, ...place } = request;
  const call_id = `api_${crypto.randomUUID()}`;
  const attributes = sent === undefined ? {} : { attributes: { request_bytes: sent } };
  opened?.api_call({ ...place, ...attributes, call_id, status: 'pending' });
  return opened && ((facts: object) => opened.api_call({ ...place, ...facts, call_id }));
}

function requestOf([input, init]: Parameters<Fetch>): Request | undefined {
  const url = typeof input === 'string' ? input : input instanceof URL ? input.href : input.url;
  const place = placeOf(url);
  if (place === undefined) return undefined;
  const method = init?.method ?? (at(input, 'method') as string | undefined) ?? 'GET';
  return { ...place, method: method.slice(0, 32).toUpperCase(), sent: sizeOf(init?.body) };
}

/** Of a body that is held in memory. */
function sizeOf(body: unknown): number | undefined {
  if (typeof body === 'string') return Buffer.byteLength(body);
  if (body instanceof URLSearchParams) return Buffer.byteLength(String(body));
  return countOf(at(body, 'byteLength')) ?? countOf(at(body, 'size'));
}

function answered(response: Response) {
  const length = response.headers.get('content-length');
  const bytes = length === null ? undefined : countOf(Number(length));
  const { status } = response;
  return {
    status: status < 400 ? 'success' : 'error',
    status_code: status,
    ...given('bytes', bytes),
  };
}

function failed(error: unknown) {
  const failure = failureOf(error);
  const code = nameOf(at(error, 'cause', 'code')) ?? nameOf(at(error, 'name'));
  // What the other side did with an aborted request was not seen.
  const aborted = at(error, 'name') === 'AbortError' || at(error, 'name') === 'TimeoutError';
  return {
    status: aborted ? 'unknown' : 'error',
    error: { ...failure, ...given('code', code) },
  };
}

function quietly<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    // The request goes on; recording is the client's own concern.
    return undefined;
  }
}
