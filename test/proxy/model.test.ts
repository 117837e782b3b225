import assert from 'node:assert/strict';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, createServer } from 'node:net';
import { after, suite, test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import type { Draft } from '../../src/event/event.ts';
import { type ModelProxy, startModelProxy } from '../../src/proxy/model.ts';
import { readUpstreams } from '../../src/proxy/upstream.ts';
import type { WatchLimits } from '../../src/proxy/watch.ts';
import { until } from '../sdk/loopback.ts';
import { type Play, startUpstream, type Upstream } from './upstream.ts';

const KEY = 'sk-ant-very-secret';
const closing: (() => Promise<void>)[] = [];

after(async () => {
  for (const close of closing.reverse()) await close();
});

type Rig = { upstream: Upstream; proxy: ModelProxy; drafts: Draft[] };

async function rig(play: Play, limits: Partial<WatchLimits> = {}): Promise<Rig> {
  const upstream = await startUpstream(play);
  const drafts: Draft[] = [];
  const { url } = upstream;
  const proxy = await startModelProxy({
    port: 0,
    upstreams: readUpstreams({ anthropic: url, openai: url, gemini: url }),
    record: (draft) => drafts.push(draft),
    limits,
  });
  closing.push(upstream.close, () => proxy.close(0));
  return { upstream, proxy, drafts };
}

/** Anthropic's stream of two blocks, a tool's among them. */
const STREAM = [
  'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_1","type":"message",',
  '"role":"assistant","model":"claude-x","content":[],"usage":{"input_tokens":7,"output_tokens":1}}}\n\n',
  'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n',
  'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Größe 日"}}\n\n: ping\n\n',
  'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n',
  'event: content_block_start\ndata: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"Bash","input":{}}}\n\n',
  'event: content_block_delta\ndata: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\\"command\\":"}}\n\n',
  'event: content_block_delta\ndata: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"\\"ls\\"}"}}\n\n',
  'event: content_block_stop\ndata: {"type":"content_block_stop","index":1}\n\n',
  'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":9}}\n\n',
  'event: message_stop\ndata: {"type":"message_stop"}\n\n',
];
const CHAT = [
  'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-x","choices":[{"index":0,"delta":{"role":"assistant","content":"He"},"finish_reason":null}]}\r\n\r\n',
  'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-x","choices":[{"index":0,"delta":{"content":"llo"},"finish_reason":"stop"}]}\r\n\r\n',
  'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-x","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}\r\n\r\ndata: [DONE]\r\n\r\n',
];
const MESSAGE = {
  id: 'msg_2',
  type: 'message',
  role: 'assistant',
  model: 'claude-x',
  content: [{ type: 'text', text: 'whole' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 1, output_tokens: 2 },
};
const COMPLETION = {
  id: 'chatcmpl-2',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-x',
  choices: [{ index: 0, message: { role: 'assistant', content: 'whole' }, finish_reason: 'stop' }],
};

/** Answers as the vendors do, in chunks of their own. */
const vendors: Play = async (_, response, { body, url }) => {
  const asked = JSON.parse(body.toString() || '{}') as { stream?: boolean };
  const claude = url.includes('messages');
  const head = { 'request-id': 'req_1', 'X-Odd-Case': 'a', 'anthropic-ratelimit': '5' };
  if (asked.stream !== true) {
    response.writeHead(200, { ...head, 'content-type': 'application/json' });
    response.end(JSON.stringify(claude ? MESSAGE : COMPLETION));
    return;
  }
  response.writeHead(200, { ...head, 'content-type': 'text/event-stream; charset=utf-8' });
  for (const part of claude ? STREAM : CHAT) {
    response.write(part);
    await new Promise(setImmediate);
  }
  response.end();
};

/** The body's bytes as the client's own fetch got them. */
function tapped() {
  const bodies: Promise<Buffer>[] = [];
  const heads: [string, string][][] = [];
  const tap: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    heads.push(
      [...response.headers].filter(([name]) => !/^(date|keep-alive|connection)$/.test(name)),
    );
    bodies.push(
      response
        .clone()
        .arrayBuffer()
        .then((bytes) => Buffer.from(bytes)),
    );
    return response;
  };
  return { fetch: tap, bodies: () => Promise.all(bodies), heads };
}

suite('the official clients', () => {
  const question = {
    model: 'claude-x',
    max_tokens: 9,
    messages: [{ role: 'user', content: 'hi' }],
  };

  for (const stream of [true, false]) {
    test(`Anthropic's gets equal bytes and headers, ${stream ? 'streamed' : 'whole'}`, async () => {
      const { upstream, proxy, drafts } = await rig(vendors);
      const seen = [];
      for (const baseURL of [upstream.url, proxy.url]) {
        const { fetch, bodies, heads } = tapped();
        const client = new Anthropic({ baseURL, apiKey: KEY, fetch, maxRetries: 0 });
        if (stream) await client.messages.stream(question as never).finalMessage();
        else await client.messages.create(question as never);
        seen.push({ bodies: await bodies(), heads });
      }
      assert.deepEqual(seen[1], seen[0]);
      const [direct, through] = upstream.asked;
      assert.deepEqual(through?.body, direct?.body);
      assert.equal(through?.url, direct?.url);
      assert.deepEqual(sorted(through?.headers), sorted(direct?.headers));
      await proxy.close(0);
      assert.equal(drafts.find(({ type }) => type === 'api_call')?.status, 'success');
      assert.ok(!JSON.stringify(drafts).includes(KEY));
    });

    test(`OpenAI's gets equal bytes and headers, ${stream ? 'streamed' : 'whole'}`, async () => {
      const { upstream, proxy, drafts } = await rig(vendors);
      const seen = [];
      for (const base of [upstream.url, proxy.url]) {
        const { fetch, bodies, heads } = tapped();
        const options = { baseURL: `${base}/v1`, apiKey: 'sk-proj-very-secret', fetch };
        const { chat } = new OpenAI({ ...options, maxRetries: 0 });
        const more = { model: 'gpt-x', messages: [{ role: 'user' as const, content: 'hi' }] };
        if (stream) {
          for await (const _ of await chat.completions.create({ ...more, stream: true }));
        } else await chat.completions.create(more);
        seen.push({ bodies: await bodies(), heads });
      }
      assert.deepEqual(seen[1], seen[0]);
      const [direct, through] = upstream.asked;
      assert.deepEqual(through?.body, direct?.body);
      assert.deepEqual(sorted(through?.headers), sorted(direct?.headers));
      await proxy.close(0);
      assert.equal(
        drafts.find(({ type }) => type === 'output')?.content,
        stream ? 'Hello' : 'whole',
      );
      assert.ok(!JSON.stringify(drafts).includes('very-secret'));
    });
  }

  test('see what the vendor says went wrong, status and body alike', async () => {
    const error = '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}';
    const { upstream, proxy, drafts } = await rig((_, response) => {
      response.writeHead(529, { 'content-type': 'application/json', 'request-id': 'req_e' });
      response.end(error);
    });
    for (const baseURL of [upstream.url, proxy.url]) {
      const client = new Anthropic({ baseURL, apiKey: KEY, maxRetries: 0 });
      await assert.rejects(client.messages.create(question as never), {
        status: 529,
        requestID: 'req_e',
        error: JSON.parse(error),
      });
    }
    await proxy.close(0);
    const call = drafts.find(({ type }) => type === 'api_call');
    assert.equal(call?.status, 'error');
    assert.equal(call?.status_code, 529);
    assert.deepEqual(call?.error, { code: 'overloaded_error', message: 'Overloaded' });
  });
});

const SENT = JSON.stringify({
  model: 'claude-x',
  stream: true,
  messages: [{ role: 'user', content: 'hi' }],
});
const HEADERS = { 'x-api-key': KEY, 'content-type': 'application/json' };

/** One request by hand; resolves with the answer's head. */
async function ask(url: string, more: RequestInit = {}): Promise<Response> {
  return fetch(`${url}/v1/messages`, { method: 'POST', headers: HEADERS, body: SENT, ...more });
}

suite('bytes', () => {
  test('of a slow stream come as soon as the upstream sent them', async () => {
    let go = () => {};
    const { proxy } = await rig(async (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const part of STREAM) {
        response.write(part);
        await new Promise<void>((resolve) => {
          go = resolve;
        });
      }
      response.end();
    });
    const { body } = await ask(proxy.url);
    const reader = body?.getReader();
    // Each part is only sent when the one before has arrived: a proxy that waits hangs here.
    for (const part of STREAM) {
      const { value } = (await reader?.read()) ?? {};
      assert.equal(Buffer.from(value ?? []).toString(), part);
      go();
    }
    assert.equal((await reader?.read())?.done, true);
  });

  for (const encoding of ['gzip', 'br', 'deflate', 'zstd'] as const) {
    test(`compressed with ${encoding} pass as they are, and are read`, async () => {
      const bytes = zip[encoding](Buffer.from(STREAM.join('')));
      const { proxy, drafts } = await rig((_, response) => {
        const type = 'text/event-stream';
        response.writeHead(200, { 'content-type': type, 'content-encoding': encoding });
        response.end(bytes);
      });
      const got = await raw(proxy.url, { path: '/v1/messages', headers: HEADERS, body: SENT });
      assert.deepEqual(got.body, bytes);
      assert.equal(got.headers['content-encoding'], encoding);
      await proxy.close(0);
      assert.equal(drafts.find(({ type }) => type === 'tool_call')?.call_id, 'toolu_1');
    });
  }

  test('of a bomb pass, and its reading is given up at the limit', async () => {
    const bomb = gzipSync(Buffer.alloc(4 * 1024 * 1024));
    const play: Play = (_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'application/json' });
      response.end(bomb);
    };
    const { proxy, drafts } = await rig(play, { body_bytes: 1024 * 1024 });
    const got = await raw(proxy.url, { path: '/v1/messages', headers: HEADERS, body: SENT });
    assert.deepEqual(got.body, bomb);
    await proxy.close(0);
    assert.equal(proxy.counts().missed, 1);
    assert.ok(drafts.some(({ type }) => type === 'gap'));
    assert.equal(drafts.find(({ type }) => type === 'api_call')?.status, 'unknown');
  });

  test('of large bodies are equal both ways, kept or not', async () => {
    const text = 'x'.repeat(3 * 1024 * 1024);
    const large = JSON.stringify({ ...MESSAGE, content: [{ type: 'text', text }] });
    const play: Play = (_, response) => response.end(large);
    for (const body_bytes of [16 * 1024 * 1024, 1024]) {
      const { upstream, proxy, drafts } = await rig(play, { body_bytes });
      const body = JSON.stringify({ messages: [{ role: 'user', content: text }] });
      const got = await raw(proxy.url, { path: '/v1/messages', headers: HEADERS, body });
      assert.equal(got.body.toString(), large);
      assert.equal(upstream.asked[0]?.body.toString(), body);
      await proxy.close(0);
      assert.equal(
        drafts.some(({ type }) => type === 'gap'),
        body_bytes === 1024,
      );
      assert.ok(drafts.every((draft) => JSON.stringify(draft).length < 7 * 1024 * 1024));
    }
  });

  test('that are no stream of events pass, and the call is unknown', async () => {
    const nonsense = 'data: {"type":"message_start"\n\ndata: \u0000\n\n\r\r\nevent: \n: \ndata:';
    const { proxy, drafts } = await rig((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(nonsense);
    });
    assert.equal(await (await ask(proxy.url)).text(), nonsense);
    await proxy.close(0);
    const call = drafts.find(({ type }) => type === 'api_call');
    assert.equal(call?.status, 'unknown');
    assert.equal(call?.attributes?.['unreadable_events'], 3);
  });

  test('of a request that is no JSON pass, and leave a gap', async () => {
    const { upstream, proxy, drafts } = await rig((_, response) => response.end('{}'));
    await raw(proxy.url, { path: '/v1/messages', headers: HEADERS, body: '{"a":' });
    assert.equal(upstream.asked[0]?.body.toString(), '{"a":');
    await proxy.close(0);
    assert.match(
      drafts.find(({ type }) => type === 'gap')?.detail ?? '',
      /request: its body is no/,
    );
  });
});

