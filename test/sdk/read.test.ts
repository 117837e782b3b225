/** Reads are thin, fail by the server's own Faults, and print harmlessly. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { lineOf } from '../../src/sdk/render.ts';
import { type Claw, connect, Fault } from '../../src/sdk/sdk.ts';
import { fault, type Loopback, startLoopback, TOKEN } from './loopback.ts';

let server: Loopback;
let claw: Claw;

beforeEach(async () => {
  server = await startLoopback();
  claw = connect({ url: server.url(), token: TOKEN, spool: false });
});
afterEach(async () => {
  await claw.close();
  await server.leave();
});

const entry = {
  id: '019c0000-0000-7000-8000-000000000000',
  session_id: 's',
  policy_id: null,
  tool: 'send_email',
  status: 'success',
  created_at: '2026-01-31T14:22:33.456Z',
  detail: 'to ann@example.com',
  type: 'tool_call',
};

test('audit_log, search and timeline ask for what they were told', async () => {
  server.answerGets((path) => ({ status: 200, body: { entries: [entry], events: [], path } }));
  assert.deepEqual(await claw.audit_log({ session_id: 'a b&c', limit: 20 }), [entry]);
  await claw.search({ query: 'tool:x status:blocked', from: '-2h', limit: 5 });
  await claw.search();
  await claw.timeline('../日本/?#', { limit: 3 });
  await claw.timeline('..');
  assert.deepEqual(server.gets, [
    '/v1/audit_log?session_id=a+b%26c&limit=20',
    '/v1/events?query=tool%3Ax+status%3Ablocked&from=-2h&limit=5',
    '/v1/events',
    '/v1/sessions/%2E%2E%2F%E6%97%A5%E6%9C%AC%2F%3F%23/timeline?limit=3',
    '/v1/sessions/%2E%2E/timeline',
  ]);
});

test('a Fault comes back as the server threw it', async () => {
  const detail = { column: 6, hint: 'Close the quote.' };
  server.answerGets(() => ({ status: 400, body: fault('query.invalid', detail) }));
  await assert.rejects(claw.search({ query: '"' }), (error) => {
    assert.ok(error instanceof Fault);
    assert.deepEqual(error.toJSON(), {
      code: 'query.invalid',
      message: 'query.invalid as a sentence.',
      ...detail,
    });
    return true;
  });
});

test('answers that are not Claw’s become Faults too', async () => {
  server.answerGets(() => ({ status: 404, body: '<html>' }));
  await assert.rejects(claw.timeline('x'), { code: 'request.not_found' });
  server.answerGets(() => ({ status: 200, body: 'hello' }));
  await assert.rejects(claw.search(), { code: 'server.unreachable' });
  server.answerGets(() => ({ status: 500, body: { error: { code: 'no.such', message: 1 } } }));
  await assert.rejects(claw.search(), { code: 'server.unreachable' });
  await server.leave();
  await assert.rejects(claw.search(), { code: 'server.unreachable', message: /does not answer/ });
  await server.comeBack();
});

test('an answer over the limit is refused', async () => {
  server.answerGets(() => ({ status: 200, body: { entries: 'x'.repeat(5000) } }));
  const small = connect({
    url: server.url(),
    token: TOKEN,
    spool: false,
    limits: { response_bytes: 1000 },
  });
  await assert.rejects(small.audit_log(), { code: 'server.unreachable' });
  await small.close();
});

test('the token is in no error', async () => {
  await server.leave();
  const error = await claw.search().then(
    () => assert.fail('it answered'),
    (thrown: Fault) => thrown,
  );
  assert.ok(!JSON.stringify([error, error.message, error.stack]).includes(TOKEN));
  await server.comeBack();
  assert.throws(
    () => connect({ token: 'bad\ntoken' }),
    (thrown: Fault) => {
      assert.equal(thrown.code, 'config.invalid');
      return !thrown.message.includes('bad');
    },
  );
});

test('wrong options are refused by name', () => {
  const wrong = [
    [{ url: 'nowhere' }, 'url'],
    [{ url: 'ftp://x' }, 'url'],
    [{ url: 'http://a:b@x' }, 'url'],
    [{ batch: { events: 0 } }, 'batch.events'],
    [{ limits: { queue_byte: 1 } }, 'limits.queue_byte'],
  ] as const;
  for (const [options, field] of wrong) {
    assert.throws(
      () => connect(options as never),
      (thrown: Fault) => thrown.code === 'config.invalid' && thrown.detail.field === field,
    );
  }
});

/** Runs a module with the SDK in a process of its own: its stdout is a pipe. */
function script(code: string, env: Record<string, string> = {}): string {
  const sdk = join(import.meta.dirname, '../../src/sdk/sdk.ts');
  const source = `import { renderTimeline } from ${JSON.stringify(sdk)};\n${code}`;
  const done = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', source], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  assert.equal(done.status, 0, done.stderr);
  return done.stdout;
}

test('renderTimeline prints one line an entry, in the reader’s zone, and returns it', () => {
  const entries = [entry, { ...entry, tool: null, status: 'blocked', policy_id: 'no-mail' }];
  const code = `const lines = ${JSON.stringify(entries)}.map(renderTimeline);
    console.log(JSON.stringify(lines));`;
  const [first, second, returned] = script(code, { TZ: 'Asia/Tokyo' }).trimEnd().split('\n');
  assert.equal(first, '2026-01-31 23:22:33  send_email            success    to ann@example.com');
  assert.equal(
    second,
    '2026-01-31 23:22:33  tool_call             blocked    [no-mail] to ann@example.com',
  );
  assert.deepEqual(JSON.parse(returned ?? ''), [first, second]);
});

test('whatever an entry holds, its line steers no terminal and is one line', () => {
  const text = fc.string({ unit: 'binary' });
  const hostile = fc.record({
    created_at: fc.anything(),
    tool: fc.oneof(text, fc.constant('\x1b]0;owned\x07\x9b31m\u202e\r\n')),
    status: text,
    detail: fc.anything(),
  });
  fc.assert(
    fc.property(hostile, (value) => {
      const line = lineOf(value, (part) => part);
      assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
    }),
  );
});
