import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openSpool } from '../../src/cli/hook/spool.ts';
import { UUID } from '../../src/event/event.ts';
import { CERTIFICATE, KEY } from './certificate.ts';
import { type Collector, startCollector } from './collector.ts';
import { entry } from './entry.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
/** Nothing listens on port 1 of the loopback. */
const AWAY = 'http://127.0.0.1:1';

let folder = '';
let claw: Collector;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'claw-hook-'));
  claw = await startCollector();
});
afterEach(async () => {
  await claw.close();
  rmSync(folder, { recursive: true });
});

type Run = {
  readonly server?: string;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
};

/** Runs the shim as Claude Code does; it must print `{}` and exit with 0 in every test. */
async function run({ server = claw.url, input = '{"n":0}', env = {}, args }: Run): Promise<void> {
  const argv = [MAIN, 'hook', ...(args ?? ['claude-code', '--server', server])];
  const child = spawn(process.execPath, argv, {
    env: {
      PATH: process.env['PATH'],
      CLAW_TOKEN: 'claw_t',
      CLAW_SPOOL: folder,
      CLAW_HOOK_TIMEOUT_MS: '5000',
      ...env,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += String(chunk);
  });
  child.stdin.on('error', () => undefined);
  if (input === 'never ends') child.stdin.write('{"half":');
  else child.stdin.end(input);
  const [code] = await new Promise<[number | null]>((resolve) => {
    child.on('close', (status) => resolve([status]));
  });
  assert.equal(code, 0);
  assert.equal(output, '{}\n');
}

/** A server on the IPv6 loopback that answers with these pieces, one after the other, and ends. */
async function startRaw(pieces: readonly string[]) {
  let request = '';
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', async (bytes) => {
      request += String(bytes);
      for (const piece of pieces) {
        socket.write(piece);
        await pause(20);
      }
      socket.end();
    });
  });
  await once(server.listen(0, '::1'), 'listening');
  return {
    url: `http://[::1]:${(server.address() as AddressInfo).port}`,
    request: () => request,
    close: async () => void (await once(server.close(), 'close')),
  };
}

const spooled = () => readdirSync(folder).flatMap((owner) => readdirSync(join(folder, owner)));
const numbers = () => claw.received.map(({ body }) => body['n']);
const owner = () => `${new URL(claw.url).href}\nclaw_t`;

