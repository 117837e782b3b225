/** A transparent HTTP relay on loopback that keeps every exchange's bytes, for comparison. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Kept = {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly request: string;
  readonly status: number;
  readonly answer_headers: IncomingHttpHeaders;
  readonly answer: string;
  /** Whether the answer came to its end. */
  readonly whole: boolean;
};

export type Tee = {
  readonly url: string;
  readonly kept: readonly Kept[];
  readonly close: () => Promise<void>;
};

export type Target = { readonly socketPath: string } | { readonly port: number };

export async function startTee(target: Target): Promise<Tee> {
  const kept: Kept[] = [];
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    const sent = send({ host: '127.0.0.1', ...target, method, path: url, headers });
    const asked: Buffer[] = [];
    const answered: Buffer[] = [];
    request.on('data', (chunk) => asked.push(chunk));
    request.pipe(sent);
    sent.on('response', (head) => {
      response.writeHead(head.statusCode ?? 0, head.headers);
      response.flushHeaders();
      head.on('data', (chunk) => answered.push(chunk));
      head.pipe(response);
      head.on('error', () => response.destroy());
      head.on('close', () =>
        kept.push({
          ...{ method, url, headers, status: head.statusCode ?? 0, whole: head.complete },
          request: Buffer.concat(asked).toString(),
          answer_headers: head.headers,
          answer: Buffer.concat(answered).toString(),
        }),
      );
    });
    sent.on('error', () => response.destroy());
    response.on('close', () => sent.destroy());
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    kept,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
