/** A server of the era 2026-07-28: one tool that answers, one that asks first, one that waits. */
import { setTimeout as wait } from 'node:timers/promises';
import { acceptedContent, inputRequired, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';

export function modernServer(): McpServer {
  const capabilities = { tools: { listChanged: true } };
  const server = new McpServer({ name: 'modern-demo', version: '1.0.0' }, { capabilities });
  server.registerTool(
    'echo',
    { description: 'Echoes', inputSchema: z.object({ message: z.string() }) },
    async ({ message }) => ({ content: [{ type: 'text', text: `Echo: ${message}` }] }),
  );
  server.registerTool(
    'delete_record',
    { description: 'Asks first', inputSchema: z.object({ id: z.string() }) },
    async ({ id }, { mcpReq }) => {
      const answer = acceptedContent(
        mcpReq.inputResponses,
        'confirm',
        z.object({ ok: z.boolean() }),
      );
      if (answer) return { content: [{ type: 'text', text: `deleted ${id} ok=${answer.ok}` }] };
      const requestedSchema = {
        type: 'object' as const,
        properties: { ok: { type: 'boolean' as const } },
        required: ['ok'],
      };
      const confirm = inputRequired.elicit({ message: `Delete ${id}?`, requestedSchema });
      return inputRequired({ inputRequests: { confirm }, requestState: 'opaque-state-1' });
    },
  );
  server.registerTool('wait', { description: 'Waits', inputSchema: z.object({}) }, async () => {
    await wait(30_000, undefined, { ref: false });
    return { content: [] };
  });
  return server;
}