suite('the wire', () => {
  test('carries trailers, odd letter case, repeated headers, chunks and status words', async () => {
    const { upstream, proxy } = await rig((_, response) => {
      response.writeHead(207, 'Very Odd', [
        'Trailer',
        'X-Sum',
        'Set-Cookie',
        'a',
        'set-cookie',
        'b',
      ]);
      response.write('{}');
      response.addTrailers({ 'X-Sum': '1' });
      response.end();
    });
    const headers = [
      'Host',
      'proxy',
      'X-API-Key',
      KEY,
      'X-Twice',
      '1',
      'x-twice',
      '2',
      'Transfer-Encoding',
      'chunked',
    ];
    const got = await raw(proxy.url, { path: '/v1/messages?a=b%20c', headers, body: SENT });
    assert.equal(got.status, 207);
    assert.equal(got.words, 'Very Odd');
    assert.deepEqual(got.headers['set-cookie'], ['a', 'b']);
    assert.deepEqual(got.trailers, ['X-Sum', '1']);
    const [{ url, headers: sent = [] } = { url: '' }] = upstream.asked;
    assert.equal(url, '/v1/messages?a=b%20c');
    const at = sent.indexOf('X-Twice');
    assert.deepEqual(sent.slice(at, at + 4), ['X-Twice', '1', 'x-twice', '2']);
    assert.ok(sent.includes('X-API-Key') && sent.includes('Transfer-Encoding'));
  });

  test('carries 100 Continue and early hints, and an answer before the request is whole', async () => {
    const { upstream, proxy } = await rig((_, response) => response.end('{}'));
    upstream.server.on('checkContinue', (request, response) => {
      response.writeEarlyHints({ link: '</a>; rel=preload' });
      response.writeContinue();
      request.resume().on('end', () => response.end('continued'));
    });
    const seen: string[] = [];
    const outgoing = httpRequest(`${proxy.url}/v1/messages`, {
      method: 'POST',
      headers: { ...HEADERS, expect: '100-continue', 'content-length': SENT.length },
    });
    outgoing.on('information', ({ statusCode }) => seen.push(String(statusCode)));
    outgoing.on('continue', () => outgoing.end(SENT));
    const answer = await new Promise<IncomingMessage>((resolve) =>
      outgoing.on('response', resolve),
    );
    for await (const chunk of answer) seen.push(String(chunk));
    assert.deepEqual(seen, ['103', '100', 'continued']);
    upstream.server.removeAllListeners('request');
    upstream.server.on('request', (_, response) => {
      response.writeHead(413, { connection: 'close' });
      response.end('too large');
    });
    const early = httpRequest(`${proxy.url}/v1/messages`, {
      method: 'POST',
      headers: { ...HEADERS, 'transfer-encoding': 'chunked' },
    });
    early.write('x'.repeat(100_000));
    early.on('error', () => {});
    const refused = await new Promise<IncomingMessage>((resolve) => early.on('response', resolve));
    assert.equal(refused.statusCode, 413);
    early.destroy();
  });

  test('cut by the upstream is cut for the client, and recorded as what came', async () => {
    const { proxy, drafts } = await rig((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'request-id': 'req_cut' });
      response.write(STREAM.slice(0, 8).join(''));
      setImmediate(() => response.destroy());
    });
    const response = await ask(proxy.url);
    await assert.rejects(response.text());
    await proxy.close(0);
    const call = drafts.find(({ type }) => type === 'api_call');
    assert.equal(call?.status, 'error');
    assert.equal(call?.error?.code, 'upstream_cut');
    assert.equal(drafts.find(({ type }) => type === 'tool_call')?.tool, 'Bash');
  });

  test('cut by the client is cut for the upstream', async () => {
    const gone = Promise.withResolvers<void>();
    const { proxy, drafts } = await rig((_, response) => {
      response.on('close', gone.resolve);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(STREAM.slice(0, 5).join(''));
    });
    const abort = new AbortController();
    const response = await ask(proxy.url, { signal: abort.signal });
    await response.body?.getReader().read();
    abort.abort();
    await gone.promise;
    await proxy.close(0);
    assert.equal(drafts.find(({ type }) => type === 'api_call')?.error?.code, 'client_aborted');
  });

  test('to an upstream that is not there is a 502 that says so', async () => {
    const { upstream, proxy, drafts } = await rig(() => {});
    await upstream.close();
    const response = await ask(proxy.url);
    assert.equal(response.status, 502);
    assert.match(await response.text(), /claw_proxy.*ECONNREFUSED/);
    await proxy.close(0);
    assert.equal(
      drafts.find(({ type }) => type === 'api_call')?.error?.code,
      'upstream_unreachable',
    );
  });

  test('answers a request that offers another protocol as the request that it is', async () => {
    const { upstream, proxy } = await rig(vendors);
    const offer = { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'A' };
    const headers = { ...HEADERS, ...offer };
    const got = await raw(proxy.url, { path: '/v1/messages', headers, body: SENT });
    assert.equal(got.body.toString(), STREAM.join(''));
    assert.equal(upstream.asked[0]?.body.toString(), SENT);
    assert.doesNotMatch(upstream.asked[0]?.headers.join() ?? '', /h2c|HTTP2/);
  });

  test('survives clients that break off at any moment', async () => {
    const { proxy } = await rig(vendors);
    const { port } = new URL(proxy.url);
    const length = `Content-Length: ${SENT.length}`;
    const text = `POST /v1/messages HTTP/1.1\r\nHost: x\r\nX-Api-Key: a\r\n${length}\r\n\r\n${SENT}`;
    for (let at = 1; at <= text.length + 20; at += 7) {
      const socket = connect(Number(port), '127.0.0.1').on('error', () => {});
      await new Promise<void>((resolve) => socket.write(text.slice(0, at), () => resolve()));
      if (at > text.length) await new Promise(setImmediate);
      socket.resetAndDestroy();
    }
    assert.equal((await ask(proxy.url)).status, 200);
  });

  test('carries a WebSocket both ways, and says that it was not read', async () => {
    const echo = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (head) => {
        const answer =
          'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
        socket.write(`${answer}${String(head).split('\r\n')[0]}`);
        socket.pipe(socket);
      });
    });
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
    closing.push(async () => void echo.close());
    const { port } = echo.address() as { port: number };
    const drafts: Draft[] = [];
    const openai = `http://127.0.0.1:${port}`;
    const proxy = await startModelProxy({
      port: 0,
      upstreams: readUpstreams({ openai }),
      record: (draft) => drafts.push(draft),
    });
    closing.push(() => proxy.close(0));
    const socket = connect(Number(new URL(proxy.url).port), '127.0.0.1');
    let got = '';
    socket.on('data', (chunk) => {
      got += chunk;
    });
    const head =
      'GET /v1/responses HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n';
    socket.write(`${head}session-id: s1\r\nUser-Agent: codex_exec/1\r\n\r\n`);
    await until(() => got.includes('/v1/responses'));
    socket.write('\u0001frames');
    await until(() => got.endsWith('\u0001frames'));
    assert.match(got, /^HTTP\/1.1 101 /);
    socket.destroy();
    assert.equal(drafts[0]?.type, 'gap');
    assert.equal(drafts[0]?.session_id, 's1');
  });
});

