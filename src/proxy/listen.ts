/** Listens for clients of a proxy, and closes without cutting off what is under way. */
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Fault } from '../fault/fault.ts';

export type ListenOptions = {
  /** Default: this machine alone. */
  readonly host?: string | undefined;
  /** 0 takes any that is free. */
  readonly port: number;
};

export type Listening = {
  readonly url: string;
  /** New connections are refused; open ones may finish within the grace, in milliseconds. */
  readonly close: (grace_ms: number) => Promise<void>;
};

const SWEEP_MS = 50;
/**
 * How long a client may keep a connection without a request, in milliseconds: longer than clients
 * do (Go's 90 s), so that none is closed while a request is on its way.
 */
const KEEP_MS = 120_000;

/** Throws `config.invalid` where the address cannot be listened on. */
export async function listen(server: Server, { host, port }: ListenOptions): Promise<Listening> {
  const sockets = new Set<Socket>();
  server.keepAliveTimeout = KEEP_MS;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const at = host ?? '127.0.0.1';
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, at, resolve);
  }).catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code ?? cause.message;
    throw new Fault('config.invalid', `${at}:${port} cannot be listened on: ${reason}.`, {
      field: 'port',
      hint: 'Choose another with --port.',
      cause,
    });
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${at.includes(':') ? `[${at}]` : at}:${bound}`,
    close: async (grace_ms) => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      // A client keeps its connection after its last answer, for the next request.
      const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
      const timer = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, grace_ms);
      await closed;
      clearInterval(sweep);
      clearTimeout(timer);
    },
  };
}
