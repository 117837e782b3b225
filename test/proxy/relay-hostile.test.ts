/** Clients and upstreams that break off, answer early or send what HTTP hardly allows. */
import assert from 'node:assert/strict';
import { pbkdf2 } from 'node:crypto';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, suite, test } from 'node:test';
import type { Draft } from '../../src/event/event.ts';
import { openCopy } from '../../src/proxy/copy.ts';
import { startEgressProxy } from '../../src/proxy/egress.ts';
import { readRules } from '../../src/proxy/hosts.ts';
import { startHttpProxy } from '../../src/proxy/mcp-http.ts';
import { startModelProxy } from '../../src/proxy/model.ts';
import { destinationOf, readUpstreams } from '../../src/proxy/upstream.ts';
import { until } from '../sdk/loopback.ts';
import { startUpstream } from './upstream.ts';

const closing: (() => unknown)[] = [];
after(async () => {
  for (const close of closing.reverse()) await close();
});

/** A model proxy before one upstream. */
async function before(url: string) {
  const proxy = await startModelProxy({
    port: 0,
    upstreams: readUpstreams({ openai: url }),
    record: () => {},
  });
  closing.push(() => proxy.close(0));
  return proxy;
}

/** A server of bytes. */
async function serve(play: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    closing.push(() => socket.destroy());
    play(socket.on('error', () => {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A connection, and the text that came on it. */
function speak(url: string) {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {});
  let got = '';
  let closed = false;
  socket.setEncoding('latin1').on('data', (text: string) => {
    got += text;
  });
  socket.on('close', () => {
    closed = true;
  });
  closing.push(() => socket.destroy());
  return { socket, got: () => got, closed: () => closed };
}

const UPGRADE = 'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

suite('an upgrade', () => {
  test('to a path that Node does not send breaks off that client alone', async () => {
    const upstream = await startUpstream((_, response) => response.end('{}'));
    closing.push(upstream.close);
    const { url } = await before(upstream.url);
    const odd = speak(url);
    odd.socket.write(Buffer.from(`GET /v1/responses/\u00ff\u0100 HTTP/1.1\r\n${UPGRADE}`));
    await until(() => odd.closed());
    const next = speak(url);
    next.socket.write('GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => next.got().includes('{}'));
  });

  test('whose refusal is cut by the upstream is cut for the client', async () => {
    const upstream = await serve((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nno');
        setImmediate(() => socket.destroy());
      });
    });
    const { url } = await before(upstream);
    const client = speak(url);
    client.socket.write(`GET /v1/responses HTTP/1.1\r\n${UPGRADE}`);
    await until(() => client.closed());
  });
});

suite('a connection that stays', () => {
  test('takes the next request after an answer that came before its request was whole', async () => {
    let connections = 0;
    const upstream = await serve((socket) => {
      connections++;
      socket.once('data', () => {
        if (connections > 1) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext');
        else
          socket.end('HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig');
      });
    });
    const { url } = await before(upstream);
    const client = speak(url);
    const part = 'x'.repeat(1_000_000);
    client.socket.write(`POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n`);
    client.socket.write(part);
    await until(() => client.got().includes('big'));
    for (let i = 0; i < 3; i++) client.socket.write(part);
    client.socket.write('GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => client.got().includes('next'));
  });

  test('stays longer than clients keep theirs', async () => {
    const upstream = await startUpstream((_, response) => response.end('{}'));
    closing.push(upstream.close);
    const { url } = await before(upstream.url);
    const answer = await fetch(`${url}/v1/models`);
    await answer.text();
    const [, seconds] = /timeout=(\d+)/.exec(answer.headers.get('keep-alive') ?? '') ?? [];
    assert.ok(Number(seconds) >= 60, `clients are told ${seconds} seconds`);
  });

  test('passes a request without a body as one without', async () => {
    const upstream = await startUpstream((_, response) => response.end('{}'));
    closing.push(upstream.close);
    const { url } = await before(upstream.url);
    for (const method of ['PUT', 'PATCH', 'POST', 'PROPFIND', 'DELETE', 'GET']) {
      const client = speak(url);
      client.socket.write(`${method} /v1/files HTTP/1.1\r\nHost: x\r\n\r\n`);
      await until(() => client.got().includes('{}'));
      const names = (upstream.asked.at(-1)?.headers ?? []).map((name) => name.toLowerCase());
      assert.ok(!names.includes('transfer-encoding'), method);
    }
  });
});

test('a copy in tiny pieces is given up before it costs more than its room', () => {
  const room = { left: 1_000_000 };
  const copy = openCopy(1_000_000, room);
  for (let i = 0; i < 100_000; i++) copy.add(Buffer.from('x'), i);
  assert.equal(copy.chunks(), undefined, 'an object a byte costs a hundred times its bytes');
  assert.equal(copy.bytes(), 100_000);
  assert.equal(room.left, 1_000_000);
});

suite('the egress proxy', () => {
  const open = async () => {
    const drafts: Draft[] = [];
    const rules = readRules({ allow: [], deny: [] });
    const proxy = await startEgressProxy({ port: 0, rules, record: (one) => drafts.push(one) });
    closing.push(() => proxy.close(0));
    return { url: proxy.url, drafts };
  };

  /** Keeps every thread busy that looks names up. */
  const busy = () => {
    const one = () => new Promise((resolve) => pbkdf2('a', 'b', 400_000, 64, 'sha512', resolve));
    return Promise.all(Array.from({ length: 8 }, one));
  };

  for (const [what, head] of [
    ['tunnel', (port: string) => `CONNECT localhost:${port} HTTP/1.1\r\nHost: x\r\n\r\n`],
    ['request', (port: string) => `GET http://localhost:${port}/ HTTP/1.1\r\nHost: x\r\n\r\n`],
  ] as const) {
    test(`opens no connection for a ${what} whose client left while its host was looked up`, async () => {
      let connected = 0;
      const upstream = await serve(() => {
        connected++;
      });
      const { url, drafts } = await open();
      const held = busy();
      const client = speak(url);
      await new Promise<void>((resolve) =>
        client.socket.write(head(new URL(upstream).port), () => resolve()),
      );
      await new Promise(setImmediate);
      client.socket.resetAndDestroy();
      await held;
      await until(() => drafts.some(({ status }) => status === 'error'));
      assert.equal(drafts.at(-1)?.error?.code, 'client_aborted');
      assert.equal(connected, 0);
    });
  }

  test('connects nobody to itself, however its address is written', async () => {
    const { url } = await open();
    const { port } = new URL(url);
    for (const host of ['127.0.0.1', 'localhost', '[::ffff:7f00:1]', '2130706433', '0.0.0.0']) {
      const client = speak(url);
      client.socket.write(`CONNECT ${host}:${port} HTTP/1.1\r\nHost: x\r\n\r\n`);
      await until(() => client.got().includes('\r\n\r\n'));
      assert.match(client.got(), /^HTTP\/1.1 403 /, host);
    }
  });
});

test('a key that is plainly OpenAI’s goes to OpenAI alone, whatever path it is sent to', () => {
  const upstreams = readUpstreams({});
  for (const key of ['sk-proj-abcdefgh', 'sk-svcacct-abcdefgh', 'sk-admin-abcdefgh']) {
    for (const path of ['/v1/messages', '/v1beta/models/x:generateContent', '/v1/responses']) {
      const headers = new Map([['authorization', `Bearer ${key}`]]);
      assert.deepEqual(destinationOf(path, headers, upstreams), { vendor: 'openai' }, path);
    }
    const both = new Map([['authorization', `Bearer ${key}`]]).set('x-api-key', 'a');
    assert.ok('refused' in destinationOf('/v1/messages', both, upstreams));
  }
});

test('an expectation of the client is the MCP server’s to answer', async () => {
  const upstream = await startUpstream((_, response) => response.end('{}'));
  closing.push(upstream.close);
  upstream.server.on('checkExpectation', (_, response) => response.writeHead(499).end());
  const watching = {
    ...{ bytes() {}, tooLong() {}, exchangeEnded() {}, end() {} },
    ...{ message: () => [], opened: () => undefined, refused() {} },
  };
  const url = new URL(`${upstream.url}/mcp`);
  const proxy = await startHttpProxy({ upstream: url, port: 0, open: () => watching });
  closing.push(() => proxy.close(0));
  const client = speak(proxy.url);
  client.socket.write('GET /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: tea\r\n\r\n');
  await until(() => client.got().includes('\r\n\r\n'));
  assert.match(client.got(), /^HTTP\/1.1 499 /);
});
