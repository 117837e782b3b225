/** A plain server on loopback that plays an upstream, and keeps what it was sent, byte for byte. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export type Asked = {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly string[];
  readonly trailers: readonly string[];
  readonly body: Buffer;
};

export type Play = (request: IncomingMessage, response: ServerResponse, asked: Asked) => unknown;

export type Upstream = {
  readonly url: string;
  readonly server: Server;
  readonly asked: readonly Asked[];
  readonly close: () => Promise<void>;
};

/** `play` is called when the request is there whole. */
export async function startUpstream(play: Play): Promise<Upstream> {
  const asked: Asked[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('error', () => {});
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const one: Asked = {
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.rawHeaders,
        trailers: request.rawTrailers,
        body: Buffer.concat(chunks),
      };
      asked.push(one);
      play(request, response, one);
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    server,
    asked,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
