/** `clawctl hook --enforce` as a process: a call runs only where the server said that it may. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { gateOf } from '../../src/adapter/gate.ts';
import { shimCommand } from '../../src/adapter/shim.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
/** Nothing listens on port 1 of the loopback. */
const AWAY = 'http://127.0.0.1:1';
const RUNTIMES = ['claude-code', 'codex', 'gemini'] as const;

const asking = (runtime: string) =>
  JSON.stringify({
    session_id: 's',
    hook_event_name: runtime === 'gemini' ? 'BeforeTool' : 'PreToolUse',
    tool_name: 'Bash',
    tool_input: { command: 'ls' },
    tool_use_id: 'c1',
  });

type Done = { readonly code: number | null; readonly out: string; readonly err: string };

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'claw-enforce-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A server of bare bytes, which answers a whole request with what `answer` gives; or never. */
let server: Awaited<ReturnType<typeof startBytes>>;
before(async () => {
  server = await startBytes();
});
after(() => server.close());

async function startBytes() {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  let answer: Buffer | undefined;
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    let text = '';
    socket.setEncoding('latin1').on('data', (more) => {
      text += String(more);
      const [head = '', body] = text.split('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
      if (body === undefined || body.length < length) return;
      requests.push(text);
      if (answer !== undefined) socket.end(answer);
    });
  });
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    requests,
    answers: (bytes: string | Buffer | undefined) => {
      requests.length = 0;
      answer = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await once(listener.close(), 'close');
    },
  };
}

type Run = {
  readonly runtime?: string;
  readonly to?: string;
  readonly words?: readonly string[];
  readonly input?: string;
  readonly limit_ms?: number;
};

/** `never ends` holds standard input open. */
async function run({
  runtime = 'claude-code',
  to = server.url,
  words = ['--enforce'],
  input = asking(runtime),
  limit_ms = 5000,
}: Run): Promise<Done> {
  const child = spawn(process.execPath, [MAIN, 'hook', runtime, '--server', to, ...words], {
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      CLAW_TOKEN: 'claw_t',
      CLAW_SPOOL: folder,
      CLAW_HOOK_TIMEOUT_MS: String(limit_ms),
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const text = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    text.out += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    text.err += String(chunk);
  });
  child.stdin.on('error', () => undefined);
  if (input === 'never ends') child.stdin.write('{');
  else child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...text };
}

/** The reason, where each of the three runtimes takes this for a refusal; else undefined. */
function refusalIn(runtime: string, { code, out, err }: Done): string | undefined {
  if (code === 2) return err;
  if (code !== 0) return undefined;
  const answer = JSON.parse(out);
  if (runtime === 'gemini') return answer.decision === 'deny' ? answer.reason : undefined;
  const { permissionDecision, permissionDecisionReason } = answer.hookSpecificOutput ?? {};
  return permissionDecision === 'deny' ? permissionDecisionReason : undefined;
}

