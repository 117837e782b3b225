import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { connect as secure } from 'node:tls';
import type { Draft } from '../../src/event/event.ts';
import { type EgressProxy, startEgressProxy } from '../../src/proxy/egress.ts';
import { readRules } from '../../src/proxy/hosts.ts';
import { until } from '../sdk/loopback.ts';
import { startUpstream } from './upstream.ts';

const closing: (() => unknown)[] = [];

after(async () => {
  for (const close of closing.reverse()) await close();
});

async function rig({ allow = [], deny = [], session_id }: Rules = {}) {
  const drafts: Draft[] = [];
  const rules = readRules({ allow, deny });
  const record = (draft: Draft) => drafts.push(draft);
  const proxy = await startEgressProxy({ port: 0, rules, record, session_id });
  closing.push(() => proxy.close(0));
  return { proxy, drafts };
}

type Rules = { readonly allow?: string[]; readonly deny?: string[]; readonly session_id?: string };

const basic = (user: string) => `Basic ${Buffer.from(`${user}:secret-token`).toString('base64')}`;

/** The proxy's answer to CONNECT, and the connection. */
async function tunnel({ url }: EgressProxy, target: string, user = 's-1') {
  const headers = { 'proxy-authorization': basic(user), host: target };
  const { port } = new URL(url);
  const outgoing = httpRequest({
    host: '127.0.0.1',
    port,
    method: 'CONNECT',
    path: target,
    headers,
  });
  outgoing.end();
  return new Promise<{ status: number; socket: Socket; body: () => Promise<string> }>(
    (resolve, reject) => {
      outgoing.on('connect', (answer: IncomingMessage, socket: Socket, head: Buffer) => {
        socket.on('error', () => {});
        const body = async () => {
          let text = head.toString();
          for await (const chunk of socket) text += chunk;
          return text;
        };
        resolve({ status: answer.statusCode ?? 0, socket, body });
      });
      outgoing.on('error', reject);
    },
  );
}

function certificate() {
  const folder = mkdtempSync(join(tmpdir(), 'claw-tls-'));
  const files = { key: join(folder, 'key.pem'), cert: join(folder, 'cert.pem') };
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const make = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
  ];
  const out = ['-keyout', files.key, '-out', files.cert, '-days', '2'];
  execFileSync('openssl', [...make, ...out, ...subject], { stdio: 'ignore' });
  const read = { key: readFileSync(files.key), cert: readFileSync(files.cert) };
  rmSync(folder, { recursive: true });
  return read;
}

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