suite('what the proxy does not know', () => {
  test('passes unread, and is counted', async () => {
    const { upstream, proxy, drafts } = await rig((_, response) => response.end('[1]'));
    const got = await raw(proxy.url, { path: '/v1/models', headers: HEADERS, method: 'GET' });
    assert.equal(got.body.toString(), '[1]');
    await raw(proxy.url, { path: '/v1/messages/count_tokens', headers: HEADERS, body: '{}' });
    await raw(proxy.url, { path: '/api/hello', headers: {}, method: 'HEAD' });
    assert.deepEqual(
      upstream.asked.map(({ method, url }) => `${method} ${url}`),
      ['GET /v1/models', 'POST /v1/messages/count_tokens', 'HEAD /api/hello'],
    );
    await proxy.close(0);
    assert.deepEqual(proxy.counts(), { watched: 0, passed: 3, refused: 0, missed: 0 });
    assert.deepEqual(drafts, []);
  });

  test('is refused where it could hand a key to a stranger, or names a host of its own', async () => {
    const { upstream, proxy } = await rig((_, response) => response.end());
    const two = { 'x-api-key': 'a', 'x-goog-api-key': 'b' };
    assert.equal((await raw(proxy.url, { path: '/v1/messages', headers: two })).status, 421);
    const none = { authorization: 'Bearer x' };
    assert.equal((await raw(proxy.url, { path: '/elsewhere', headers: none })).status, 421);
    const other = { path: 'http://example.com/v1/messages', headers: HEADERS };
    assert.equal((await raw(proxy.url, other)).status, 421);
    assert.deepEqual(upstream.asked, []);
    assert.equal(proxy.counts().refused, 3);
    const page = (origin: string) => ({
      path: '/v1/messages',
      headers: { 'x-api-key': KEY, origin },
    });
    assert.equal((await raw(proxy.url, page('https://evil.example'))).status, 421);
    assert.notEqual((await raw(proxy.url, page('http://localhost:3000'))).status, 421);
    assert.notEqual((await raw(proxy.url, page('vscode-file://vscode-app'))).status, 421);
  });

  test('is the proxy itself as its own upstream', async () => {
    const { proxy } = await rig(() => {});
    const { port } = new URL(proxy.url);
    const upstreams = readUpstreams({ openai: `http://localhost:${port}` });
    await proxy.close(0);
    const record = () => {};
    await assert.rejects(startModelProxy({ port: Number(port), upstreams, record }), {
      code: 'usage.invalid',
      message: 'openai names the proxy itself.',
    });
  });
});

