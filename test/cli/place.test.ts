import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { findPlace } from '../../src/cli/reach/place.ts';
import { readPointers, writePointer } from '../../src/cli/reach/pointer.ts';
import { Fault } from '../../src/fault/fault.ts';
import { isLoopback } from '../../src/server/loopback.ts';
import { openCredentials } from '../../src/trail/credential.ts';

const nothing = { url: undefined, data: undefined, token: undefined };

async function folder(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'claw-cli-place-'));
  t.after(() => rmSync(root, { recursive: true }));
  const data = join(root, 'data');
  const path = join(data, 'credentials.json');
  const { token } = await openCredentials({ path, now: Date.now, entropy: randomBytes });
  return { root, data, token, env: { XDG_CONFIG_HOME: join(root, 'config') } };
}

test('a data folder that was served is found with its address and its token', async (t) => {
  const { data, token, env } = await folder(t);
  await writePointer(env, { url: 'http://127.0.0.1:5001', data });
  const place = await findPlace({ env, ...nothing, data });
  assert.equal(place.url, 'http://127.0.0.1:5001');
  assert.equal(await place.token(), token);
});

test('the server started last is found from any folder', async (t) => {
  const { data, token, env } = await folder(t);
  await writePointer(env, { url: 'http://127.0.0.1:5000', data: '/elsewhere' });
  await writePointer(env, { url: 'http://127.0.0.1:5001', data });
  const place = await findPlace({ env, ...nothing });
  assert.equal(place.url, 'http://127.0.0.1:5001');
  assert.equal(await place.token(), token);
});

test('the local token never goes to another machine', async (t) => {
  const { data, env } = await folder(t);
  await writePointer(env, { url: 'http://127.0.0.1:5001', data });
  for (const url of ['https://claw.example.com', 'http://127.0.0.1.evil.example', 'http://[::2]']) {
    const place = await findPlace({ env, ...nothing, url, data });
    await assert.rejects(
      place.token(),
      (error) => error instanceof Fault && error.code === 'request.unauthorised',
    );
  }
});

test('a given token is sent, with a warning where the network could read it', async () => {
  const at = (url: string) => findPlace({ env: {}, ...nothing, url, token: 'claw_x' });
  assert.equal(await (await at('http://claw.example.com')).token(), 'claw_x');
  assert.equal((await at('http://claw.example.com')).exposed, true);
  assert.equal((await at('https://claw.example.com')).exposed, false);
  assert.equal((await at('http://localhost:1')).exposed, false);
});

test('a server that took over an address is not mistaken for the one before', async (t) => {
  const { data, token, env } = await folder(t);
  await writePointer(env, { url: 'http://127.0.0.1:5001', data: '/before' });
  await writePointer(env, { url: 'http://127.0.0.1:5001', data });
  const place = await findPlace({ env, ...nothing, url: 'http://127.0.0.1:5001' });
  assert.equal(await place.token(), token);
  assert.equal((await readPointers(env)).length, 1);
});

test('an address that is no web address is refused', async () => {
  for (const url of ['ftp://x', 'nowhere', 'http://user:secret@127.0.0.1', 'file:///etc/passwd']) {
    await assert.rejects(
      findPlace({ env: {}, ...nothing, url }),
      (error) => error instanceof Fault && error.code === 'usage.invalid',
    );
  }
});

test('loopback is told by the address alone', () => {
  assert.ok(isLoopback(new URL('http://127.9.9.9:1').hostname));
  assert.ok(isLoopback(new URL('http://[::1]:1').hostname));
  assert.ok(
    isLoopback(new URL('http://0x7f000001/').hostname),
    'the URL parser writes it as 127.0.0.1',
  );
  assert.ok(!isLoopback(new URL('http://localhost.evil.example').hostname));
});

test('the note of servers is private, bounded, and harmless when it is damaged', async (t) => {
  const { root, env } = await folder(t);
  for (let i = 0; i < 25; i++)
    await writePointer(env, { url: `http://127.0.0.1:${i + 1}`, data: `/${i}` });
  const pointers = await readPointers(env);
  assert.equal(pointers.length, 20);
  assert.equal(pointers[0]?.data, '/24');
  const file = join(root, 'config', 'claw', 'local.json');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  for (const text of ['', 'null', '{"trails":7}', '{"trails":[{"url":"x","data":1}]}']) {
    writeFileSync(file, text);
    assert.deepEqual(await readPointers(env), []);
  }
});
