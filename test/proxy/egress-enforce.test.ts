import assert from 'node:assert/strict';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { after, before, suite, test } from 'node:test';
import { type EgressProxy, startEgressProxy } from '../../src/proxy/egress.ts';
import type { Gate } from '../../src/proxy/gate.ts';
import { readRules } from '../../src/proxy/hosts.ts';
import { type Governed, openGoverned } from './govern-rig.ts';
import { startUpstream, type Upstream } from './upstream.ts';

let governed: Governed;
let upstream: Upstream;
const closing: (() => Promise<unknown>)[] = [];
before(async () => {
  governed = await openGoverned();
  upstream = await startUpstream((_, response) => response.end('hello'));
});
after(async () => {
  for (const close of closing.reverse()) await close();
  await upstream.close();
  await governed.close();
});

async function egress(gate: Gate, session_id: string): Promise<EgressProxy> {
  const rules = readRules({ allow: [], deny: ['blocked.test'] });
  const { record } = governed.claw;
  const proxy = await startEgressProxy({ port: 0, rules, record, session_id, gate });
  closing.push(() => proxy.close(0));
  return proxy;
}

function get({ url }: EgressProxy, target: string) {
  const { hostname, port } = new URL(url);
  const headers = { host: new URL(target).host };
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const request = httpRequest({ hostname, port, path: target, headers }, async (answer) => {
      let text = '';
      for await (const chunk of answer) text += chunk;
      resolve({ status: answer.statusCode ?? 0, text });
    });
    request.on('error', reject).end();
  });
}

function tunnel({ url }: EgressProxy, path: string) {
  const { hostname, port } = new URL(url);
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const request = httpRequest({
      hostname,
      port,
      method: 'CONNECT',
      path,
      headers: { host: path },
    });
    request.on('connect', async (answer: IncomingMessage, socket, head: Buffer) => {
      const status = answer.statusCode ?? 0;
      let text = head.toString();
      if (status !== 200) for await (const chunk of socket) text += chunk;
      socket.destroy();
      resolve({ status, text });
    });
    request.on('error', reject).end();
  });
}

suite('the egress proxy, enforced', () => {
  test('connects where policy permits, and says why where it does not', async () => {
    const proxy = await egress(governed.gate(), 'e-1');
    const { port } = new URL(upstream.url);
    assert.deepEqual(await get(proxy, `${upstream.url}/page?q=1`), { status: 200, text: 'hello' });
    assert.equal((await tunnel(proxy, `127.0.0.1:${port}`)).status, 200);
    const asked = upstream.asked.length;
    for (const refused of [
      await get(proxy, `http://localhost:${port}/page`),
      await tunnel(proxy, `localhost:${port}`),
      await get(proxy, `${upstream.url}/forbidden`),
    ]) {
      assert.equal(refused.status, 403);
      assert.match(refused.text, /Claw refused.*(?:The host is evil|It says forbidden)/);
    }
    assert.equal(upstream.asked.length, asked);
    assert.equal(proxy.counts().denied, 3);
    const rows = await governed.rows('session:e-1 type:api_call status:blocked', 3);
    const ids = rows.map(({ decision }) => decision?.policy_ids?.[0]);
    assert.deepEqual(ids, ['no-evil', 'no-evil', 'no-forbidden']);
    const decisions = await governed.rows('session:e-1 type:decision', 5);
    assert.ok(decisions.every(({ action }) => action === 'network'));
  });

  test('asks for each connection: what was permitted is asked again', async () => {
    const proxy = await egress(governed.gate(), 'e-2');
    for (let i = 0; i < 3; i++) await get(proxy, `${upstream.url}/`);
    await governed.rows('session:e-2 type:decision', 3);
  });

  test('its own rules come first, and nobody is asked', async () => {
    const proxy = await egress(governed.gate(), 'e-3');
    assert.match((await get(proxy, 'http://blocked.test/')).text, /blocked.test is denied/);
    await governed.rows('session:e-3 type:api_call');
    assert.deepEqual(await governed.rows('session:e-3 type:decision', 0), []);
  });

  test('a connection waits for its approval', async () => {
    const proxy = await egress(governed.gate('enforce', 60), 'e-4');
    const waiting = get(proxy, `${upstream.url}/risky`);
    await governed.vote('approve');
    assert.equal((await waiting).text, 'hello');
    const again = get(proxy, `${upstream.url}/risky`);
    await governed.vote('deny');
    assert.match((await again).text, /A person says deny/);
  });

  test('with Claw away it connects nobody, unless it only observes', async () => {
    const away = 'http://127.0.0.1:1';
    const closed = await egress(governed.gate('enforce', 0, away), 'e-5');
    assert.match((await get(closed, `${upstream.url}/`)).text, /nothing passes without/);
    const open = await egress(governed.gate('observe', 0, away), 'e-5');
    assert.equal((await get(open, `${upstream.url}/`)).text, 'hello');
  });

  test('many requests of one connection leave no listeners behind', async () => {
    const proxy = await egress(governed.gate(), 'e-6');
    const warned: Error[] = [];
    process.on('warning', (warning) => warned.push(warning));
    const socket = connect(Number(new URL(proxy.url).port), '127.0.0.1');
    const ask = () => socket.write(`GET ${upstream.url}/ HTTP/1.1\r\nHost: x\r\n\r\n`);
    ask();
    let got = 0;
    for await (const chunk of socket) {
      if (String(chunk).includes('hello')) got++;
      if (got === 15) break;
      ask();
    }
    socket.destroy();
    assert.deepEqual(warned, []);
  });
});
