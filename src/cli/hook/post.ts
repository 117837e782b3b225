/** One POST within a deadline over a bare connection: the shim must start in no time. */
import type { Socket } from 'node:net';
import { net, tls } from './builtin.ts';

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
export const REFUSED: ReadonlySet<number> = new Set([400, 413, 415, 422]);
/** What a header line may hold: nothing that ends it and begins another. */
const LINE = /^[\x20-\x7e]*$/;
/** The first line of an answer is far shorter. */
const ANSWER_BYTES = 64 * 1024;

export async function post(url: URL, posted: Post): Promise<Answer> {
  const left_ms = posted.ends_at - performance.now();
  const request = requestOf(url, posted);
  if (left_ms <= 0 || request === undefined) return 'away';
  const status = await ask(connect(url), request, left_ms);
  if (status >= 200 && status < 300) return 'taken';
  return REFUSED.has(status) ? 'refused' : 'away';
}

/** Undefined where a line of it would hold what ends a line. */
export function requestOf(url: URL, { token, headers, body }: Post): Buffer | undefined {
  const lines = [
    `POST ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(token === '' ? [] : [`Authorization: Bearer ${token}`]),
  ];
  if (!lines.every((line) => LINE.test(line))) return undefined;
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  return Buffer.concat([head, body]);
}

/** Not by `node:http`: with it the shim takes a quarter longer (10 ms). */
export function connect({ protocol, hostname, port }: URL): Socket {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (protocol === 'http:') return net().connect({ host, port: Number(port || 80) });
  const name = net().isIP(host) === 0 ? { servername: host } : {};
  return tls().connect({ host, port: Number(port || 443), ...name });
}

/** The answer's status; 0 where there was none. Its body is never needed. */
function ask(socket: Socket, request: Buffer, left_ms: number): Promise<number> {
  return new Promise((resolve) => {
    const end = (status: number) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(status);
    };
    const timer = setTimeout(() => end(0), left_ms);
    let answer = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      answer += text;
      const status = statusIn(answer);
      if (status !== undefined || answer.length > ANSWER_BYTES) end(status ?? 0);
    });
    socket.once('close', () => end(0));
    socket.on('error', () => end(0));
    socket.write(request);
  });
}

/** The status of an answer (RFC 9112 §4) as far as it came, past any that only announce one. */
function statusIn(answer: string): number | undefined {
  const line =
    /^(?:HTTP\/1\.1 1\d\d(?: [^\r\n]*)?\r\n(?:[^\r\n]+\r\n)*\r\n)*HTTP\/1\.[01] ([2-9]\d\d)[ \r]/;
  const status = line.exec(answer)?.[1];
  return status === undefined ? undefined : Number(status);
}
