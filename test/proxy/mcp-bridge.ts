/** server-filesystem speaks stdio alone: this puts it behind streamable HTTP, message by message. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { FILESYSTEM, type Served } from './mcp-rig.ts';

export async function serveFilesystem(files: string): Promise<Served> {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const servers: StdioClientTransport[] = [];
  const begin = (): StreamableHTTPServerTransport => {
    const web = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, web),
    });
    const [command = '', ...args] = FILESYSTEM;
    const server = new StdioClientTransport({ command, args: [...args, files], stderr: 'ignore' });
    servers.push(server);
    const started = server.start();
    server.onmessage = (message) => void web.send(message);
    web.onmessage = (message) => void started.then(() => server.send(message));
    return web;
  };
  const listener = createServer((request, response) => {
    const id = request.headers['mcp-session-id'];
    const web = sessions.get(String(id)) ?? begin();
    void web.handleRequest(request, response);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    target: { port: (listener.address() as AddressInfo).port },
    close: async () => {
      listener.closeAllConnections();
      listener.close();
      await once(listener, 'close');
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}
