import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener, request as send } from 'node:http';
import { type AddressInfo, createServer as createNetServer } from 'node:net';
import { afterEach, suite, test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { openWatch } from '../../src/adapter/mcp/watch.ts';
import type { Event } from '../../src/event/event.ts';
import { startHttpProxy } from '../../src/proxy/mcp-http.ts';
import { openWatching } from '../../src/proxy/mcp-watching.ts';
import { eventOf } from '../adapter/mcp-rig.ts';
import { rowsOf } from '../adapter/replay.ts';
import { eventually, rawRequest } from '../server/rig.ts';

const opened: { close: () => unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

async function serve(handle: RequestListener): Promise<number> {
  const server = createServer(handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.push({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return (server.address() as AddressInfo).port;
}

/** A proxy in this process, and what it records. */
async function proxyOf(upstream: string) {
  const events: Event[] = [];
  let opens = 0;
  const proxy = await startHttpProxy({
    upstream: new URL(upstream),
    port: 0,
    open: (session) => {
      opens++;
      const watch = openWatch({
        ...{ server: 'srv', place: 'srv', transport: 'http', nonce: `n${opens}` },
        ...{ known: new Map(), scoped: session === undefined, sessionOf: () => `s-${session}` },
      });
      return openWatching({ watch, now: Date.now, record: (draft) => events.push(eventOf(draft)) });
    },
  });
  opened.push({ close: () => proxy.close(0) });
  const { url } = proxy;
  return { url, port: Number(new URL(url).port), events, rows: () => rowsOf(events) };
}

const ask = (id: unknown, more: object = {}) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    ...{ jsonrpc: '2.0', id, method: 'tools/call' },
    params: { name: 'echo', arguments: {}, ...more },
  }),
});
const answer = (id: unknown) =>
  JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: 'hello' }] } });
const JSON_TYPE = { 'content-type': 'application/json' };

suite('one upstream and no other', () => {
  test('a redirect is the client’s to follow: the other host hears nothing', async () => {
    let heard = 0;
    const other = await serve((_, response) => {
      heard++;
      response.end();
    });
    const location = `http://127.0.0.1:${other}/steal`;
    const port = await serve((_, response) => response.writeHead(307, { location }).end());
    const { url, rows } = await proxyOf(`http://127.0.0.1:${port}/mcp`);
    const authorization = 'Bearer sekret';
    const headers = { ...ask(1).headers, authorization };
    const reply = await fetch(url, { ...ask(1), headers, redirect: 'manual' });
    assert.equal(reply.status, 307);
    assert.equal(reply.headers.get('location'), location);
    assert.equal(heard, 0);
    assert.equal(rows()[0]?.status, 'unknown');
  });

  test('requests in the name of another host are refused, whatever form they have', async () => {
    const urls: (string | undefined)[] = [];
    const port = await serve((request, response) => {
      urls.push(request.url);
      response.end();
    });
    const { port: here } = await proxyOf(`http://127.0.0.1:${port}/mcp`);
    const lines = [
      ['GET /mcp HTTP/1.1', 'Host: evil.example'],
      ['GET /mcp HTTP/1.1', 'Host: 127.0.0.1.evil.example'],
      ['GET /mcp HTTP/1.1', 'Host: localhost.evil.example:80'],
      ['GET http://evil.example/mcp HTTP/1.1', 'Host: 127.0.0.1'],
      ['POST /mcp HTTP/1.1', 'Host: 0.0.0.0', 'Content-Length: 0'],
    ];
    for (const head of lines) {
      const reply = await rawRequest(here, [...head, 'Connection: close', '', ''].join('\r\n'));
      assert.match(reply, /^HTTP\/1\.1 403 /, head.join());
    }
    const tunnel = await rawRequest(
      here,
      'CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n',
    );
    assert.equal(tunnel, '');
    assert.deepEqual(urls, []);
    const odd =
      'GET //evil.example/mcp?a=b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
    assert.match(await rawRequest(here, odd), /^HTTP\/1\.1 200 /);
    assert.deepEqual(urls, ['//evil.example/mcp?a=b']);
  });

  test('paths beside the endpoint pass and are not looked at: they are no MCP', async () => {
    const port = await serve((request, response) =>
      request.pipe(response.writeHead(200, JSON_TYPE)),
    );
    const { url, events } = await proxyOf(`http://127.0.0.1:${port}/mcp`);
    const token = new URL('/token', url);
    const reply = await fetch(token, { ...ask(1), body: 'client_secret=sekret' });
    assert.equal(await reply.text(), 'client_secret=sekret');
    assert.deepEqual(events, []);
  });
});

