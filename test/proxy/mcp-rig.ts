/** Real MCP servers and clients of both eras, with `clawctl mcp-proxy` and tees between them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client as ModernClient } from '@modelcontextprotocol/client';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { createMcpHandler } from '@modelcontextprotocol/server';
import type { Row } from '../../src/trail/trail.ts';
import type { Rig } from '../cli/rig.ts';
import { eventually } from '../server/rig.ts';
import type { Target } from './http-tee.ts';
import { modernServer } from './modern/server.ts';

const CHECKOUT = join(import.meta.dirname, '..', '..');
export const CLAWCTL = join(CHECKOUT, 'bin', 'clawctl.js');
export const TEE = join(import.meta.dirname, 'tee', 'child.ts');
export const MODERN = [process.execPath, join(import.meta.dirname, 'modern', 'child.ts')];
export const EVERYTHING = [
  process.execPath,
  fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-everything/dist/index.js')),
];
export const FILESYSTEM = [
  process.execPath,
  fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-filesystem/dist/index.js')),
];

/** Of the era 2025-11-25, with all that a server may ask it for. */
export function legacyClient(): Client {
  const capabilities = { sampling: {}, elicitation: { form: {} }, roots: { listChanged: true } };
  const client = new Client({ name: 'audit-test', version: '1' }, { capabilities });
  client.setRequestHandler(CreateMessageRequestSchema, () => ({
    model: 'fake-model',
    role: 'assistant',
    content: { type: 'text', text: 'sampled!' },
  }));
  client.setRequestHandler(ElicitRequestSchema, () => ({
    action: 'accept',
    content: { name: 'x', color: 'red', check: true },
  }));
  client.setRequestHandler(ListRootsRequestSchema, () => ({
    roots: [{ uri: 'file:///tmp', name: 'tmp' }],
  }));
  return client;
}

/** Of the era 2026-07-28; it says yes to every question. */
export function modernClient(mode: 'auto' | { pin: string } = { pin: '2026-07-28' }) {
  const client = new ModernClient(
    { name: 'modern-client', version: '2' },
    { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode } },
  );
  client.setRequestHandler('elicitation/create', () => ({
    action: 'accept',
    content: { ok: true },
  }));
  return client;
}

/** A sequence that meets all that server-everything does, the same through any transport. */
export async function exercise(client: Client): Promise<number> {
  const { tools } = await client.listTools();
  await client.callTool({ name: 'echo', arguments: { message: 'hi' } });
  await client.callTool({ name: 'get-sum', arguments: { a: 1, b: 2 } });
  await client.callTool({ name: 'echo', arguments: {} });
  await client.callTool({ name: 'nope', arguments: {} });
  const long = { name: 'trigger-long-running-operation', arguments: { duration: 0.3, steps: 3 } };
  await client.callTool(long, undefined, { onprogress: () => {} });
  await client.callTool({ name: 'trigger-sampling-request', arguments: { prompt: 'hello' } });
  await client.callTool({ name: 'trigger-elicitation-request', arguments: {} });
  await client.readResource({ uri: 'demo://resource/static/document/architecture.md' });
  const stop = new AbortController();
  const slow = { ...long, arguments: { duration: 20, steps: 20 } };
  const stopped = client.callTool(slow, undefined, {
    signal: stop.signal,
    onprogress: () => stop.abort('enough'),
  });
  await stopped.then(
    () => Promise.reject(new Error('it was not cancelled')),
    () => undefined,
  );
  return tools.length;
}

/** What `exercise` and its handshake come to, as rows: their tool or endpoint, and status. */
export const EXERCISED: readonly string[] = [
  'initialize success',
  'mcp__everything__echo error',
  'mcp__everything__echo success',
  'mcp__everything__get-sum success',
  'mcp__everything__nope error',
  'mcp__everything__trigger-elicitation-request success',
  'mcp__everything__trigger-elicitation-request success',
  'mcp__everything__trigger-long-running-operation error',
  'mcp__everything__trigger-long-running-operation success',
  'mcp__everything__trigger-sampling-request success',
  'resources/read success',
  'roots/list success',
  'sampling/createMessage success',
  'tools/list success',
];

export function summary(rows: readonly Row[]): string[] {
  return rows
    .map(({ tool, endpoint, type, status }) => `${tool ?? endpoint ?? type} ${status}`)
    .sort();
}

/** The rows that the proxy recorded, oldest first, when there are at least so many settled ones. */
export async function rowsOf(rig: Rig, least: number): Promise<readonly Row[]> {
  const headers = { authorization: `Bearer ${rig.token}` };
  const query = new URLSearchParams({
    query: 'source.kind:mcp_proxy',
    limit: '1000',
    order: 'oldest',
  });
  return eventually(
    async () => {
      const answer = await fetch(`${rig.url}/v1/events?${query}`, { headers });
      const { events } = (await answer.json()) as { events: readonly Row[] };
      return events;
    },
    (rows) => rows.filter(({ status }) => status !== 'pending').length >= least,
  );
}

/** `clawctl mcp-proxy --upstream` on a free port; its address is that of the MCP endpoint. */
export async function startProxy(rig: Rig, upstream: string, more: readonly string[] = []) {
  const running = rig.start(['mcp-proxy', '--upstream', upstream, '--json', ...more]);
  const { url } = JSON.parse(await running.said('out', /\n/)) as { url: string };
  return {
    url,
    close: async () => {
      running.child.kill('SIGTERM');
      return running.done;
    },
  };
}

export type Served = { readonly target: Target; readonly close: () => Promise<void> };

/** server-everything listens on every interface, but where its port is the path of a socket. */
export async function serveEverything(folder: string): Promise<Served> {
  const socketPath = join(folder, 'everything.sock');
  const [node = '', script = ''] = EVERYTHING;
  const child = spawn(node, [script, 'streamableHttp'], {
    env: { PATH: process.env['PATH'], PORT: socketPath },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  for await (const chunk of child.stderr) if (String(chunk).includes('listening')) break;
  return { target: { socketPath }, close: () => ended(child, 'SIGKILL') };
}

export async function serveModern(): Promise<Served> {
  const handle = toNodeHandler(createMcpHandler(modernServer));
  const server = createServer((request, response) => {
    void handle(request as Parameters<typeof handle>[0], response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    target: { port: (server.address() as AddressInfo).port },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'close');
}
