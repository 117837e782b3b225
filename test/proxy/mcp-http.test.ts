import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, suite, test } from 'node:test';
import { StreamableHTTPClientTransport as ModernTransport } from '@modelcontextprotocol/client';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { openSseReader } from '../../src/proxy/sse.ts';
import { openRig, type Rig } from '../cli/rig.ts';
import { type Kept, startTee, type Tee } from './http-tee.ts';
import { serveFilesystem } from './mcp-bridge.ts';
import {
  EXERCISED,
  exercise,
  legacyClient,
  modernClient,
  rowsOf,
  type Served,
  serveEverything,
  serveModern,
  startProxy,
  summary,
} from './mcp-rig.ts';

const SECRETS = {
  authorization: 'Bearer sekret-bearer-1',
  cookie: 'sid=sekret-cookie-2',
  'x-api-key': 'sekret-key-3',
};

let rig: Rig;
let folder: string;
let everything: Served;
let modern: Served;
/** Everything that a test opened, closed in the opposite order. */
const opened: { close: () => Promise<unknown> }[] = [];

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'claw-mcp-'));
  everything = await serveEverything(folder);
  modern = await serveModern();
});
beforeEach(async () => {
  rig = await openRig();
});
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
  await rig.close();
});
after(async () => {
  await everything.close();
  await modern.close();
  rmSync(folder, { recursive: true });
});

function open<T extends { close: () => Promise<unknown> }>(one: T): T {
  opened.push(one);
  return one;
}

/** Tee, proxy, tee, server. */
async function between(served: Served, name: string) {
  const behind = open(await startTee(served.target));
  const proxy = open(await startProxy(rig, `${behind.url}/mcp`, ['--name', name]));
  const front = open(await startTee({ port: Number(new URL(proxy.url).port) }));
  return { url: new URL('/mcp', front.url), proxy, front, behind };
}

const requestInit = { headers: SECRETS };

suite('over HTTP', () => {
  test('server-everything works unchanged with a client of 2025-11-25, and all is told', async () => {
    const { url, proxy, front, behind } = await between(everything, 'everything');
    const client = legacyClient();
    const transport = new StreamableHTTPClientTransport(url, { requestInit });
    await client.connect(transport as never);
    await exercise(client);
    const session = transport.sessionId ?? '';
    await transport.terminateSession();
    await client.close();
    await proxy.close();
    same(front, behind);
    const rows = await rowsOf(rig, EXERCISED.length);
    assert.deepEqual(summary(rows), EXERCISED);
    assert.ok(rows.every(({ session_id }) => session_id === rows[0]?.session_id));
    unseen(rows, [...Object.values(SECRETS), session]);
  });

  test('server-filesystem works unchanged with clients of both eras', async () => {
    const files = mkdtempSync(join(folder, 'files-'));
    writeFileSync(join(files, 'a.txt'), 'one');
    const served = open(await serveFilesystem(files));
    for (const [name, legacy] of [
      ['fs', true],
      ['fs2', false],
    ] as const) {
      const { url, proxy, front, behind } = await between(served, name);
      const client = legacy ? legacyClient() : modernClient('auto');
      const transport = legacy
        ? new StreamableHTTPClientTransport(url, { requestInit })
        : new ModernTransport(url, { requestInit });
      await client.connect(transport as never);
      await client.listTools();
      const path = join(files, 'a.txt');
      const read = await client.callTool({ name: 'read_text_file', arguments: { path } });
      assert.match(JSON.stringify(read.content), legacy ? /one/ : /two/);
      await client.callTool({ name: 'write_file', arguments: { path, content: 'two' } });
      await client.callTool({ name: 'read_text_file', arguments: { path: '/etc/passwd' } });
      await client.close();
      await proxy.close();
      same(front, behind);
    }
    assert.equal(readFileSync(join(files, 'a.txt'), 'utf8'), 'two');
    const rows = await rowsOf(rig, 10);
    const calls = (server: string) =>
      rows
        .filter(({ tool }) => tool?.startsWith(`mcp__${server}__`))
        .map(({ tool, status }) => `${tool?.split('__')[2]} ${status}`);
    const expected = ['read_text_file success', 'write_file success', 'read_text_file error'];
    assert.deepEqual([calls('fs'), calls('fs2')], [expected, expected]);
    unseen(rows, Object.values(SECRETS));
  });

  test('a client of 2026-07-28 that falls back to the older era is told too', async () => {
    const { url, proxy, front, behind } = await between(everything, 'everything');
    const client = modernClient('auto');
    await client.connect(new ModernTransport(url, { requestInit }));
    await client.listTools();
    await client.callTool({ name: 'echo', arguments: { message: 'hi' } });
    await client.close();
    await proxy.close();
    same(front, behind);
    const rows = await rowsOf(rig, 4);
    assert.deepEqual(summary(rows), [
      'initialize success',
      'mcp__everything__echo success',
      'server/discover error',
      'tools/list success',
    ]);
  });

  test('a server of 2026-07-28: questions, retries, and a stream that its client closes', async () => {
    const { url, proxy, front, behind } = await between(modern, 'modern');
    const client = modernClient();
    await client.connect(new ModernTransport(url, { requestInit }));
    await client.listTools();
    await client.callTool({ name: 'delete_record', arguments: { id: '42' } });
    await assert.rejects(client.callTool({ name: 'nope', arguments: {} }));
    const stop = AbortSignal.timeout(300);
    await assert.rejects(client.callTool({ name: 'wait', arguments: {} }, { signal: stop }));
    const rows = await rowsOf(rig, 6);
    await client.close();
    await proxy.close();
    same(front, behind);
    assert.deepEqual(summary(rows), [
      'mcp__modern__delete_record success',
      'mcp__modern__delete_record success',
      'mcp__modern__nope error',
      'mcp__modern__wait error',
      'server/discover success',
      'tools/list success',
    ]);
    const wait = rows.find(({ tool }) => tool === 'mcp__modern__wait');
    assert.equal(wait?.error?.code, 'cancelled');
    assert.equal(rows.filter(({ type }) => type === 'approval').length, 1);
    unseen(rows, Object.values(SECRETS));
  });

  test('a stream that broke off is taken up with Last-Event-ID, and the answer is told once', async () => {
    const { url, proxy } = await between(everything, 'everything');
    const say = speaker(url);
    const hello = {
      ...{ protocolVersion: '2025-11-25', capabilities: {} },
      clientInfo: { name: 'raw', version: '1' },
    };
    const first = await say({ id: 0, method: 'initialize', params: hello });
    await first.text();
    const session = {
      'mcp-session-id': first.headers.get('mcp-session-id') ?? '',
      'mcp-protocol-version': '2025-11-25',
    };
    await (await say({ method: 'notifications/initialized' }, session)).text();
    const cut = new AbortController();
    const params = {
      name: 'trigger-long-running-operation',
      arguments: { duration: 0.5, steps: 1 },
    };
    const broken = await say({ id: 7, method: 'tools/call', params }, session, cut.signal);
    const [event] = await eventsOf(broken, 1);
    cut.abort();
    const headers = { ...session, accept: 'text/event-stream', 'last-event-id': event?.id ?? '' };
    // This server gives what it has when it is asked, and nothing that it gets later.
    const again = async (): Promise<string> => {
      const answer = await fetch(url, { headers, signal: AbortSignal.timeout(500) });
      const found = await eventsOf(answer, 1).catch(() => []);
      return found[0]?.data ?? again();
    };
    assert.match(await again(), /Long running operation completed/);
    assert.match(await again(), /Long running operation completed/);
    await proxy.close();
    const rows = await rowsOf(rig, 2);
    assert.deepEqual(summary(rows.filter(({ endpoint }) => endpoint === undefined)), [
      'mcp__everything__trigger-long-running-operation success',
    ]);
  });
});