suite('a tunnel', () => {
  test('carries TLS end to end, and is recorded when it begins and when it is over', {
    skip: hasOpenssl() ? false : 'openssl is not here',
  }, async () => {
    const { key, cert } = certificate();
    const server = createSecure({ key, cert }, (_, response) => response.end('over TLS'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const { proxy, drafts } = await rig();
    const { status, socket } = await tunnel(proxy, `localhost:${port}`);
    assert.equal(status, 200);
    const inner = secure({ socket, servername: 'localhost', ca: cert });
    inner.write('GET /x?key=secret HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    let text = '';
    for await (const chunk of inner) text += chunk;
    assert.match(text, /^HTTP\/1\.1 200 .*over TLS/s);
    await proxy.close(1000);
    const [began, ended] = drafts;
    assert.equal(drafts.length, 2);
    assert.equal(began?.status, 'pending');
    assert.equal(began?.call_id, ended?.call_id);
    assert.equal(ended?.type, 'api_call');
    assert.equal(ended?.session_id, 's-1');
    assert.equal(ended?.method, 'CONNECT');
    assert.equal(ended?.destination, `localhost:${port}`);
    // What TLS carried was not seen, so neither was whether it went well.
    assert.equal(ended?.status, 'unknown');
    assert.ok((ended?.bytes ?? 0) > 500);
    assert.match(String(ended?.attributes?.['address']), /127\.0\.0\.1$/);
    assert.doesNotMatch(JSON.stringify(drafts), /secret/);
  });

  test('loses no byte when one side ends before the other has read', async () => {
    const large = Buffer.alloc(8 * 1024 * 1024, 'x');
    const server = createServer((socket) => socket.end(large));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const { proxy, drafts } = await rig();
    const { socket, body } = await tunnel(proxy, `127.0.0.1:${port}`);
    await new Promise(setImmediate);
    assert.equal((await body()).length, large.length);
    socket.destroy();
    await until(() => drafts.length === 2);
    assert.equal(drafts[1]?.attributes?.['received_bytes'], large.length);
  });

  test('to what is denied is a 403 that says why, and is recorded as blocked', async () => {
    const { proxy, drafts } = await rig({ deny: ['*.evil.example', 'loopback'] });
    for (const target of [
      'www.evil.example:443',
      'localhost:9',
      '2130706433:9',
      '[::ffff:7f00:1]:9',
    ]) {
      const { status, body } = await tunnel(proxy, target);
      assert.equal(status, 403, target);
      assert.match(await body(), /is denied/);
    }
    assert.equal(proxy.counts().denied, 4);
    assert.ok(drafts.every((draft) => draft.status === 'blocked' && draft.status_code === 403));
    assert.deepEqual(drafts[0]?.decision, {
      outcome: 'deny',
      by: 'config',
      reason: '*.evil.example is denied',
    });
    assert.equal(drafts[2]?.destination, '127.0.0.1:9');
  });

  test('to the proxy itself, to nobody and to no host is refused', async () => {
    const { proxy, drafts } = await rig({ session_id: 'given' });
    const { port } = new URL(proxy.url);
    assert.equal((await tunnel(proxy, `127.0.0.1:${port}`, '')).status, 403);
    assert.equal((await tunnel(proxy, 'nowhere.invalid:443', '')).status, 502);
    const free = await startUpstream(() => {});
    await free.close();
    assert.equal((await tunnel(proxy, new URL(free.url).host, '')).status, 502);
    assert.equal((await tunnel(proxy, 'a@b:443', '')).status, 400);
    assert.equal((await tunnel(proxy, 'example.com:0', '')).status, 400);
    assert.deepEqual(
      drafts.map(({ session_id, status, error }) => [session_id, status, error?.code]),
      [
        ['given', 'blocked', undefined],
        ['given', 'error', 'ENOTFOUND'],
        ['given', 'error', 'ECONNREFUSED'],
      ],
    );
    assert.deepEqual(proxy.counts(), { passed: 0, denied: 1, failed: 2 });
  });
});

suite('a request in the clear', () => {
  const send = async ({ url }: EgressProxy, lines: string) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write(lines);
    let text = '';
    for await (const chunk of socket) {
      text += chunk;
      if (text.endsWith('.')) socket.end();
    }
    return text;
  };

  test('passes with its bytes, without what is the proxy’s, and is recorded', async () => {
    const upstream = await startUpstream((_, response) => {
      response.writeHead(418, 'Teapot', ['X-Odd', 'yes', 'Content-Length', '6']);
      response.end('short.');
    });
    closing.push(upstream.close);
    const { host } = new URL(upstream.url);
    const { proxy, drafts } = await rig();
    const head = `POST http://u:p@${host}/a%20b?key=secret HTTP/1.1\r\nHost: liar.example\r\n`;
    const rest = `Proxy-Authorization: ${basic('s-2')}\r\nX-Api-Key: secret\r\nContent-Length: 2\r\n\r\nhi`;
    const answer = await send(proxy, `${head}${rest}`);
    assert.match(answer, /^HTTP\/1\.1 418 Teapot\r\nX-Odd: yes\r\n.*short\.$/s);
    const [asked] = upstream.asked;
    assert.equal(asked?.url, '/a%20b?key=secret');
    assert.equal(asked?.body.toString(), 'hi');
    const sent = asked?.headers.join('\n') ?? '';
    assert.ok(sent.includes(`Host\n${host}`) && sent.includes('X-Api-Key\nsecret'));
    assert.doesNotMatch(sent, /proxy-auth|liar|s-2/i);
    const [draft] = drafts;
    assert.equal(drafts.length, 1);
    assert.equal(draft?.session_id, 's-2');
    assert.equal(draft?.method, 'POST');
    assert.equal(draft?.endpoint, '/a%20b');
    assert.equal(draft?.status_code, 418);
    assert.equal(draft?.status, 'error');
    assert.equal(draft?.bytes, 8);
    assert.doesNotMatch(JSON.stringify(drafts), /secret/);
  });

  test('to what is denied, or to no other host, does not pass', async () => {
    const { proxy, drafts } = await rig({ allow: ['api.example.com'] });
    const denied = await send(proxy, 'GET http://127.0.0.1:1/ HTTP/1.0\r\n\r\n');
    assert.match(denied, /^HTTP\/1\.1 403 .*not among the hosts/s);
    const own = await send(proxy, 'GET /etc/passwd HTTP/1.0\r\n\r\n');
    assert.match(own, /^HTTP\/1\.1 400 /);
    const other = await send(proxy, 'GET https://api.example.com/ HTTP/1.0\r\n\r\n');
    assert.match(other, /^HTTP\/1\.1 400 /);
    assert.deepEqual(
      drafts.map(({ status }) => status),
      ['blocked'],
    );
  });
});
