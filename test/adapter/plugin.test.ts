/** The plugins as installed, loaded by a real Node, against a server that answers as it is told. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { INSTALLERS } from '../../src/adapter/installer-menu.ts';

const PLUGINS = join(import.meta.dirname, '..', '..', 'plugins');
const TOKEN = 'claw_plugin-test';

type Record = { readonly [key: string]: unknown };
/** What the server answers to a batch: a status, and whether its records count as received. */
type Answer = (batch: readonly Record[], bytes: number) => number;

let home = '';
let received: Record[] = [];
let requests: { readonly path: string; readonly authorization: string | undefined }[] = [];
let answer: Answer = () => 200;
let server: Server;
let url = '';

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'claw-plugin-'));
  received = [];
  requests = [];
  answer = () => 200;
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const batch = text.split('\n').map((line) => JSON.parse(line) as Record);
    const status = answer(batch, text.length);
    requests.push({ path: request.url ?? '', authorization: request.headers.authorization });
    if (status === 0) return;
    if (status < 300) received.push(...batch);
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const tokens = { version: 1, tokens: { [url]: { opencode: TOKEN, openclaw: TOKEN } } };
  mkdirSync(join(home, '.config', 'claw'), { recursive: true });
  writeFileSync(join(home, '.config', 'claw', 'tokens.json'), JSON.stringify(tokens));
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  rmSync(home, { recursive: true });
});

/** Installs as clawctl would, and gives back where the plugin's module is. */
function installed(runtime: 'opencode' | 'openclaw', drain?: readonly string[]): string {
  const installer = INSTALLERS.find((one) => one.runtime === runtime);
  assert.ok(installer);
  const paths = installer.paths({ scope: 'user', home, project: home, env: {} });
  const sources = installer.sources.map((name) => [
    name,
    readFileSync(join(PLUGINS, name), 'utf8'),
  ]);
  const texts = installer.install(
    {},
    {
      server: url,
      token: TOKEN,
      shim: 'clawctl',
      paths,
      sources: Object.fromEntries(sources),
      ...(drain === undefined ? {} : { drain }),
    },
  );
  for (const [name, path] of Object.entries(paths)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, texts[name] ?? '');
  }
  return (runtime === 'opencode' ? paths['plugin'] : paths['recorder']) ?? '';
}

