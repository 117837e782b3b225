/** A wrapped `fetch` records what went where, and nothing about the request changes. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { wrapFetch } from '../../../src/sdk/integration/fetch.ts';
import { placeOf } from '../../../src/sdk/integration/url.ts';
import { type Ground, openGround } from './ground.ts';

let ground: Ground;
let base: string;
const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '', 'http://x');
  if (pathname === '/hang') return;
  if (pathname === '/cut') request.socket.destroy();
  else if (pathname === '/stream') {
    response.writeHead(200);
    response.write('one ');
    setTimeout(() => response.end('two'), 20);
  } else if (pathname === '/missing') response.writeHead(404, { 'content-length': 2 }).end('no');
  else {
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
    });
    request.on('end', () => response.writeHead(201, { 'content-length': 3 }).end(`${size} b`));
  }
});

before(async () => {
  ground = await openGround();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(async () => {
  await ground.close();
  server.closeAllConnections();
  server.close();
});

const wrapped = (session_id: string) =>
  wrapFetch(fetch, { session: ground.claw.session({ session_id }) });

test('destination, method, path, status and bytes; no secret of the query', async () => {
  const call = wrapped('f-1');
  const response = await call(`${base}/v1/things?limit=5&api_key=sk-1234&cursor=next`, {
    method: 'post',
    body: 'abc',
    headers: { authorization: 'Bearer sk-hidden' },
  });
  assert.equal(await response.text(), '3 b');
  await (await call(new URL(`${base}/missing`))).text();
  await (await call(new Request(`${base}/v1/other`, { method: 'PUT', body: 'x' }))).text();
  const rows = await ground.rows('f-1');
  assert.deepEqual(
    rows.map(({ type, method, endpoint, status, status_code, bytes }) => [
      type,
      method,
      endpoint,
      status,
      status_code,
      bytes,
    ]),
    [
      ['api_call', 'POST', '/v1/things?limit=5&api_key=REDACTED&cursor=next', 'success', 201, 3],
      ['api_call', 'GET', '/missing', 'error', 404, 2],
      ['api_call', 'PUT', '/v1/other', 'success', 201, 3],
    ],
  );
  const [first] = rows;
  assert.equal(first?.destination, new URL(base).host);
  assert.equal(first?.attributes?.['request_bytes'], 3);
  assert.equal(first?.facts.length, 2);
  assert.ok(!JSON.stringify(rows).includes('sk-'));
});

test('a stream is not consumed, and clones as it did', async () => {
  const response = await wrapped('f-2')(`${base}/stream`);
  assert.equal(response.bodyUsed, false);
  const copy = response.clone();
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) text += decoder.decode(chunk);
  assert.equal(text, 'one two');
  assert.equal(await copy.text(), 'one two');
});

test('what it throws is what fetch throws: refused, aborted, malformed', async () => {
  const call = wrapped('f-3');
  await assert.rejects(call(`${base}/cut`), TypeError);
  const abort = AbortSignal.timeout(30);
  await assert.rejects(call(`${base}/hang`, { signal: abort }), { name: 'TimeoutError' });
  await assert.rejects(call('http://'), TypeError);
  const rows = await ground.rows('f-3');
  assert.deepEqual(
    rows.map(({ status, error }) => [status, error?.code]),
    [
      ['error', 'UND_ERR_SOCKET'],
      ['unknown', 'TimeoutError'],
    ],
  );
});

test('a session that cannot be found costs the record, never the request', async () => {
  const call = wrapFetch(fetch, {
    session: () => {
      throw new Error('no session');
    },
  });
  assert.equal((await call(`${base}/x`)).status, 201);
  const none = wrapFetch(fetch, { session: () => undefined });
  assert.equal((await none(`${base}/x`)).status, 201);
});

test('secrets in a URL are hidden wherever they stand; what is none stays', () => {
  const seen = (url: string) => placeOf(url)?.endpoint;
  assert.equal(seen('https://user:pw@a.example/x?q=cats#frag'), '/x?q=cats');
  assert.equal(placeOf('https://user:pw@a.example/x')?.destination, 'a.example');
  assert.equal(
    seen('https://a.example/?X-Amz-Signature=00ff&part=2'),
    '/?X-Amz-Signature=REDACTED&part=2',
  );
  assert.equal(
    seen('https://h.example/services/T00/B00/abcDEF0123456789abcDEF0123'),
    '/services/T00/B00/REDACTED',
  );
  assert.equal(seen('https://t.example/bot123456:AAbb/sendMessage'), '/REDACTED/sendMessage');
  const id = '123e4567-e89b-12d3-a456-426614174000';
  assert.equal(seen(`https://a.example/items/${id}`), `/items/${id}`);
  assert.equal(seen('https://a.example/?x=ya29.A0ARrdaM1234567890abcdef'), '/?x=REDACTED');
  assert.equal(placeOf('data:text/plain,x'), undefined);
  assert.equal(placeOf('nonsense'), undefined);
});
