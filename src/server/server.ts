/** Opens the HTTP face: routes, guard, limits and timeouts, on one port. */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { Fault } from '../fault/fault.ts';
import { register } from './app.ts';
import { type Face, openFace } from './face.ts';
import { openApp } from './listener.ts';
import { isLoopback } from './loopback.ts';
import type { Server, ServerOptions } from './option.ts';

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 4620;
/** How often it is written down when tokens were last used. */
const FLUSH_MS = 60_000;
const REAP_MS = 20;

/**
 * Resolves when requests are answered. Throws `config.invalid` for an address that is taken or
 * not ours, for TLS files that do not do, and for plain HTTP beyond loopback without leave.
 */
export async function openServer(options: ServerOptions): Promise<Server> {
  const { host = DEFAULT_HOST, port = DEFAULT_PORT } = options;
  const loopback = isLoopback(host);
  if (!loopback && !options.tls && !options.allowPlainHttp) throw plainHttp(host);
  const closing = new AbortController();
  const face = openFace({ ...options, loopback, closing: closing.signal });
  const app = openApp({ face, log: options.log, tls: options.tls && readTls(options.tls) });
  register(app, face, options.allowedHosts ?? []);
  try {
    await app.listen({ host, port, backlog: 511 });
  } catch (error) {
    throw cannotListen(error, host, port);
  }
  const flush = setInterval(() => face.credentials.flush().catch(() => undefined), FLUSH_MS);
  flush.unref();
  const address = app.server.address();
  const bound = typeof address === 'object' && address ? address.port : port;
  const name = host.includes(':') ? `[${host}]` : host;
  const close = async () => {
    clearInterval(flush);
    face.gaps.close();
    closing.abort();
    await closeApp(app, face);
  };
  let closed: Promise<void> | undefined;
  return {
    url: `${options.tls ? 'https' : 'http'}://${name}:${bound}`,
    port: bound,
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

/** Requests in work may finish; sockets that are still open after the grace are destroyed. */
async function closeApp(app: ReturnType<typeof openApp>, face: Face): Promise<void> {
  const force = setTimeout(() => app.server.closeAllConnections(), face.limits.close_ms);
  // Node closes the sockets that are idle now, not those that become idle while it waits.
  const reap = setInterval(() => app.server.closeIdleConnections(), REAP_MS);
  try {
    await app.close();
  } finally {
    clearTimeout(force);
    clearInterval(reap);
  }
  await face.notebook.close();
  await face.credentials.flush().catch(() => undefined);
  face.metrics.registry.clear();
}

function readTls({ cert, key }: NonNullable<ServerOptions['tls']>) {
  try {
    const files = { cert: readFileSync(cert), key: readFileSync(key) };
    createSecureContext(files);
    return files;
  } catch (cause) {
    throw new Fault('config.invalid', `The TLS files ${cert} and ${key} cannot be used.`, {
      field: 'tls_cert',
      cause,
    });
  }
}

function plainHttp(host: string): Fault {
  return new Fault('config.invalid', `Listening on ${host} without TLS would show tokens.`, {
    field: 'host',
    hint: 'Set tls_cert and tls_key, or allow_plain_http behind a proxy that adds TLS.',
  });
}

function cannotListen(error: unknown, host: string, port: number): Fault {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  const taken = code === 'EADDRINUSE';
  const reason = taken ? 'is in use' : `cannot be listened on (${code})`;
  return new Fault('config.invalid', `Port ${port} on ${host} ${reason}.`, {
    field: 'port',
    hint: taken ? 'Stop the other program, or choose another port.' : 'Choose another address.',
    cause: error,
  });
}