suite('an answer', () => {
  test('packed in any way passes as it is, and a copy is read', async () => {
    const ways = [
      ['gzip', gzipSync],
      ['deflate', deflateSync],
      ['br', brotliCompressSync],
      ['zstd', zstdCompressSync],
    ] as const;
    for (const [encoding, pack] of ways) {
      for (const type of ['application/json', 'text/event-stream']) {
        const text = type === 'application/json' ? answer(1) : `data: ${answer(1)}\n\n`;
        const packed = pack(Buffer.from(text));
        const port = await serve((_, response) => {
          response.writeHead(200, { 'content-type': type, 'content-encoding': encoding });
          response.end(packed);
        });
        const { url, rows } = await proxyOf(`http://127.0.0.1:${port}/mcp`);
        const { bytes, headers } = await rawPost(url, ask(1).body);
        assert.equal(headers['content-encoding'], encoding);
        assert.ok(bytes.equals(packed));
        await eventually(
          async () => rows()[0]?.status,
          (status) => status === 'success',
        );
      }
    }
  });

  test('packed in a way that nobody knows, or to burst, passes, and is told as not read', async () => {
    const bomb = gzipSync(Buffer.alloc(40 * 1024 * 1024, ' '));
    const bodies = [
      ['rot13', Buffer.from(answer(1))],
      ['gzip', bomb],
      ['gzip', Buffer.from('no gzip')],
    ] as const;
    for (const [encoding, body] of bodies) {
      const port = await serve((_, response) => {
        response.writeHead(200, { ...JSON_TYPE, 'content-encoding': encoding }).end(body);
      });
      const { url, rows } = await proxyOf(`http://127.0.0.1:${port}/mcp`);
      assert.ok((await rawPost(url, ask(1).body)).bytes.equals(body));
      await eventually(
        async () => rows()[0]?.status,
        (status) => status === 'unknown',
      );
    }
  });

  test('of ten megabytes is recorded, cut, and one beyond the limit is unknown', async () => {
    const sizes = [10, 20];
    const port = await serve((request, response) => {
      const size = sizes[Number(request.headers['x-n'])] ?? 0;
      const text = 'y'.repeat(size * 1024 * 1024);
      const value = { jsonrpc: '2.0', id: size, result: { content: [{ type: 'text', text }] } };
      response.writeHead(200, JSON_TYPE).end(JSON.stringify(value));
    });
    const { url, rows } = await proxyOf(`http://127.0.0.1:${port}/mcp`);
    for (const [i, size] of sizes.entries()) {
      const asked = ask(size);
      const reply = await fetch(url, { ...asked, headers: { ...asked.headers, 'x-n': String(i) } });
      assert.ok((await reply.arrayBuffer()).byteLength > size * 1024 * 1024);
    }
    const [large, larger] = rows();
    assert.equal(large?.status, 'success');
    assert.ok(JSON.stringify(large).length < 1024 * 1024);
    assert.match(JSON.stringify(large), /\+\d+ characters/);
    assert.equal(larger?.status, 'unknown');
    assert.equal(larger?.attributes?.['reason'], 'too_long');
  });

  test('that is cut off is cut off for the client too, and never a success', async () => {
    const port = await serve((_, response) => {
      response.writeHead(200, { ...JSON_TYPE, 'content-length': '1000' });
      response.write(answer(1).slice(0, 30), () => response.destroy());
    });
    const { url, rows } = await proxyOf(`http://127.0.0.1:${port}/mcp`);
    await assert.rejects(fetch(url, ask(1)).then((reply) => reply.text()));
    await eventually(
      async () => rows()[0]?.status,
      (status) => status === 'unknown',
    );
  });

  test('that is no HTTP is a 502, none at all is none, and the proxy lives on', async () => {
    const heads = [
      'garbage\r\n\r\n',
      'HTTP/1.1 200 \u0001\r\n\r\n',
      'HTTP/1.1 099 low\r\n\r\n',
      '',
    ];
    let next = 0;
    const server = createNetServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(heads[next++] ?? '', 'latin1'));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    opened.push({ close: () => server.close() });
    const { port } = server.address() as AddressInfo;
    const { url, rows } = await proxyOf(`http://127.0.0.1:${port}/mcp`);
    for (const head of heads) {
      // Where nothing came at all, nothing comes here.
      if (head === '') await assert.rejects(fetch(url, ask(head)));
      else assert.equal((await fetch(url, ask(head))).status, 502, JSON.stringify(head));
    }
    assert.deepEqual(
      rows().map(({ error }) => error?.code),
      heads.map(() => 'unreachable'),
    );
    const gone = await proxyOf('http://127.0.0.1:1/mcp');
    assert.equal((await fetch(gone.url, ask(1))).status, 502);
    assert.equal(gone.rows()[0]?.error?.code, 'unreachable');
  });

  test('to a request that was refused without a message is an error with its status', async () => {
    const port = await serve((_, response) => response.writeHead(401).end('who are you?'));
    const { url, rows } = await proxyOf(`http://127.0.0.1:${port}/mcp`);
    assert.equal(await (await fetch(url, ask(1))).text(), 'who are you?');
    assert.equal(rows()[0]?.error?.code, 'http_401');
    assert.equal(rows()[0]?.status_code, 401);
  });
});