suite('clawctl hook', () => {
  test('hands the record on with the token and the moment of capture', async () => {
    await run({ input: '{"session_id":"s"}' });
    const [got] = claw.received;
    assert.equal(got?.path, '/v1/capture/claude-code');
    assert.equal(got?.authorization, 'Bearer claw_t');
    assert.match(got?.captured_at ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    assert.deepEqual(got?.body, { session_id: 's' });
    assert.deepEqual(readdirSync(folder), []);
  });

  test('spools for its owner alone while the server is away, and the next call sends it', async () => {
    claw.answer(503);
    for (const n of [1, 2]) await run({ input: `{"n":${n}}` });
    const [sub = ''] = readdirSync(folder);
    assert.equal(statSync(join(folder, sub)).mode & 0o777, 0o700);
    for (const name of spooled()) {
      assert.equal(statSync(join(folder, sub, name)).mode & 0o777, 0o600);
    }
    assert.doesNotMatch(spooled().join() + sub, /claw_t/);
    claw.answer(200);
    await run({ input: '{"n":3}', env: { CLAW_TOKEN: 'claw_other' } });
    assert.deepEqual(numbers(), [3], 'another token may belong to another tenant');
    await run({ input: '{"n":4}' });
    assert.deepEqual(numbers(), [3, 4, 1, 2]);
    const times = claw.received.slice(2).map(({ captured_at }) => captured_at ?? '');
    assert.ok(
      (times[0] ?? '') < (times[1] ?? '') &&
        (times[1] ?? '') < (claw.received[1]?.captured_at ?? ''),
    );
    assert.deepEqual(readdirSync(join(folder, sub)), []);
  });

  test('goes on without a server, with a silent one, and with an input that never ends', async () => {
    await run({ server: AWAY });
    assert.equal(spooled().length, 1);
    claw.answer(0);
    await run({ env: { CLAW_HOOK_TIMEOUT_MS: '400' } });
    assert.equal(spooled().length, 2);
    await run({ input: 'never ends', env: { CLAW_HOOK_TIMEOUT_MS: '400' } });
    assert.ok(spooled().includes('drops'));
  });

  test('goes on where the spool cannot be written', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    await run({ server: AWAY, env: { CLAW_SPOOL: join(file, 'spool') } });
    await run({ server: AWAY, env: { CLAW_SPOOL: '/proc/claw' } });
  });

  test('goes on whatever its arguments are', async () => {
    for (const args of [
      [],
      ['../x'],
      ['claude-code', '--server'],
      ['claude-code', '--server', 'ftp://x'],
    ]) {
      await run({ args, env: { CLAW_URL: 'nonsense' } });
    }
    assert.deepEqual(claw.received, []);
  });

  test('does not keep what the server refuses, and the loss is recorded as a gap', async () => {
    claw.answer(422);
    await run({});
    assert.deepEqual(spooled(), ['drops']);
    claw.answer(200);
    await run({ input: '{"n":1}' });
    const [, gap] = claw.received;
    assert.equal(gap?.path, '/v1/events');
    assert.equal(gap?.body['type'], 'gap');
    assert.match(JSON.stringify(gap?.body['attributes']), /"dropped":1,/);
    assert.match(String(gap?.body['id']), UUID);
    assert.deepEqual(spooled(), []);
  });

  test('of several at once, none sends twice what waits and none loses it', async () => {
    const spool = openSpool({ CLAW_SPOOL: folder }, owner());
    for (let n = 1; n <= 20; n++) spool.keep(entry(n));
    await Promise.all([101, 102, 103].map((n) => run({ input: `{"n":${n}}` })));
    const wanted = [...Array.from({ length: 20 }, (_, i) => i + 1), 101, 102, 103];
    assert.deepEqual(
      numbers().toSorted((a, b) => Number(a) - Number(b)),
      wanted,
    );
    assert.deepEqual(spooled(), []);
  });

  test('understands an answer that comes in pieces, after others that only announce it', async () => {
    const answers = [
      [
        'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r',
        '\nHTTP/1.1 2',
        '02 \r\n',
      ],
      ['HTTP/1.0 200 OK\r\n\r\n'],
    ];
    for (const pieces of answers) {
      const server = await startRaw(pieces);
      await run({ server: server.url });
      await server.close();
      assert.match(
        server.request(),
        /^POST \/v1\/capture\/claude-code HTTP\/1\.1\r\nHost: \[::1\]:/,
      );
      assert.deepEqual(readdirSync(folder), [], pieces.join());
    }
  });

  test('keeps a record where the answer is none of HTTP’s, or breaks off', async () => {
    const answers = [
      ['HTTP/1.1 999 x\r\n\r\n'],
      ['220 mail.example.com ESMTP\r\n'],
      ['HTTP/1.1 2'],
      [],
    ];
    for (const [i, pieces] of answers.entries()) {
      const server = await startRaw(pieces);
      await run({ server: server.url, env: { CLAW_SPOOL: join(folder, `${i}`) } });
      await server.close();
      const [sub = ''] = readdirSync(join(folder, `${i}`));
      assert.equal(readdirSync(join(folder, `${i}`, sub)).length, 1, pieces.join());
    }
  });

  test('lets no token write lines of the request', async () => {
    await run({ env: { CLAW_TOKEN: 'claw_t\r\nX-Evil: 1' } });
    assert.deepEqual(claw.received, []);
    assert.equal(spooled().length, 1);
  });

  test('speaks TLS, and only to who proves its name', async () => {
    const server = createSecureServer({ key: KEY, cert: CERTIFICATE }, (request, response) => {
      request.resume().on('end', () => response.end('{}'));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const trusted = join(folder, 'trusted.pem');
    writeFileSync(trusted, CERTIFICATE);
    const spool = join(folder, 'spool');
    const send = (host: string, env = {}) =>
      run({ server: `https://${host}:${port}`, env: { CLAW_SPOOL: spool, ...env } });
    await send('localhost', { NODE_EXTRA_CA_CERTS: trusted });
    assert.equal(existsSync(spool), false);
    await send('localhost');
    assert.equal(readdirSync(spool).length, 1);
    await send('127.0.0.1', { NODE_EXTRA_CA_CERTS: trusted });
    assert.equal(readdirSync(spool).length, 2);
    server.closeAllConnections();
    server.close();
  });

  test('loads neither fetch nor an HTTP client, and no cryptography where nothing waits', async () => {
    const probe = join(folder, 'probe.cjs');
    const list = join(folder, 'list');
    const write = `fs.writeFileSync(${JSON.stringify(list)}, process.moduleLoadList.join('\\n'))`;
    writeFileSync(probe, `const fs = require('fs'); process.on('exit', () => ${write});`);
    const env = { NODE_OPTIONS: `--require ${probe}`, CLAW_SPOOL: join(folder, 'spool') };
    await run({ env });
    assert.equal(claw.received.length, 1);
    const loaded = readFileSync(list, 'utf8').split('\n');
    assert.ok(loaded.includes('NativeModule net'));
    const heavy =
      /^NativeModule (_http_client|http|https|crypto|tls|child_process|internal\/deps\/undici.*)$/;
    assert.deepEqual(
      loaded.filter((name) => heavy.test(name)),
      [],
    );
  });

  test('loads nothing but Node and its own files', () => {
    const folder = new URL('../../src/cli/hook/', import.meta.url);
    for (const name of readdirSync(folder)) {
      const text = readFileSync(new URL(name, folder), 'utf8');
      for (const [, from = ''] of text.matchAll(/(?:from|import\() ?'([^']+)'/g)) {
        assert.match(from, /^(node:|\.\/|\.\.\/\.\.\/adapter\/gate\.ts$)/);
      }
    }
    const gate = readFileSync(new URL('../../src/adapter/gate.ts', import.meta.url), 'utf8');
    assert.doesNotMatch(gate, /\bimport\b/);
  });
});
