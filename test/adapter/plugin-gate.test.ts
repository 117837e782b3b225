/** The plugins where they enforce: a real server answers as it is told, also with what is hostile. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import type { Enforcement } from '../../src/adapter/installer.ts';
import { INSTALLERS } from '../../src/adapter/installer-menu.ts';

const PLUGINS = join(import.meta.dirname, '..', '..', 'plugins');
const TOKEN = 'claw_plugin-test';

type Json = { readonly [key: string]: unknown };
type Asked = { readonly path: string; readonly token: string | undefined; readonly record: Json };
type Respond = (response: ServerResponse, asked: Asked, nth: number) => void;

let home = '';
let url = '';
let server: Server;
let asked: Asked[] = [];
let kept: Json[] = [];
let respond: Respond = answering({ allowed: true });
const before = { HOME: process.env['HOME'], XDG: process.env['XDG_CONFIG_HOME'] };

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'claw-gate-'));
  process.env['HOME'] = home;
  delete process.env['XDG_CONFIG_HOME'];
  [asked, kept, respond] = [[], [], answering({ allowed: true })];
  await listen(0);
  const tokens = { version: 1, tokens: { [url]: { opencode: TOKEN, openclaw: TOKEN } } };
  mkdirSync(join(home, '.config', 'claw'), { recursive: true });
  writeFileSync(join(home, '.config', 'claw', 'tokens.json'), JSON.stringify(tokens));
});

afterEach(async () => {
  await stop();
  process.env['HOME'] = before.HOME;
  if (before.XDG !== undefined) process.env['XDG_CONFIG_HOME'] = before.XDG;
  rmSync(home, { recursive: true });
});

async function listen(port: number): Promise<void> {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const lines = Buffer.concat(chunks).toString().split('\n');
    const records = lines.filter(Boolean).map((line) => JSON.parse(line) as Json);
    const { url: path = '' } = request;
    if (path.startsWith('/v1/capture/')) {
      kept.push(...records);
      response.end('{}');
      return;
    }
    const token = request.headers.authorization;
    const one = { path, token, record: records[0] ?? {} };
    asked.push(one);
    respond(response, one, asked.length);
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function stop(): Promise<void> {
  if (!server.listening) return;
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}

function answering(body: unknown, status = 200): Respond {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

type Hooks = { readonly [hook: string]: (...args: readonly unknown[]) => Promise<unknown> };
const RUNTIMES = ['openclaw', 'opencode'] as const;
type Name = (typeof RUNTIMES)[number];

/** Installs as clawctl would, and loads what is there as the runtime would. */
async function loaded(runtime: Name, enforcement?: Enforcement): Promise<Hooks> {
  const installer = INSTALLERS.find((one) => one.runtime === runtime);
  assert.ok(installer);
  const folder = mkdtempSync(join(home, 'at-'));
  const paths = installer.paths({ scope: 'user', home: folder, project: folder, env: {} });
  const sources = installer.sources.map((name) => [
    name,
    readFileSync(join(PLUGINS, name), 'utf8'),
  ]);
  const options = { server: url, token: TOKEN, shim: 'clawctl', paths, enforcement };
  const texts = installer.install({}, { ...options, sources: Object.fromEntries(sources) });
  for (const [name, path] of Object.entries(paths)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, texts[name] ?? '');
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  if (runtime === 'opencode') {
    const { Claw } = (await import(paths['plugin'] ?? '')) as { Claw: (p: object) => Hooks };
    return Claw({ directory: '/work/project' });
  }
  const config = JSON.parse(texts['config'] ?? '') as { plugins: { entries: { claw: Json } } };
  const { register } = (await import(paths['recorder'] ?? '')) as {
    register: (api: object) => void;
  };
  const hooks: Record<string, Hooks['']> = {};
  const on = (name: string, handler: Hooks[''], options?: { priority?: number }) => {
    const first = hooks[name] === undefined || (options?.priority ?? 0) > 0;
    if (first && handler) hooks[name] = handler;
    if (options?.priority === -1000 && handler) hooks[`${name} last`] = handler;
  };
  register({ pluginConfig: config.plugins.entries.claw['config'], on });
  return hooks as Hooks;
}