test('a session of our own header is recorded, and not sent on', async () => {
  const { upstream, proxy, drafts } = await rig(vendors);
  await ask(proxy.url, { headers: { ...HEADERS, 'X-Claw-Session-Id': 'mine' } });
  await proxy.close(1000);
  assert.ok(drafts.length > 3);
  assert.ok(drafts.every(({ session_id }) => session_id === 'mine'));
  assert.ok(!upstream.asked[0]?.headers.some((name) => /claw/i.test(name)));
});

test('closing lets what is under way finish, within the grace', async () => {
  let finish = () => {};
  const { proxy, drafts } = await rig((_, response) => {
    response.write(' ');
    finish = () => response.end(JSON.stringify(MESSAGE));
  });
  const response = await ask(proxy.url);
  const closed = proxy.close(60_000);
  finish();
  assert.equal((await response.text()).trim(), JSON.stringify(MESSAGE));
  await closed;
  assert.equal(drafts.find(({ type }) => type === 'output')?.content, 'whole');
});

const zip = {
  gzip: (bytes: Buffer) => gzipSync(bytes),
  br: (bytes: Buffer) => brotliCompressSync(bytes),
  deflate: (bytes: Buffer) => deflateSync(bytes),
  zstd: (bytes: Buffer) => zstdCompressSync(bytes),
};

type Raw = {
  readonly path: string;
  readonly method?: string;
  readonly headers: Record<string, string> | readonly string[];
  readonly body?: string;
};

/** A request as it is written, and an answer as it came. */
async function raw(url: string, { path, method = 'POST', headers, body }: Raw) {
  const { port } = new URL(url);
  const outgoing = httpRequest({
    host: '127.0.0.1',
    port,
    path,
    method,
    headers: headers as never,
  });
  const got = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.on('response', resolve).on('error', reject);
  });
  outgoing.end(body);
  const answer = await got;
  const chunks: Buffer[] = [];
  for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
  return {
    status: answer.statusCode,
    words: answer.statusMessage,
    headers: answer.headers,
    trailers: answer.rawTrailers,
    body: Buffer.concat(chunks),
  };
}

/** But the host, which is the other end's own. */
function sorted(headers: readonly string[] = []): readonly string[] {
  const lines: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]?.toLowerCase();
    if (name !== 'host' && name !== 'connection') lines.push(`${name}: ${headers[i + 1]}`);
  }
  return lines.sort();
}
