/** `clawctl mcp`: Claw's tools over stdio, for clients of both eras, also while the server is away. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { StdioClientTransport as ModernTransport } from '@modelcontextprotocol/client/stdio';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { startServer } from '../../src/cli/compose.ts';
import { ERAS, type Era, legacyClient, type McpClient, modernClient } from '../server/mcp-rig.ts';
import { openFolder, openRig, type Rig } from './rig.ts';

const CLAWCTL = join(import.meta.dirname, '..', '..', 'bin', 'clawctl.js');

type Started = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly words?: readonly string[];
};

function openStdio(era: Era, { env, words = [] }: Started): Promise<McpClient> {
  const given = Object.entries(env).filter((entry): entry is [string, string] => !!entry[1]);
  const started = {
    command: process.execPath,
    args: [CLAWCTL, 'mcp', ...words],
    env: Object.fromEntries(given),
    stderr: 'ignore' as const,
  };
  return era === '2025-11-25'
    ? legacyClient(new StdioClientTransport(started))
    : modernClient(new ModernTransport(started));
}

let rig: Rig;
before(async () => {
  rig = await openRig();
  await rig.record([{ type: 'prompt', session_id: 's1', content: 'find the needle' }]);
});
after(() => rig.close());

const place = () => ({ ...rig.env, CLAW_URL: rig.url, CLAW_DATA: rig.data });
const said = ({ content }: Awaited<ReturnType<McpClient['call']>>) =>
  content.map(({ text }) => text).join('\n');

for (const era of ERAS) {
  suite(`a client of ${era} over stdio`, () => {
    test('it lists, reads and asks with the rights of the token', async () => {
      const body = JSON.stringify({ name: `agent ${era}`, role: 'recorder', tenant: 'default' });
      const made = await fetch(`${rig.url}/v1/tokens`, {
        method: 'POST',
        headers: { authorization: `Bearer ${rig.token}`, 'content-type': 'application/json' },
        body,
      });
      const { token } = (await made.json()) as { token: string };
      const admin = await openStdio(era, { env: place() });
      const found = await admin.call('search_events', { query: 'type:prompt needle' });
      assert.equal(found.structuredContent.events[0].content, 'find the needle');
      const agent = await openStdio(era, { env: { ...place(), CLAW_TOKEN: token } });
      const names = (await agent.tools()).map(({ name }) => name);
      assert.ok(names.includes('validate_action') && !names.includes('search_events'), `${names}`);
      assert.match(said(await agent.call('search_events')), /needs the role viewer/);
      const { structuredContent: task } = await agent.call('declare_task', {
        session_id: `of ${era}`,
        goal: 'tidy',
      });
      assert.equal(task.declared_by, `agent ${era}`);
      // What this machine's own token may do is more than an agent should that was given none.
      const local = (await admin.tools()).map(({ name }) => name);
      assert.ok(local.includes('list_approvals') && !local.includes('approve'), `${local}`);
      const vote = { approval_id: 'x', reason: 'mine' };
      assert.match(said(await admin.call('approve', vote)), /request\.forbidden.*\nSet CLAW_TOKEN/);
      const given = await openStdio(era, { env: { ...place(), CLAW_TOKEN: rig.token } });
      assert.ok((await given.tools()).some(({ name }) => name === 'approve'));
      assert.match(said(await given.call('approve', vote)), /approval\.not_found/);
      await given.close();
      await assert.rejects(admin.call('nope'), /no tool/i);
      await assert.rejects(admin.call('n\u0000\n'), /no such tool|no tool/i);
      await admin.close();
      await agent.close();
    });

    test('what names no session is of the session that started it', async () => {
      const env = { ...place(), CLAUDE_CODE_SESSION_ID: `of claude ${era}` };
      const client = await openStdio(era, { env });
      const declared = await client.call('declare_task', { goal: 'tidy' });
      assert.equal(declared.structuredContent.session_id, `of claude ${era}`);
      const { task_id } = declared.structuredContent;
      const other = await client.call('declare_task', { goal: 'tidy', session_id: `named ${era}` });
      assert.equal(other.structuredContent.session_id, `named ${era}`);
      const action = { task_id, tool: 'Bash', arguments: { command: 'ls' } };
      const decided = await client.call('validate_action', action);
      assert.equal(decided.structuredContent.session_id, `of claude ${era}`);
      await client.close();
      const flag = await openStdio(era, { env, words: ['--session', `flagged ${era}`] });
      const third = await flag.call('declare_task', { goal: 'tidy' });
      assert.equal(third.structuredContent.session_id, `flagged ${era}`);
      await flag.close();
    });

    test('a server that is away costs no tools, and is found again', async () => {
      const folder = openFolder();
      const data = join(folder.root, 'data');
      const start = (port: number) =>
        startServer({
          flags: { data, port, checkpoint_interval_ms: 100 },
          env: {},
          replay: 'nothing',
          onFault: (fault) => {
            throw fault;
          },
        });
      let server = await start(0);
      const { url } = server;
      const env = { ...folder.env, CLAW_URL: url, CLAW_DATA: data };
      await server.close();
      const client = await openStdio(era, { env });
      const offline = await client.tools();
      assert.ok(offline.some(({ name }) => name === 'declare_task'));
      const away = await client.call('count_events');
      assert.equal(away.isError, true);
      assert.match(said(away), /No Claw server answers at .*server\.unreachable.*\nStart one/);
      server = await start(Number(new URL(url).port));
      assert.equal((await client.call('count_events')).isError, undefined);
      const online = (await client.tools()).map(({ name }) => name);
      assert.deepEqual(
        online,
        offline.map(({ name }) => name),
      );
      await client.close();
      await server.close();
      folder.close();
    });
  });
}

test('nothing but the protocol goes to standard output, whatever comes in', async () => {
  const child = spawn(process.execPath, [CLAWCTL, 'mcp'], { env: place() });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const lines = [
    'no json',
    '[]',
    '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}',
    '{"jsonrpc":"2.0","method":"notifications/initialized"}',
    '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"search_events","arguments":{"query":"("}}}',
    '{"jsonrpc":"2.0","id":3,"method":"nonsense"}',
  ];
  child.stdin.write(`${lines.join('\n')}\n`);
  while (!/"id":2[,}]/.test(out) || !/"id":3[,}]/.test(out)) await once(child.stdout, 'data');
  child.stdin.end();
  const [code] = (await once(child, 'close')) as [number];
  assert.equal(code, 0, err);
  for (const line of out.trim().split('\n')) assert.equal(JSON.parse(line).jsonrpc, '2.0', line);
});

test('its help shows how to add it to Claude Code', async () => {
  const { code, out } = await rig.run(['mcp', '--help']);
  assert.equal(code, 0);
  assert.match(out, /claude mcp add claw -- clawctl mcp/);
});
