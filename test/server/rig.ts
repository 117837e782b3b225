/** A server over a trail on loopback, its tokens, and a client that keeps answers whole. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerOptions } from '../../src/server/option.ts';
import { openServer } from '../../src/server/server.ts';
import { openCredentials, type Role } from '../../src/trail/credential.ts';
import type { Trail } from '../../src/trail/trail.ts';

export type Reply = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  readonly body: any;
};

export type Sent = {
  readonly method?: string;
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | object;
};

export type Rig = Awaited<ReturnType<typeof openRig>>;

export async function openRig(
  openTrail: () => Promise<Trail>,
  options: Partial<ServerOptions> = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'claw-server-'));
  const trail = await openTrail();
  const credentials = await openCredentials({
    path: join(folder, 'credentials.json'),
    now: Date.now,
    entropy: randomBytes,
  });
  const server = await openServer({ trail, credentials, version: '1.2.3', port: 0, ...options });
  const token = async (role: Role, tenant: string) =>
    (await credentials.create({ name: `${role} of ${tenant}`, role, tenant })).token;
  return {
    trail,
    credentials,
    server,
    operator: credentials.token ?? '',
    recorder: await token('recorder', 'acme'),
    viewer: await token('viewer', 'acme'),
    approver: await token('approver', 'acme'),
    admin: await token('admin', 'acme'),
    foreigner: await token('admin', 'other'),
    send: (path: string, sent: Sent = {}) => send(`${server.url}${path}`, sent),
    raw: (bytes: string | Uint8Array) => rawRequest(server.port, bytes),
    close: async () => {
      await server.close();
      await trail.close();
      rmSync(folder, { recursive: true });
    },
  };
}

export async function send(url: string, { method, token, headers, body }: Sent): Promise<Reply> {
  const json = typeof body === 'object' && !(body instanceof Uint8Array);
  const response = await fetch(url, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: json ? JSON.stringify(body) : (body as string) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Sends bytes as they are and gives back everything until the server ends the connection. */
export function rawRequest(port: number, bytes: string | Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', (error) => (text === '' ? reject(error) : resolve(text)));
    socket.on('close', () => resolve(text));
    socket.write(bytes);
  });
}

/** Asks again until the condition holds: followers lag, and readings are noted after answers. */
export async function eventually<T>(
  ask: () => Promise<T>,
  holds: (value: T) => boolean,
): Promise<T> {
  for (;;) {
    const value = await ask();
    if (holds(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
