import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, suite, test } from 'node:test';
import { StreamableHTTPClientTransport as ModernHttp } from '@modelcontextprotocol/client';
import { StdioClientTransport as ModernStdio } from '@modelcontextprotocol/client/stdio';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { openWatch } from '../../src/adapter/mcp/watch.ts';
import type { Draft } from '../../src/event/event.ts';
import { type HttpProxy, startHttpProxy } from '../../src/proxy/mcp-http.ts';
import { openWatching } from '../../src/proxy/mcp-watching.ts';
import { type Governed, openGoverned } from './govern-rig.ts';
import { startTee } from './http-tee.ts';
import {
  CLAWCTL,
  EVERYTHING,
  EXERCISED,
  exercise,
  FILESYSTEM,
  legacyClient,
  MODERN,
  modernClient,
  type Served,
  serveEverything,
  serveModern,
  summary,
  TEE,
} from './mcp-rig.ts';
import { startUpstream } from './upstream.ts';

let governed: Governed;
let folder: string;
let everything: Served;
let modern: Served;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'claw-mcp-enforce-'));
  governed = await openGoverned();
  everything = await serveEverything(folder);
  modern = await serveModern();
});
after(async () => {
  await everything.close();
  await modern.close();
  await governed.close();
  rmSync(folder, { recursive: true });
});

const textOf = (result: object | undefined) => JSON.stringify(Object(result).content);

/** A client's command line: proxy, tee, server. */
function held(name: string, server: readonly string[], more: readonly string[] = []) {
  const file = join(folder, name);
  const [command = '', ...args] = [
    ...[process.execPath, CLAWCTL, 'mcp-proxy', '--enforce', '--name', name, ...more, '--'],
    ...[process.execPath, TEE, file, '--', ...server],
  ];
  const env = { PATH: process.env['PATH'] ?? '', ...governed.env };
  const heard = () => (existsSync(`${file}.in`) ? readFileSync(`${file}.in`, 'utf8') : '');
  return { spawn: { command, args, env, stderr: 'pipe' as const }, heard };
}

