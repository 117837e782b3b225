/** Clients of every manner: one that waits politely for answers, and sockets that do as told. */
import { type Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';

export type Reply = {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
};

export type Asked = {
  readonly url: URL;
  readonly path: string;
  readonly token?: string;
  /** POSTs where given. */
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly agent?: Agent;
};

/** One connection a request unless an agent is given: it is not to find a socket that was cut. */
export function ask({ url, path, token, body, headers, agent }: Asked): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        ...{ hostname: url.hostname, port: url.port, path, agent: agent ?? false },
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: answer.statusCode ?? 0, text, headers: answer.headers });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

/** A socket that is open, whose failures are part of the game. */
export async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  await new Promise((resolve) => {
    socket.once('connect', resolve).once('close', resolve);
  });
  return socket;
}

/** Everything that the server says until it ends the connection. */
export function heard(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk) => {
    text += chunk;
  });
  return new Promise((resolve) => {
    socket.once('end', () => socket.end());
    socket.once('close', () => resolve(text));
    if (socket.destroyed) resolve(text);
  });
}

/** The statuses of the answers in what was heard. */
export function statuses(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]));
}

/** The head of a request, as a client would write it. */
export function head(line: string, headers: Readonly<Record<string, string | number>>): string {
  const all = Object.entries({ Host: 'localhost', ...headers });
  return `${line} HTTP/1.1\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

export function bearer(token: string): { Authorization: string } {
  return { Authorization: `Bearer ${token}` };
}