/** Runs a module that has loaded the plugin; `hooks` are its handlers by name. */
async function run(file: string, body: string): Promise<number | null> {
  const load = file.endsWith('claw.js')
    ? `const hooks = await (await import(${JSON.stringify(file)})).Claw();`
    : `const hooks = {};
       const on = (name, handler) => { hooks[name] = handler; };
       const { register } = await import(${JSON.stringify(file)});
       register({ pluginConfig: { server: ${JSON.stringify(url)} }, on });`;
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module'], {
    env: { HOME: home, PATH: process.env['PATH'] },
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  child.stdin.end(`${load}\n${body}`);
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

const BEFORE = (n: number | string) =>
  `await hooks['tool.execute.before']({ tool: 'bash', sessionID: 's', callID: '${n}' }, { args: {} });`;
const spool = () => join(home, '.local', 'state', 'claw', 'plugin');
const waiting = () =>
  readdirSync(spool()).flatMap((owner) => readdirSync(join(spool(), owner)).toSorted());
const ids = () => received.map(({ input }) => (input as { callID?: string } | undefined)?.callID);

suite('the OpenCode plugin', () => {
  test('sends what the hooks tell, with the token, in order, and changes nothing', async () => {
    const file = installed('opencode');
    const code = await run(
      file,
      `const output = Object.freeze({ args: Object.freeze({ command: 'ls' }) });
       if ((await hooks['tool.execute.before']({ callID: '1' }, output)) !== undefined) process.exit(9);
       await hooks.event({ event: { type: 'message.part.delta', properties: {} } });
       await hooks.event({ event: { type: 'session.error', properties: { sessionID: 's' } } });`,
    );
    assert.equal(code, 0);
    assert.deepEqual(
      received.map(({ at, ...record }) => record),
      [
        {
          hook: 'tool.execute.before',
          input: { callID: '1' },
          output: { args: { command: 'ls' } },
        },
        { hook: 'event', event: { type: 'session.error', properties: { sessionID: 's' } } },
      ],
    );
    const times = received.map(({ at }) => Number(at));
    assert.ok((times[0] ?? 0) < (times[1] ?? 0));
    assert.deepEqual(requests[0], {
      path: '/v1/capture/opencode',
      authorization: `Bearer ${TOKEN}`,
    });
    assert.deepEqual(waiting(), []);
  });

  test('keeps what the server cannot take now, private to the user, and sends it later', async () => {
    const file = installed('opencode');
    for (const status of [503, 429, 401, 404, 0]) {
      answer = () => status;
      const limit = status === 0 ? 'setTimeout(() => process.exit(0), 500);' : '';
      assert.equal(await run(file, `${BEFORE(status)}${limit}`), 0);
    }
    assert.equal(waiting().length, 5);
    const [owner = ''] = readdirSync(spool());
    assert.equal(statSync(join(spool(), owner)).mode & 0o777, 0o700);
    for (const name of waiting()) {
      assert.equal(statSync(join(spool(), owner, name)).mode & 0o777, 0o600);
    }
    answer = () => 200;
    await run(file, BEFORE('last'));
    assert.deepEqual(ids(), ['503', '429', '401', '404', '0', 'last']);
    assert.deepEqual(waiting(), []);
  });

  test('halves what is too large, and tells the one record that nobody takes as dropped', async () => {
    const file = installed('opencode');
    answer = (batch, bytes) =>
      batch.some(({ input }) => (input as { callID?: string } | undefined)?.callID === '5')
        ? batch.length > 1
          ? 413
          : 422
        : bytes > 2000
          ? 413
          : 200;
    const calls = Array.from({ length: 12 }, (_, n) => BEFORE(n)).join('\n');
    await run(file, calls);
    assert.deepEqual(ids(), ['0', '1', '2', '3', '4', '6', '7', '8', '9', '10', '11']);
    answer = () => 200;
    await run(file, '');
    await run(file, BEFORE('next'));
    const [gap] = received.filter(({ hook }) => hook === 'claw.dropped');
    assert.equal(gap?.['count'], 1);
    assert.equal(gap?.['from'], gap?.['to']);
    assert.deepEqual(waiting(), []);
  });

  test('loses nothing where the process is killed or ends at once', async () => {
    const file = installed('opencode');
    assert.equal(await run(file, `${BEFORE(1)} process.exit(0);`), 0);
    assert.deepEqual(received, []);
    answer = () => 503;
    await run(file, `${BEFORE(2)} setTimeout(() => process.kill(process.pid, 9), 1000);`);
    answer = () => 200;
    await run(file, BEFORE(3));
    assert.deepEqual(ids(), ['1', '2', '3']);
  });

  test('what waits at the end is sent by a process of its own', async () => {
    const drain = [process.execPath, join(PLUGINS, 'drain.js')];
    const file = installed('opencode', drain);
    await run(file, `${BEFORE(1)} process.exit(0);`);
    while (received.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(ids(), ['1']);
  });

  test('a runtime that loads a plugin twice has one sender, whose records keep their order', async () => {
    const program = `
      const [one, two] = await Promise.all(['?1', '?2'].map((q) => import(${JSON.stringify(join(PLUGINS, 'sender.js'))} + q)));
      const options = { runtime: 'opencode', server: 'http://127.0.0.1:9' };
      const same = one.openSender(options) === two.openSender(options);
      const other = one.openSender({ ...options, runtime: 'openclaw' });
      process.exitCode = same && other !== one.openSender(options) ? 0 : 1;
      process.exit();`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: 'ignore',
    });
    const [code] = await once(child, 'exit');
    assert.equal(code, 0);
  });

  test('claims of a process that died are given back, and one that lives keeps its own', async () => {
    const file = installed('opencode');
    answer = () => 503;
    await run(file, BEFORE(1));
    await run(file, BEFORE(2));
    const [owner = ''] = readdirSync(spool());
    const [one = '', two = ''] = waiting();
    const path = (name: string) => join(spool(), owner, name);
    const { renameSync } = await import('node:fs');
    renameSync(path(one), path(`${one}.claim-999999999-${Date.now()}`));
    renameSync(path(two), path(`${two}.claim-${process.pid}-${Date.now()}`));
    answer = () => 200;
    await run(file, BEFORE(3));
    assert.deepEqual(ids(), ['1', '3']);
    assert.equal(waiting().length, 1);
  });

  test('of several at once none sends twice what waits, and none loses it', async () => {
    const file = installed('opencode');
    answer = () => 503;
    for (let n = 0; n < 5; n++) await run(file, BEFORE(n));
    answer = () => 200;
    await Promise.all([10, 11, 12].map((n) => run(file, BEFORE(n))));
    assert.deepEqual(ids().toSorted(), ['0', '1', '10', '11', '12', '2', '3', '4']);
  });

  test('goes on with what JSON cannot hold, and where the disk takes nothing', async () => {
    const file = installed('opencode');
    const code = await run(
      file,
      `const circle = { big: 10n, f() {}, when: new Date(0), e: new Error('x') };
       circle.self = circle;
       let deep = {}; for (let i = 0; i < 5000; i++) deep = { deep };
       await hooks['chat.message']({ sessionID: 's', circle, deep }, undefined);
       await hooks['chat.message']({ get x() { throw new Error('no') } }, undefined);
       await hooks.event({});
       ${BEFORE(1)}`,
    );
    assert.equal(code, 0);
    const said = received.find(({ hook }) => hook === 'chat.message');
    assert.deepEqual((said?.['input'] as Record | undefined)?.['circle'], {
      big: '10',
      when: '1970-01-01T00:00:00.000Z',
      e: { name: 'Error', message: 'x' },
      self: '[circular]',
    });
    rmSync(join(home, '.local'), { recursive: true });
    writeFileSync(join(home, '.local'), '');
    assert.equal(await run(file, BEFORE(2)), 0);
  });
});