/** A message of JSON-RPC by POST. */
function speaker(url: URL) {
  return (message: object, more: Record<string, string> = {}, signal?: AbortSignal) =>
    fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...more,
      },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
      ...(signal === undefined ? {} : { signal }),
    });
}

async function eventsOf({ body }: Response, count: number) {
  const reader = openSseReader(1_000_000);
  const found = [];
  for await (const chunk of body ?? []) {
    found.push(...reader.push(chunk as Uint8Array));
    if (found.length >= count) break;
  }
  return found;
}

/** Both tees kept the same exchanges: requests and answers byte for byte, and their headers. */
function same(front: Tee, behind: Tee): void {
  assert.ok(front.kept.length > 3);
  assert.equal(behind.kept.length, front.kept.length);
  const left = [...behind.kept];
  for (const one of front.kept) {
    const at = left.findIndex((other) => equal(one, other));
    assert.ok(at >= 0, `${one.method} ${one.request} ${one.answer.slice(0, 400)}`);
    left.splice(at, 1);
  }
}

/** What a client closed came further on one side than on the other. */
function equal(front: Kept, behind: Kept): boolean {
  const told = ({ method, url, request, status, headers, answer_headers }: Kept) =>
    JSON.stringify([method, url, request, status, own(headers), own(answer_headers)]);
  if (told(front) !== told(behind)) return false;
  if (front.whole) return front.answer === behind.answer;
  return front.answer.startsWith(behind.answer) || behind.answer.startsWith(front.answer);
}

/** Without those of each connection. */
function own(headers: Readonly<Record<string, unknown>>) {
  const hop = ['host', 'connection', 'keep-alive', 'transfer-encoding'];
  return Object.entries(headers)
    .filter(([name]) => !hop.includes(name))
    .sort();
}

/** Neither in what was recorded nor in any file of this user. */
function unseen(rows: readonly unknown[], secrets: readonly string[]): void {
  const files = readdirSync(rig.root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
  for (const secret of secrets) {
    assert.ok(secret.length > 8);
    for (const text of [JSON.stringify(rows), ...files]) assert.ok(!text.includes(secret), secret);
  }
}
