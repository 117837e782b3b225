/** A small server that speaks the capture side of Claw's HTTP face and keeps what it was sent. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Received = {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly captured_at: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
};

export type Collector = {
  readonly url: string;
  readonly received: readonly Received[];
  /** What it answers next; 0 means never. */
  readonly answer: (status: number) => void;
  readonly close: () => Promise<void>;
};

export async function startCollector(): Promise<Collector> {
  const received: Received[] = [];
  let status = 200;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (status === 0) return;
    if (status === 200) {
      received.push({
        path: request.url ?? '',
        authorization: request.headers.authorization,
        captured_at: request.headers['x-claw-captured-at']?.toString(),
        body: JSON.parse(Buffer.concat(chunks).toString()) as Received['body'],
      });
    }
    response.writeHead(status, { 'Content-Type': 'application/json' }).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answer: (next) => {
      status = next;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
