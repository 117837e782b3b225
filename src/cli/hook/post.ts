/** One POST within a deadline, over `node:http` alone: the shim must start in no time. */
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';

/** `away`: try again later. `refused`: the server will never take it. */
export type Answer = 'taken' | 'refused' | 'away';

export type Post = {
  readonly token: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** On the clock of `performance.now()`, in milliseconds. */
  readonly ends_at: number;
};

/** Statuses that say that the record itself is wrong. */
const REFUSED = new Set([400, 413, 415, 422]);

export async function post(url: URL, { token, headers, body, ends_at }: Post): Promise<Answer> {
  const left_ms = ends_at - performance.now();
  if (left_ms <= 0) return 'away';
  const { request } =
    url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  const options: RequestOptions = {
    method: 'POST',
    headers: {
      ...headers,
      'Content-Type': 'application/json',
      'Content-Length': body.length,
      ...(token === '' ? {} : { Authorization: `Bearer ${token}` }),
    },
    agent: false,
  };
  const status = await ask(request(url, options), body, left_ms);
  if (status >= 200 && status < 300) return 'taken';
  return REFUSED.has(status) ? 'refused' : 'away';
}

/** The answer's status; 0 where there was none. Its body is never needed. */
function ask(request: ClientRequest, body: Buffer, left_ms: number): Promise<number> {
  return new Promise((resolve) => {
    const end = (status: number) => {
      clearTimeout(timer);
      request.destroy();
      resolve(status);
    };
    const timer = setTimeout(() => end(0), left_ms);
    request.once('response', (answer: IncomingMessage) => end(answer.statusCode ?? 0));
    request.on('error', () => end(0));
    request.end(body);
  });
}