suite('a session', () => {
  test('ends with DELETE; its name is a secret and never recorded', async () => {
    const name = 'sekret-session-name';
    const port = await serve((request, response) => {
      const ended = request.method === 'DELETE';
      response.writeHead(ended ? 204 : 202, { 'mcp-session-id': name }).end();
    });
    const { url, events, rows } = await proxyOf(`http://127.0.0.1:${port}/mcp`);
    const headers = { 'content-type': 'application/json', 'mcp-session-id': name };
    await fetch(url, { ...ask(1), headers });
    await fetch(url, { ...ask(2), headers });
    assert.deepEqual(
      rows().map(({ status }) => status),
      ['pending', 'pending'],
    );
    await fetch(url, { method: 'DELETE', headers });
    assert.deepEqual(
      rows().map(({ status }) => status),
      ['unknown', 'unknown'],
    );
    assert.ok(!JSON.stringify(events).includes(name));
  });

  test('events reach the client one by one, as they are sent', async () => {
    const gates: (() => void)[] = [];
    const port = await serve(async (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      for (const text of [': hello\n\n', `data: ${answer(1)}\n\n`]) {
        await new Promise<void>((open) => gates.push(open));
        response.write(text);
      }
    });
    const { url, rows } = await proxyOf(`http://127.0.0.1:${port}/mcp`);
    const stop = new AbortController();
    const reply = await fetch(url, { ...ask(1), signal: stop.signal });
    assert.equal(reply.status, 200);
    const reader = reply.body?.getReader();
    for (const pattern of [/hello/, /"result"/]) {
      (
        await eventually(
          async () => gates.shift(),
          (open) => open !== undefined,
        )
      )?.();
      const { value } = (await reader?.read()) ?? {};
      assert.match(Buffer.from(value ?? []).toString(), pattern);
    }
    assert.equal(rows()[0]?.status, 'success');
    stop.abort();
  });
});

/** Without the unpacking that fetch does. */
async function rawPost(url: string, body: string) {
  const sent = send(url, { method: 'POST', headers: JSON_TYPE });
  sent.end(body);
  const [head] = await once(sent, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of head) chunks.push(chunk as Buffer);
  return { bytes: Buffer.concat(chunks), headers: head.headers as Record<string, string> };
}