suite('what a plugin cannot keep', () => {
  test('a record that refers to itself without end holds nothing up, and is told as dropped', async () => {
    const file = installed('opencode');
    const code = await run(
      file,
      `let wide = {}; for (let i = 0; i < 50; i++) wide = { a: wide, b: wide };
       await hooks['chat.message']({ sessionID: 's' }, wide);
       await hooks['chat.message']({ sessionID: 's' }, 'x'.repeat(9_000_000));
       ${BEFORE(1)}`,
    );
    assert.equal(code, 0);
    assert.deepEqual(ids().filter(Boolean), ['1']);
    const dropped = received.filter(({ hook }) => hook === 'claw.dropped');
    assert.equal(
      dropped.reduce((sum, { count }) => sum + Number(count), 0),
      2,
    );
  });

  test('what is just being written when the process ends is not lost', async () => {
    const file = installed('opencode');
    // The folder is made right before the batch is written: the process ends in the midst of that.
    const ends = `while (!(await import('node:fs')).existsSync(${JSON.stringify(spool())}))
         await new Promise((resolve) => setImmediate(resolve));
       process.exit(0);`;
    await run(file, `${BEFORE(1)} setTimeout(() => {}, 1000); ${ends}`);
    await run(file, BEFORE(2));
    assert.deepEqual([...new Set(ids())], ['1', '2']);
  });

  test('what has no room on the disk at the end of the process is told as dropped', async () => {
    const file = installed('opencode');
    answer = () => 503;
    await run(file, BEFORE(1));
    const [owner = ''] = readdirSync(spool());
    const stone = join(spool(), owner, `0000000000000001-${64 * 1024 * 1024}-0.stone`);
    writeFileSync(stone, '');
    await run(file, `${BEFORE(2)} process.exit(0);`);
    rmSync(stone);
    answer = () => 200;
    await run(file, BEFORE(3));
    assert.deepEqual(ids().filter(Boolean), ['1', '3']);
    assert.equal(received.find(({ hook }) => hook === 'claw.dropped')?.['count'], 1);
  });
});

suite('the OpenClaw plugin', () => {
  const call = (n: number) =>
    `await hooks['before_tool_call']({ toolName: 'exec', params: {}, toolCallId: '${n}' }, { sessionId: 's' });`;

  test('a call is durable before its tool runs, and no answer decides anything', async () => {
    const file = installed('openclaw');
    answer = () => 503;
    const code = await run(
      file,
      `const answer = ${call(1).replace(/;$/, '')};
       if (answer !== undefined) process.exit(9);
       process.kill(process.pid, 9);`,
    );
    assert.equal(code, null);
    assert.equal(waiting().length, 1);
    answer = () => 200;
    await run(file, `hooks['after_tool_call']({ toolCallId: '1' }, { sessionId: 's' });`);
    assert.deepEqual(
      received.map(({ hook }) => hook),
      ['before_tool_call', 'after_tool_call'],
    );
    assert.deepEqual((received[0]?.['event'] as Record | undefined)?.['toolCallId'], '1');
  });

  test('the end of a run waits for what was noted to be sent, within a limit', async () => {
    const file = installed('openclaw');
    await run(
      file,
      `await hooks['agent_end']({ success: true }, {}); process.kill(process.pid, 9);`,
    );
    assert.deepEqual(
      received.map(({ hook }) => hook),
      ['agent_end'],
    );
    answer = () => 0;
    const started = Date.now();
    await run(file, `await hooks['agent_end']({}, {}); process.kill(process.pid, 9);`);
    assert.ok(Date.now() - started < 9000);
  });
});