suite('over stdio, enforced', () => {
  test('server-everything works unchanged where all is permitted', async () => {
    const client = legacyClient();
    const { spawn } = held('everything', [...EVERYTHING, 'stdio']);
    await client.connect(new StdioClientTransport(spawn));
    await exercise(client);
    await client.close();
    const rows = await governed.rows('source.kind:mcp_proxy tool:mcp__everything*', 9);
    const calls = EXERCISED.filter((row) => row.startsWith('mcp__'));
    assert.deepEqual(summary(rows), calls);
    const decisions = await governed.rows('type:decision mcp__everything__echo', 2);
    assert.ok(decisions.every(({ decision }) => decision?.outcome === 'permit'));
  });

  test('what a policy denies never reaches the server, and the model reads why', async () => {
    const files = mkdtempSync(join(folder, 'files-'));
    writeFileSync(join(files, 'a.txt'), 'one');
    for (const [name, legacy] of [
      ['fs', true],
      ['fs2', false],
    ] as const) {
      const client = legacy ? legacyClient() : modernClient('auto');
      const { spawn, heard } = held(name, [...FILESYSTEM, files]);
      const transport = legacy ? new StdioClientTransport(spawn) : new ModernStdio(spawn);
      await client.connect(transport as never);
      await client.listTools();
      const path = join(files, `${name}.txt`);
      const ok = { name: 'write_file', arguments: { path, content: 'fine' } };
      const bad = { name: 'write_file', arguments: { path, content: 'forbidden' } };
      const results = await Promise.all([client.callTool(ok), client.callTool(bad)]);
      assert.notEqual(results[0]?.isError, true);
      assert.equal(results[1]?.isError, true);
      assert.match(textOf(results[1]), /Claw refused.*It says forbidden.*no-forbidden/);
      await client.close();
      assert.equal(readFileSync(path, 'utf8'), 'fine');
      assert.ok(!heard().includes('forbidden'));
      const rows = await governed.rows(`type:tool_call tool:mcp__${name}__write_file`, 2);
      const blocked = rows.find(({ status }) => status === 'blocked');
      assert.equal(blocked?.decision?.policy_ids?.[0], 'no-forbidden');
      assert.equal(rows.filter(({ status }) => status === 'success').length, 1);
    }
  });

  test('2026-07-28: a denied call is a result of its kind, and a question is one call', async () => {
    const { spawn } = held('modern', MODERN);
    const client = modernClient();
    await client.connect(new ModernStdio(spawn));
    const bad = await client.callTool({ name: 'echo', arguments: { message: 'forbidden' } });
    assert.equal(bad.isError, true);
    const deleted = await client.callTool({ name: 'delete_record', arguments: { id: '7' } });
    assert.match(textOf(deleted), /deleted 7 ok=true/);
    await client.close();
    const rows = await governed.rows('type:tool_call tool:mcp__modern__*', 2);
    assert.deepEqual(summary(rows), [
      'mcp__modern__delete_record success',
      'mcp__modern__echo blocked',
    ]);
  });

  test('what needs approval waits, with progress, and runs when it has it; others pass', async () => {
    const { spawn } = held('waiting', [...EVERYTHING, 'stdio'], ['--approval-wait', '60']);
    const client = legacyClient();
    await client.connect(new StdioClientTransport(spawn));
    const progress: unknown[] = [];
    const risky = client.callTool({ name: 'echo', arguments: { message: 'risky 1' } }, undefined, {
      onprogress: (one) => progress.push(one),
    });
    const plain = await client.callTool({ name: 'echo', arguments: { message: 'plain' } });
    assert.match(textOf(plain), /plain/);
    await governed.vote('approve');
    assert.match(textOf(await risky), /Echo: risky 1/);
    assert.match(JSON.stringify(progress[0]), /Waits for approval/);
    const denied = client.callTool({ name: 'echo', arguments: { message: 'risky 2' } });
    await governed.vote('deny');
    assert.match(textOf(await denied), /A person says deny/);
    await client.close();
  });

  test('a call that its client cancels while it is held is never run, and nobody answers it', async () => {
    const { spawn, heard } = held('cancelled', [...EVERYTHING, 'stdio'], ['--approval-wait', '60']);
    const client = legacyClient();
    await client.connect(new StdioClientTransport(spawn));
    const stop = new AbortController();
    const call = { name: 'echo', arguments: { message: 'risky cancelled' } };
    const called = client.callTool(call, undefined, { signal: stop.signal });
    await governed.rows('type:approval "risky cancelled"');
    stop.abort();
    await assert.rejects(called);
    const next = await client.callTool({ name: 'echo', arguments: { message: 'next' } });
    assert.match(textOf(next), /next/);
    await governed.vote('approve');
    await client.close();
    assert.ok(!heard().includes('risky'));
    const [row] = await governed.rows('type:tool_call "risky cancelled"');
    assert.equal(row?.status, 'blocked');
  });

  test('with Claw away nothing passes that has to be decided, and all else does', async () => {
    const { spawn } = held('away', [...EVERYTHING, 'stdio']);
    const env = { ...spawn.env, CLAW_URL: 'http://127.0.0.1:1' };
    const client = legacyClient();
    await client.connect(new StdioClientTransport({ ...spawn, env }));
    assert.ok((await client.listTools()).tools.length > 0);
    const result = await client.callTool({ name: 'echo', arguments: { message: 'hi' } });
    assert.equal(result.isError, true);
    assert.match(textOf(result), /nothing passes without a decision/);
    await assert.rejects(
      client.readResource({ uri: 'demo://resource/static/document/architecture.md' }),
      /nothing passes without a decision/,
    );
    await client.close();
  });

  test('with Claw away an observing proxy lets all pass', async () => {
    const { spawn } = held('observed', [...EVERYTHING, 'stdio'], []);
    const args = spawn.args.flatMap((arg) => (arg === '--enforce' ? ['--mode', 'observe'] : [arg]));
    const env = { ...spawn.env, CLAW_URL: 'http://127.0.0.1:1' };
    const client = legacyClient();
    await client.connect(new StdioClientTransport({ ...spawn, args, env }));
    const result = await client.callTool({ name: 'echo', arguments: { message: 'forbidden' } });
    assert.match(textOf(result), /Echo: forbidden/);
    await client.close();
  });

  test('batches lose what is denied, and messages of two readings never pass', async () => {
    const { spawn: how, heard } = held('raw', [...EVERYTHING, 'stdio']);
    const child = spawn(how.command, how.args, { env: how.env, stdio: ['pipe', 'pipe', 'ignore'] });
    const answers: Record<string, unknown>[] = [];
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => answers.push(JSON.parse(line)));
    const call = (id: unknown, message: string) => ({
      ...{ jsonrpc: '2.0', id, method: 'tools/call' },
      params: { name: 'echo', arguments: { message } },
    });
    const params = { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { name: 'raw' } };
    const begin = { jsonrpc: '2.0', id: 0, method: 'initialize', params };
    const twice = '"method":"ping","method":"tools/call"';
    for (const line of [
      JSON.stringify(begin),
      JSON.stringify([call(1, 'first'), call('2', 'forbidden'), call(3, 'third')]),
      `{"jsonrpc":"2.0","id":4,${twice},"params":{"name":"echo","arguments":{}}}`,
      '{"jsonrpc":"2.0","id":5,"Method":"tools/call","params":{"name":"evil-case"}}',
      '{"jsonrpc":"2.0","id":6,"method":"tools/call"',
      `{"a":\r${JSON.stringify(call(7, 'evil-return'))}\r}`,
      JSON.stringify({ ...call(8, 'evil-notice'), id: undefined }),
      JSON.stringify(call(9, 'forbidden')),
      JSON.stringify(call(9, 'same id, forbidden')),
    ]) {
      child.stdin.write(`${line}\n`);
    }
    child.stdin.end();
    await once(child, 'close');
    const of = (id: unknown) => answers.filter((answer) => answer['id'] === id);
    assert.equal(of('2').length, 1);
    assert.equal(of(9).length, 2);
    assert.match(JSON.stringify([of('2'), of(9)]), /It says forbidden/);
    assert.equal(of(null).length, 4);
    assert.ok(heard().includes('first') && heard().includes('third'));
    assert.ok(!/forbidden|evil|"id":4/.test(heard()), heard());
  });
});