const reply = (status: number, headers: Readonly<Record<string, string>>, body: string) =>
  [
    `HTTP/1.1 ${status} x`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
const ALLOWED = reply(200, { 'X-Claw-Allowed': 'true' }, '{}');

const spooled = () =>
  readdirSync(folder).flatMap((owner) =>
    readdirSync(join(folder, owner)).map((name) => ({
      name,
      text: readFileSync(join(folder, owner, name), 'utf8'),
    })),
  );

suite('clawctl hook --enforce', () => {
  for (const runtime of RUNTIMES) {
    test(`${runtime}: prints nothing but {} where the server allows the call`, async () => {
      server.answers(reply(200, { 'x-claw-allowed': 'true' }, '{"decision":"allow"}'));
      assert.deepEqual(await run({ runtime, words: ['--enforce', '--wait', '7'] }), {
        ...{ code: 0, out: '{}\n', err: '' },
      });
      const [request = ''] = server.requests;
      assert.match(request, new RegExp(`^POST /v1/enforce/${runtime}\\?mode=enforce&wait_s=7 `));
      assert.match(request, /\r\nAuthorization: Bearer claw_t\r\n/);
      assert.match(request, /\r\nX-Claw-Captured-At: /);
      assert.deepEqual(spooled(), []);
    });

    test(`${runtime}: hands the server's refusal on in the runtime's own words`, async () => {
      const ruling = { allowed: false, reason: 'No: \u{1f6ab}' } as const;
      const body = JSON.stringify(gateOf(runtime)?.answer(ruling));
      server.answers(reply(200, { 'X-Claw-Allowed': 'false' }, body));
      const done = await run({ runtime });
      assert.equal(refusalIn(runtime, done), 'No: \u{1f6ab}');
      assert.deepEqual(JSON.parse(done.out), JSON.parse(body));
    });

    test(`${runtime}: blocks where nobody answers, says why, and keeps what it blocked`, async () => {
      const done = await run({ runtime, to: AWAY });
      const reason = refusalIn(runtime, done) ?? '';
      assert.match(reason, /Claw could not be reached \(http:\/\/127\.0\.0\.1:1\)/);
      assert.match(reason, new RegExp(`clawctl doctor ${runtime}`));
      const [kept] = spooled();
      assert.match(kept?.text ?? '', /"blocked":"away"\}\n\{/);
    });
  }

  test('blocks where the server hangs, and where the record never ends', async () => {
    server.answers(undefined);
    assert.match(
      refusalIn('codex', await run({ runtime: 'codex', limit_ms: 400 })) ?? '',
      /in time/,
    );
    assert.match(spooled()[0]?.text ?? '', /"blocked":"late"/);
    const endless = await run({ input: 'never ends', limit_ms: 400 });
    assert.match(refusalIn('claude-code', endless) ?? '', /in time/);
  });

  test('tells an answer that refuses the question from one that is none', async () => {
    for (const status of [401, 403, 404, 429, 500, 503]) {
      server.answers(reply(status, { 'X-Claw-Allowed': 'true' }, '{}'));
      assert.match(
        refusalIn('gemini', await run({ runtime: 'gemini' })) ?? '',
        RegExp(`${status}`),
      );
    }
    assert.ok(spooled().every(({ text }) => text.includes('"blocked":"refused"')));
  });

  test('what it blocked is sent on as blocked by the next call that is answered', async () => {
    server.answers(undefined);
    await run({ limit_ms: 400 });
    server.answers(ALLOWED);
    assert.equal((await run({})).out, '{}\n');
    const [, replayed = ''] = server.requests;
    assert.match(replayed, /^POST \/v1\/capture\/claude-code /);
    assert.match(replayed, /\r\nX-Claw-Blocked: late\r\n/);
    assert.deepEqual(spooled(), []);
  });

  test('records that ask nothing are recorded as ever, and never blocked', async () => {
    server.answers(reply(200, {}, '{}'));
    const input = JSON.stringify({ session_id: 's', hook_event_name: 'PostToolUse' });
    assert.equal((await run({ input })).out, '{}\n');
    assert.match(server.requests[0] ?? '', /^POST \/v1\/capture\/claude-code /);
    const away = await run({ input, to: AWAY });
    assert.deepEqual([away.code, away.out], [0, '{}\n']);
    assert.doesNotMatch(spooled()[0]?.text ?? '', /blocked/);
  });

  test('with --mode observe nothing but the server’s own word blocks', async () => {
    const words = ['--mode', 'observe'];
    for (const to of [AWAY, server.url]) {
      server.answers('nonsense');
      assert.deepEqual(await run({ to, words }), { code: 0, out: '{}\n', err: '' });
    }
    assert.ok(spooled().every(({ text }) => !text.includes('blocked')));
    server.answers(reply(200, { 'X-Claw-Allowed': 'false' }, '{"reason":"No."}'));
    assert.equal(refusalIn('claude-code', await run({ words })), 'No.');
  });

  test('whatever its arguments are, what is meant to block blocks', async () => {
    server.answers(ALLOWED);
    for (const [runtime, words, to] of [
      ['opencode', ['--enforce'], server.url],
      ['../x', ['--enforce'], server.url],
      ['claude-code', ['--enforce', '--mode', 'observe'], AWAY],
      ['claude-code', ['--mode'], AWAY],
      ['claude-code', ['--mode', 'obsreve'], AWAY],
      ['claude-code', ['--enforce', '--wait', 'for ever'], AWAY],
      ['claude-code', ['--enforce'], 'ftp://x'],
    ] as const) {
      const done = await run({ runtime, words, to });
      assert.notEqual(refusalIn(runtime, done) ?? '', '', `${runtime} ${words.join(' ')} ${to}`);
    }
  });

  test('where the shim cannot even start, the shell around it blocks', async () => {
    const enforcement = { mode: 'enforce', wait_s: 1 } as const;
    for (const shim of ['/nowhere/node /nowhere/clawctl.js', "sh -c 'kill -9 $$'", 'false']) {
      const command = shimCommand('codex', { shim, server: AWAY, enforcement }, []);
      const child = spawn('sh', ['-c', command]);
      let err = '';
      child.stderr.on('data', (chunk) => {
        err += String(chunk);
      });
      const [code] = await once(child, 'close');
      assert.equal(code, 2, shim);
      assert.match(err, /Claw could not be started, so this call was not run/);
    }
  });

  /** An answer of any server at all, and whether it says that the call may run. */
  const anyAnswer = fc.oneof(
    fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
    fc
      .record({
        status: fc.constantFrom(200, 201, 204, 301, 400, 401, 500, 503, 999),
        allowed: fc.option(
          fc.constantFrom('true', 'false', 'TRUE', 'true,true', '', ' true', 'yes', 'false, true'),
        ),
        body: fc.oneof(
          fc.constantFrom('{}', '', 'null', '[]', '{"decision":"allow"}', '"{}"', '{'),
          fc.json(),
        ),
        cut: fc.nat({ max: 200 }),
        whole: fc.boolean(),
        coding: fc.constantFrom('length', 'chunked', 'none', 'gzip'),
      })
      .map(({ status, allowed, body, cut, whole, coding }) => {
        const headers = allowed === null ? '' : `X-Claw-Allowed: ${allowed}\r\n`;
        const size = Buffer.byteLength(body);
        const framed = {
          length: `Content-Length: ${size}\r\n\r\n${body}`,
          chunked: `Transfer-Encoding: chunked\r\n\r\n${size.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
          none: `\r\n${body}`,
          gzip: `Transfer-Encoding: gzip\r\n\r\n${body}`,
        }[coding];
        const text = `HTTP/1.1 ${status} OK\r\n${headers}${framed}`;
        return Buffer.from(whole ? text : text.slice(0, cut));
      }),
  );

  test('never lets a call through unless the server said so, whatever it answers', async () => {
    await fc.assert(
      fc.asyncProperty(anyAnswer, fc.constantFrom(...RUNTIMES), async (answer, runtime) => {
        server.answers(answer);
        const done = await run({ runtime, limit_ms: 3000 });
        if (refusalIn(runtime, done) !== undefined) return;
        const text = answer.toString();
        assert.match(text, /^HTTP\/1\.1 200 OK\r\nX-Claw-Allowed: {1,2}true\r\n/, text);
        assert.equal(done.out, '{}\n');
      }),
      { numRuns: 60 },
    );
  });
});
