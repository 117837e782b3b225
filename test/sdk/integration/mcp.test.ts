/** MCP clients of both lines, the real packages and a real server of theirs, and a real Claw. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Client as ModernClient } from '@modelcontextprotocol/client';
import { StdioClientTransport as ModernTransport } from '@modelcontextprotocol/client/stdio';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { wrapMcpClient } from '../../../src/sdk/integration/mcp.ts';
import { brief, type Ground, openGround } from './ground.ts';

let ground: Ground;
const folder = mkdtempSync(join(tmpdir(), 'claw-mcp-'));
before(async () => {
  writeFileSync(join(folder, 'a.txt'), 'alpha');
  ground = await openGround();
});
after(async () => {
  await ground.close();
  rmSync(folder, { recursive: true, force: true });
});

const files = {
  command: process.execPath,
  args: [
    fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-filesystem/dist/index.js')),
    folder,
  ],
  stderr: 'ignore' as const,
};
const everything = {
  command: process.execPath,
  args: [
    fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-everything/dist/index.js')),
    'stdio',
  ],
  stderr: 'ignore' as const,
};
const info = { name: 'test', version: '1' };

for (const line of ['1.x', '2.x']) {
  const open = async (server: typeof files) => {
    const client = line === '1.x' ? new Client(info) : new ModernClient(info);
    const transport =
      line === '1.x' ? new StdioClientTransport(server) : new ModernTransport(server);
    await client.connect(transport as never);
    return client as Client;
  };

  test(`a client of ${line}: calls, their results and failures, and all else passes`, async () => {
    const client = await open(files);
    const session = `mcp-${line}`;
    const wrapped = wrapMcpClient(client, ground.claw, { session, server: 'files' });
    const { tools } = await wrapped.listTools();
    assert.ok(tools.length > 3);
    const read = { name: 'read_text_file', arguments: { path: join(folder, 'a.txt') } };
    const _meta = { 'claudecode/toolUseId': 'toolu_1' };
    assert.deepEqual(await wrapped.callTool({ ...read, _meta }), await client.callTool(read));
    const missing = { name: 'read_text_file', arguments: { path: '/etc/nowhere' } };
    assert.deepEqual(await wrapped.callTool(missing), await client.callTool(missing));
    const rows = await ground.rows(session);
    assert.deepEqual(
      rows.map(({ tool, status }) => [tool, status]),
      [
        ['mcp__files__read_text_file', 'success'],
        ['mcp__files__read_text_file', 'error'],
      ],
    );
    assert.equal(rows[0]?.call_id, 'toolu_1');
    assert.equal(rows[0]?.attributes?.['mcp_server'], 'files');
    assert.match(rows[1]?.error?.message ?? '', /denied|outside|ENOENT/);
    assert.equal(rows[0]?.agent?.runtime, 'mcp');
    await wrapped.close();
    await assert.rejects(wrapped.callTool(read));
    const last = (await ground.rows(session)).at(-1);
    assert.equal(last?.status, 'error');
  });
}

test('resources and prompts are read, and the server names itself', async () => {
  const client = new Client(info);
  await client.connect(new StdioClientTransport(everything));
  const wrapped = wrapMcpClient(client, ground.claw, { session: 'mcp-3' });
  const [resource] = (await wrapped.listResources()).resources;
  assert.ok(resource);
  await wrapped.readResource({ uri: resource.uri });
  const [prompt] = (await wrapped.listPrompts()).prompts;
  assert.ok(prompt);
  await wrapped.getPrompt({ name: prompt.name });
  await wrapped.callTool({ name: 'echo', arguments: { message: 'hi' } });
  const rows = await ground.rows('mcp-3');
  assert.deepEqual(
    rows.map((row) => brief({ ...row, call_id: undefined })),
    [
      'tool_call resources/read success',
      'tool_call prompts/get success',
      `tool_call ${rows[2]?.tool} success`,
    ],
  );
  assert.match(rows[2]?.tool ?? '', /^mcp__.*everything.*__echo$/);
  assert.deepEqual(rows[0]?.resources?.at(-1), { kind: 'other', id: resource.uri, access: 'read' });
  await client.close();
});

test('the wrapped client is the client: its own kind, its fields, its methods stay the same', () => {
  const client = new Client(info);
  const wrapped = wrapMcpClient(client, ground.claw, { session: 'mcp-4' });
  assert.ok(wrapped instanceof Client);
  assert.equal(wrapped.callTool, wrapped.callTool);
  const handler = () => {};
  wrapped.onclose = handler;
  assert.equal(client.onclose, handler);
  assert.equal(wrapped.onclose, handler);
  Object.defineProperty(client, 'fixed', { value: handler });
  assert.equal((wrapped as unknown as { fixed: unknown }).fixed, handler);
});