/** Asks as the runtime would: what the agent is told where the call is held back. */
async function held(runtime: Name, hooks: Hooks, id = 'c1'): Promise<string | undefined> {
  if (runtime === 'openclaw') {
    const event = { toolName: 'exec', params: { command: 'ls' }, toolCallId: id };
    const answer = await hooks['before_tool_call']?.(event, { sessionId: 's' });
    if (answer === undefined) return undefined;
    const { block, blockReason } = answer as { block: unknown; blockReason: string };
    assert.equal(block, true);
    return blockReason;
  }
  const input = { tool: 'bash', sessionID: 's', callID: id };
  try {
    await hooks['tool.execute.before']?.(input, { args: { command: 'ls' } });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const ENFORCE = { mode: 'enforce', wait_s: 0 } as const;
const spooled = () => {
  const root = join(home, '.local', 'state', 'claw', 'plugin');
  return readdirSync(root).flatMap((owner) =>
    readdirSync(join(root, owner))
      .filter((name) => name.endsWith('.ndjson'))
      .toSorted()
      .flatMap((name) =>
        readFileSync(join(root, owner, name), 'utf8')
          .trim()
          .split('\n'),
      )
      .map((line) => JSON.parse(line) as Json),
  );
};

for (const runtime of RUNTIMES) {
  suite(`the ${runtime} plugin that enforces`, () => {
    test('asks with its token before the tool runs, and lets through what is allowed', async () => {
      const hooks = await loaded(runtime, ENFORCE);
      assert.equal(await held(runtime, hooks), undefined);
      const [{ path, token, record } = { path: '', token: '', record: {} as Json }] = asked;
      assert.equal(path, `/v1/enforce/${runtime}?mode=enforce&wait_s=0`);
      assert.equal(token, `Bearer ${TOKEN}`);
      assert.equal(typeof record['at'], 'number');
      assert.equal(asked.length, 1);
      await pause(200);
      assert.deepEqual(kept, [], 'the server has it already');
    });

    test('holds back what is denied, with the reason, and does not tell it twice', async () => {
      respond = answering({ allowed: false, reason: 'Not\u001b[31m on Fridays.' });
      const hooks = await loaded(runtime, ENFORCE);
      assert.equal(await held(runtime, hooks), 'Not [31m on Fridays.');
      await pause(200);
      assert.deepEqual(kept, []);
    });

    test('waits for an approval with the very same record, and runs when it is given', async () => {
      respond = (response, one, nth) => {
        const waits = !one.path.endsWith('wait_s=0');
        const allowed = nth > 2;
        setTimeout(
          () => answering(allowed ? { allowed } : PENDING)(response, one, nth),
          waits ? 100 : 0,
        );
      };
      const hooks = await loaded(runtime, { mode: 'enforce', wait_s: 20 });
      assert.equal(await held(runtime, hooks), undefined);
      assert.equal(asked.length, 3);
      assert.deepEqual(asked[2]?.record, asked[0]?.record);
      assert.match(asked[2]?.path ?? '', /wait_s=(1\d|20)/);
    });

    test('holds back what nobody approved when its time is over, and says so to the trail', async () => {
      respond = (response, one, nth) =>
        void setTimeout(() => answering(PENDING)(response, one, nth), 50);
      const hooks = await loaded(runtime, { mode: 'enforce', wait_s: 0.5 });
      assert.equal(await held(runtime, hooks), LATE);
      assert.ok(asked.length <= 5, 'asked without a pause');
      while (kept.length === 0) await pause(20);
      const [{ hook, of, reason, at, ...record } = {} as Json] = kept;
      const { hook: first, at: first_at, ...same } = asked[0]?.record ?? {};
      assert.deepEqual([hook, of, reason], ['claw.blocked', first, LATE]);
      assert.ok(Number(at) > Number(first_at));
      assert.deepEqual(record, same);
    });

    test('goes on waiting while the server starts anew', async () => {
      const { port } = server.address() as AddressInfo;
      respond = (response, one, nth) => {
        if (nth === 1) return answering(PENDING)(response, one, nth);
        response.destroy();
        void stop().then(async () => {
          await pause(500);
          respond = answering({ allowed: true });
          await listen(port);
        });
      };
      const hooks = await loaded(runtime, { mode: 'enforce', wait_s: 20 });
      assert.equal(await held(runtime, hooks), undefined);
    });

    test('blocks where the server is gone, and tells the trail when it is back', async () => {
      const hooks = await loaded(runtime, ENFORCE);
      const { port } = server.address() as AddressInfo;
      await stop();
      const reason = await held(runtime, hooks);
      assert.match(reason ?? '', /^Blocked: Claw cannot be reached/);
      while (spooled().length < 2) await pause(20);
      assert.deepEqual(
        spooled().map((record) => record['hook']),
        [runtime === 'openclaw' ? 'before_tool_call' : 'tool.execute.before', 'claw.blocked'],
      );
      await listen(port);
      while (kept.length < 2) await pause(50);
      assert.equal(kept[1]?.['reason'], reason);
    });

    test('tells the trail what the server could not decide', async () => {
      respond = (response) => {
        response.setHeader('x-claw-fault', 'trail.unwritable');
        response.end(JSON.stringify({ allowed: false, reason: 'The disk is full.' }));
      };
      const hooks = await loaded(runtime, ENFORCE);
      assert.equal(await held(runtime, hooks), 'The disk is full.');
      while (kept.length < 2) await pause(20);
      assert.equal(kept[1]?.['reason'], 'The disk is full.');
      respond = (response, one, nth) => {
        if (nth < 4) response.setHeader('x-claw-fault', 'queue.full');
        answering(nth < 4 ? { allowed: false } : { allowed: true })(response, one, nth);
      };
      assert.equal(await held(runtime, hooks, 'c2'), undefined, 'asked again while it is busy');
    });

    test('says of what becomes of a call that it was blocked here', async () => {
      respond = answering({ allowed: false, reason: 'no' });
      const hooks = await loaded(runtime, ENFORCE);
      await held(runtime, hooks, 'no-1');
      const tell = (id: string) =>
        runtime === 'openclaw'
          ? hooks['after_tool_call']?.({ toolCallId: id, error: 'no' }, {})
          : hooks['event']?.({ event: { type: 'x', properties: { part: { callID: id } } } });
      await tell('no-1');
      await tell('other');
      while (kept.length < 2) await pause(20);
      assert.deepEqual(
        kept.map(({ claw }) => claw),
        ['blocked', undefined],
      );
    });

    test('blocks on every answer that is no permission', async () => {
      const hooks = await loaded(runtime, ENFORCE);
      const answers: readonly Respond[] = [
        ...[
          '',
          'allowed',
          'null',
          '[]',
          '[{"allowed":true}]',
          '"allowed"',
          '{"allowed":"true"}',
        ].map((body) => answering(body)),
        ...[{ allowed: 1 }, { Allowed: true }, { decision: { allowed: true } }].map((body) =>
          answering(body),
        ),
        answering('{"__proto__":{"allowed":true}}'),
        ...[201, 202, 204, 400, 401, 403, 404, 409, 413, 422, 500].map((status) =>
          answering({ allowed: true }, status),
        ),
        answering(`{"allowed":true,"more":"${'x'.repeat(1_000_000)}"}`),
        (response) => response.writeHead(307, { location: `${url}/v1/enforce/x` }).end(),
        (response) => response.writeHead(200, { 'content-length': '100' }).end('{"allowed":true}'),
        (response) => response.socket?.end('HTTP/1.1 200 OK\r\n\r\n{"allowed":tru'),
        (response) => response.socket?.end('garbage\r\n\r\n{"allowed":true}'),
        (response) => response.destroy(),
      ];
      for (const [i, one] of answers.entries()) {
        respond = one;
        const reason = await held(runtime, hooks, `c${i}`);
        assert.ok(reason !== undefined && reason.length < 3000, `answer ${i}`);
      }
    });
  });
}

const PENDING = { allowed: false, pending: true, reason: 'Approval a1 is awaited.' };
const LATE = 'Approval a1 is awaited. Nobody decided within 0.5 s.';

suite('what enforces', () => {
  test('lets a call through only after an answer that allows it', async () => {
    const hooks = await loaded('openclaw', { mode: 'enforce', wait_s: 0.2 });
    const plain = fc.oneof(
      fc.record(
        {
          allowed: fc.oneof(fc.boolean(), fc.jsonValue()),
          pending: fc.oneof(fc.boolean(), fc.jsonValue()),
          reason: fc.oneof(fc.string(), fc.jsonValue()),
        },
        { requiredKeys: [] },
      ),
      fc.jsonValue(),
    );
    const one = fc.record({ status: fc.constantFrom(200, 200, 200, 404, 500), body: plain });
    let n = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(one, { minLength: 1, maxLength: 3 }), async (answers) => {
        const given: { readonly status: number; readonly body: unknown }[] = [];
        asked = [];
        respond = (response, each, nth) => {
          const { status, body } = answers[Math.min(nth, answers.length) - 1] ?? {
            status: 500,
            body: 0,
          };
          given.push({ status, body });
          answering(JSON.stringify(body), status)(response, each, nth);
        };
        const reason = await held('openclaw', hooks, `p${n++}`);
        const last = given.at(-1);
        const body = last?.body;
        const own = typeof body === 'object' && body !== null && !Array.isArray(body);
        const allows =
          last?.status === 200 &&
          own &&
          Object.hasOwn(body, 'allowed') &&
          (body as Json)['allowed'] === true;
        assert.equal(reason === undefined, allows);
      }),
      { numRuns: 60 },
    );
  });

  test('is not held up by a server that never answers, longer than it says', async () => {
    const { openGate } = await import('../../plugins/gate.js');
    const { openSender } = await import('../../plugins/sender.js');
    respond = () => undefined;
    const sender = openSender({ runtime: 'openclaw', server: url });
    const gate = openGate({ mode: 'observe' }, sender);
    const started = Date.now();
    const call = { id: 'c', signal: undefined };
    assert.deepEqual(await gate?.ask({ hook: 'before_tool_call' }, call), { allowed: true });
    assert.ok(Date.now() - started < (gate?.limit_ms ?? 0));
    const cancelled = new AbortController();
    const enforcing = openGate({ mode: 'enforce', wait_s: 600 }, sender);
    setTimeout(() => cancelled.abort(), 100);
    const verdict = enforcing?.ask(
      { hook: 'before_tool_call' },
      { id: 'd', signal: cancelled.signal },
    );
    assert.equal((await verdict)?.allowed, false);
    assert.ok(Date.now() - started < (gate?.limit_ms ?? 0));
  });

  test('a mode that nobody knows enforces, and none only records', async () => {
    const { openGate } = await import('../../plugins/gate.js');
    const { openSender } = await import('../../plugins/sender.js');
    const sender = openSender({ runtime: 'openclaw', server: url });
    assert.equal(openGate({}, sender), undefined);
    respond = (response) => response.destroy();
    const gate = openGate({ mode: 'Enforce ', wait_s: 'long' }, sender);
    assert.equal((await gate?.ask({ hook: 'x' }, { id: 1 }))?.allowed, false);
  });

  test('a record that cannot be told whole is blocked', async () => {
    const hooks = await loaded('openclaw', ENFORCE);
    const params = { command: 'x'.repeat(9_000_000) };
    const answer = await hooks['before_tool_call']?.({ params, toolCallId: 'big' }, {});
    assert.match((answer as { blockReason: string }).blockReason, /too large to be judged/);
    assert.deepEqual(asked, []);
  });

  test('what was allowed is what OpenClaw runs, whatever another plugin makes of it', async () => {
    const hooks = await loaded('openclaw', ENFORCE);
    const params = { command: 'ls' };
    assert.deepEqual(await hooks['before_tool_call last']?.({ params }, {}), { params });
    assert.equal(await hooks['before_tool_call last']?.({ params: {} }, {}), undefined);
    const observing = await loaded('openclaw', { mode: 'observe' });
    assert.equal(observing['before_tool_call last'], undefined);
  });

  test('what an allowed call of OpenClaw carries runs once, and is not asked about again', async () => {
    const hooks = await loaded('openclaw', ENFORCE);
    const call = (event: object, sessionId = 's') =>
      hooks['before_tool_call']?.(event, { sessionId }) as Promise<object | undefined>;
    const wrapper = { id: 'core:web_fetch', args: { url: 'u' } };
    const outer = (id: string) => ({ toolName: 'tool_call', toolCallId: id, params: wrapper });
    const inner = (id: string, url = 'u') => ({
      toolName: 'web_fetch',
      toolCallId: `tool_search_code:${id}:web_fetch:1`,
      params: { url },
    });
    assert.equal(await call(outer('call-1')), undefined);
    respond = answering({ allowed: false, reason: 'no' });
    const no = { block: true, blockReason: 'no' };
    assert.deepEqual(await call(inner('call_1', 'other')), no, 'another address');
    assert.deepEqual(await call(inner('call_1'), 'other session'), no);
    assert.equal(await call(inner('call_1')), undefined);
    assert.deepEqual(await call(inner('call_1')), no, 'a second time');
    assert.deepEqual(await call(outer('call-2')), no);
    assert.deepEqual(await call(inner('call-2')), no, 'its wrapper was denied');
  });

  test('the working folder of OpenCode is told with the question', async () => {
    await held('opencode', await loaded('opencode', ENFORCE));
    assert.equal(asked[0]?.record['cwd'], '/work/project');
  });
});

suite('the plugins that observe', () => {
  for (const runtime of RUNTIMES) {
    test(`${runtime}: they obey what is answered, and go on where nothing is`, async () => {
      const hooks = await loaded(runtime, { mode: 'observe' });
      assert.equal(await held(runtime, hooks, '1'), undefined);
      respond = answering({ allowed: false, reason: 'The server enforces.' });
      assert.equal(await held(runtime, hooks, '2'), 'The server enforces.');
      await stop();
      assert.equal(await held(runtime, hooks, '3'), undefined);
      const third = spooled().filter((record) => JSON.stringify(record).includes('"3"'));
      assert.equal(third.length, 1);
    });
  }
});