suite('over HTTP, enforced', () => {
  async function between(served: Served, name: string, wait = '60') {
    const behind = await startTee(served.target);
    const args = ['mcp-proxy', '--enforce', '--approval-wait', wait, '--name', name, '--json'];
    const upstream = ['--upstream', `${behind.url}/mcp`];
    const env = { PATH: process.env['PATH'], ...governed.env };
    const child = spawn(process.execPath, [CLAWCTL, ...args, ...upstream], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const { url } = JSON.parse(line) as { url: string };
    const close = async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
      await behind.close();
    };
    return { url: new URL(url), behind, close };
  }

  test('server-everything works unchanged where all is permitted', async () => {
    const { url, close } = await between(everything, 'everyhttp');
    const client = legacyClient();
    const transport = new StreamableHTTPClientTransport(url);
    await client.connect(transport as never);
    await exercise(client);
    await transport.terminateSession();
    await client.close();
    await close();
    const rows = await governed.rows('source.kind:mcp_proxy tool:mcp__everyhttp*', 9);
    const calls = EXERCISED.filter((row) => row.startsWith('mcp__')).map((row) =>
      row.replace('everything', 'everyhttp'),
    );
    assert.deepEqual(summary(rows), calls);
  });

  test('denied calls never reach the server, escalated ones wait for their approval', async () => {
    for (const [name, served] of [
      ['httpold', everything],
      ['httpnew', modern],
    ] as const) {
      const { url, behind, close } = await between(served, name);
      const client = name === 'httpold' ? legacyClient() : modernClient();
      const transport =
        name === 'httpold' ? new StreamableHTTPClientTransport(url) : new ModernHttp(url);
      await client.connect(transport as never);
      const call = (message: string, more?: object) =>
        client.callTool({ name: 'echo', arguments: { message } }, ...([more] as never[]));
      const bad = await client.callTool({ name: 'echo', arguments: { message: 'forbidden' } });
      assert.match(textOf(bad), /It says forbidden/);
      assert.match(textOf(await call('plain')), /plain/);
      const waits = call(`risky ${name}`);
      await governed.vote('approve');
      assert.match(textOf(await waits), new RegExp(`Echo: risky ${name}`));
      await client.close();
      await close();
      assert.ok(behind.kept.every(({ request }) => !request.includes('forbidden')));
      const rows = await governed.rows(`type:tool_call tool:mcp__${name}__echo`, 3);
      const ended = rows.map(({ status }) => status).sort();
      assert.deepEqual(ended, ['blocked', 'success', 'success']);
    }
  });

  test('a call that waits tells its progress in a stream, whatever the server answers in', async () => {
    const { url, close } = await between(everything, 'progress');
    const client = legacyClient();
    await client.connect(new StreamableHTTPClientTransport(url) as never);
    const progress: unknown[] = [];
    const options = { onprogress: (one: unknown) => progress.push(one) };
    const risky = (message: string) =>
      client.callTool({ name: 'echo', arguments: { message } }, undefined, options);
    const permitted = risky('risky a');
    await governed.vote('approve');
    assert.match(textOf(await permitted), /Echo: risky a/);
    const refused = risky('risky b');
    await governed.vote('deny');
    assert.match(textOf(await refused), /A person says deny/);
    assert.ok(progress.length >= 2);
    await client.close();
    await close();
  });

  test('batches lose what is denied, whatever the server answers', async () => {
    const drafts: Draft[] = [];
    const play = (body: Buffer, type: string): [number, string] => {
      const asked = JSON.parse(body.toString()) as { id?: unknown }[];
      const answers = [asked].flat().map(({ id }) => ({ jsonrpc: '2.0', id, result: {} }));
      if (type === 'none') return [202, ''];
      if (type === 'json') return [200, JSON.stringify(answers)];
      return [200, answers.map((one) => `data: ${JSON.stringify(one)}\n\n`).join('')];
    };
    let type = 'json';
    const upstream = await startUpstream((_, response, { body }) => {
      const [status, text] = play(body, type);
      const kind = type === 'json' ? 'application/json' : 'text/event-stream';
      response.writeHead(status, text === '' ? {} : { 'content-type': kind });
      response.end(text);
    });
    const proxy = await overHttp(`${upstream.url}/mcp`, drafts);
    const call = (id: number, message: string) => ({
      ...{ jsonrpc: '2.0', id, method: 'tools/call' },
      params: { name: 'echo', arguments: { message } },
    });
    const post = async (messages: unknown) => {
      const headers = {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      };
      const body = typeof messages === 'string' ? messages : JSON.stringify(messages);
      const answer = await fetch(proxy.url, { method: 'POST', headers, body });
      return { status: answer.status, text: await answer.text() };
    };
    for (type of ['json', 'stream', 'none']) {
      const { status, text } = await post([call(1, 'ok'), call(2, 'forbidden'), call(3, 'ok')]);
      assert.equal(status, 200);
      assert.match(text, /"id":2.*It says forbidden/);
      const ids = [...text.matchAll(/"id":(\d)/g)].map(([, id]) => id).sort();
      assert.deepEqual(ids, type === 'none' ? ['2'] : ['1', '2', '3']);
    }
    const all = await post([call(1, 'forbidden'), call(2, 'forbidden')]);
    assert.equal((JSON.parse(all.text) as unknown[]).length, 2);
    const one = await post(call(1, 'forbidden'));
    assert.equal(Object(JSON.parse(one.text)).id, 1);
    assert.equal((await post('{')).status, 400);
    assert.ok(upstream.asked.every(({ body }) => !body.includes('forbidden')));
    await proxy.close(0);
    await upstream.close();
    const blocked = drafts.filter(({ status }) => status === 'blocked');
    assert.equal(blocked.length, 6);
  });

  /** In this process, with what it tells kept. */
  function overHttp(upstream: string, drafts: Draft[]): Promise<HttpProxy> {
    const gate = governed.gate();
    const open = (session: string | undefined) => {
      const watch = openWatch({
        ...{ server: 'batch', place: 'batch', transport: 'http' as const, known: new Map() },
        ...{ nonce: 'n', scoped: session === undefined, sessionOf: () => `s-${session ?? 'n'}` },
      });
      return openWatching({ watch, record: (draft) => drafts.push(draft as Draft), now: Date.now });
    };
    return startHttpProxy({ upstream: new URL(upstream), port: 0, open, gate });
  }
});
