/** One HTTP request and its answer, by node:http alone. */
import type { Agent, IncomingMessage, RequestOptions } from 'node:http';
import { createRequire } from 'node:module';
import { urlToHttpOptions } from 'node:url';
import type { Settings } from './option.ts';

export type AskOptions = {
  /** From connecting to the last byte of the answer; `limits.request_ms` where absent. */
  readonly timeout_ms?: number | undefined;
  readonly signal?: AbortSignal | undefined;
};

export type Answer = {
  readonly status: number;
  readonly body: string;
  readonly retry_after: string | undefined;
};

export type Call = {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Whether the process stays alive for the answer. */
  readonly hold: boolean;
  readonly agent?: Agent;
} & AskOptions;

type Http = typeof import('node:http');
export type Line = {
  readonly settings: Settings;
  readonly http: Http;
  readonly agent: Agent;
  /** Answers that wait for a person hold a connection each, and must not hold up events. */
  readonly waiting: Agent;
};

/** An import would read each export of `node:http`, and so load all of `fetch`: 25 ms. */
const require = createRequire(import.meta.url);

export function openLine(settings: Settings): Line {
  const tls = settings.url.protocol === 'https:';
  const http: Http = require(tls ? 'node:https' : 'node:http');
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8, scheduling: 'lifo' });
  const waiting = new http.Agent({ keepAlive: true, scheduling: 'lifo' });
  return { settings, http, agent, waiting };
}

/** A kept-alive connection that the server had just closed is tried once more on a new one. */
export async function call(line: Line, what: Call): Promise<Answer> {
  for (let again = true; ; again = false) {
    try {
      return await once(line, what);
    } catch (error) {
      if (!again || !(error instanceof Error) || !('reused' in error)) throw error;
    }
  }
}

function once({ settings, http, agent }: Line, what: Call): Promise<Answer> {
  const { url, token, limits } = settings;
  const timeout_ms = what.timeout_ms ?? limits.request_ms;
  const options: RequestOptions = {
    ...urlToHttpOptions(url),
    ...(what.signal === undefined ? {} : { signal: what.signal }),
    // As it is: a URL object would take a session named `..` for a step up.
    path: url.pathname + what.path,
    method: what.method,
    agent: what.agent ?? agent,
    headers: {
      accept: 'application/json',
      ...what.headers,
      ...(what.body === undefined ? {} : { 'content-length': Buffer.byteLength(what.body) }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
  };
  return new Promise((resolve, reject) => {
    const request = http.request(options);
    const timer = setTimeout(() => {
      request.destroy(new Error(`no answer within ${timeout_ms} ms`));
    }, timeout_ms);
    if (!what.hold) timer.unref();
    request.on('socket', (socket) => (what.hold ? socket.ref() : socket.unref()));
    const fail = (error: Error & { code?: string }) => {
      clearTimeout(timer);
      const stale = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      reject(stale ? Object.assign(error, { reused: true }) : error);
    };
    request.on('error', fail);
    request.on('response', (response) => {
      collect(response, limits.response_bytes).then((body) => {
        clearTimeout(timer);
        const retry_after = response.headers['retry-after'];
        resolve({ status: response.statusCode ?? 0, body, retry_after });
      }, fail);
    });
    request.end(what.body);
  });
}

async function collect(response: IncomingMessage, limit_bytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size_bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size_bytes += chunk.length;
    if (size_bytes > limit_bytes) throw new Error(`an answer of over ${limit_bytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
