/** Sessions and wrapped tools record what happened, and change nothing about it. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { type Claw, connect, type Fault } from '../../src/sdk/sdk.ts';
import { type Loopback, type Recorded, startLoopback, TOKEN } from './loopback.ts';

let server: Loopback;
let claw: Claw;
let faults: Fault[];

beforeEach(async () => {
  server = await startLoopback();
  faults = [];
  const url = server.url();
  claw = connect({ url, token: TOKEN, spool: false, onError: (fault) => faults.push(fault) });
});
afterEach(async () => {
  await claw.close();
  await server.leave();
});

async function recorded(): Promise<Recorded[]> {
  await claw.flush();
  return [...server.events.values()];
}

/** Of each event the fields that matter here. */
async function facts(...names: readonly string[]): Promise<unknown[][]> {
  return (await recorded()).map((event) => names.map((name) => event[name]));
}

test('a new session says that it began and ended; a continued one does not begin again', async () => {
  claw.session().end();
  claw.session({ session_id: 'mine' }).end();
  assert.deepEqual(await facts('type', 'status'), [
    ['session', 'pending'],
    ['session', 'success'],
    ['session', 'success'],
  ]);
});

test('a session fills in its ids, and a prompt begins a turn', async () => {
  const session = claw.session({
    session_id: 'mine',
    agent: 'coder',
    user: 'ann',
    channel: 'slack',
    task_id: 't1',
  });
  session.prompt('do it');
  session.output('done', { tokens: 12, model: 'm' });
  session.prompt('again');
  session.api_call({
    destination: 'api.example',
    method: 'GET',
    endpoint: '/v1',
    status_code: 200,
  });
  session.file_operation({ operation: 'read', path: '/etc/hosts', bytes: 10 });
  const events = await recorded();
  for (const event of events) {
    assert.deepEqual(
      [event['session_id'], event['agent'], event['user'], event['channel'], event['task_id']],
      ['mine', { id: 'coder' }, { id: 'ann' }, 'slack', 't1'],
    );
  }
  assert.deepEqual(
    events.map(({ type }) => type),
    ['prompt', 'output', 'prompt', 'api_call', 'file_operation'],
  );
  const turns = events.map((event) => event['turn_id']);
  assert.equal(turns[0], turns[1]);
  assert.notEqual(turns[1], turns[2]);
  assert.equal(turns[2], turns[4]);
  assert.deepEqual([events[1]?.['tokens'], events[1]?.['model']], [{ total: 12 }, 'm']);
});

test('a child session names its parent and inherits who acts for whom', async () => {
  const parent = claw.session({ session_id: 'p', user: 'ann', agent: 'lead' });
  const child = parent.child({ agent: 'helper' });
  child.output('hi');
  const event = (await recorded()).at(-1);
  assert.deepEqual(
    [event?.['parent_session_id'], event?.['user'], event?.['agent']],
    ['p', { id: 'ann' }, { id: 'helper' }],
  );
  assert.equal(event?.['session_id'], child.session_id);
});

test('a call is two facts with one call_id: pending, then what came of it', async () => {
  const session = claw.session({ session_id: 's' });
  const args = { to: 'a@example.com' };
  const call = session.start('send_email', args);
  args.to = 'changed';
  call.success({ ok: true });
  session.start('rm').error(new TypeError('no'));
  session.start('curl').blocked('not allowed', { policy_id: 'p1' });
  session.start('ssh').unknown('it was cut off');
  assert.deepEqual(await facts('type', 'tool', 'status', 'arguments', 'result', 'error'), [
    ['tool_call', 'send_email', 'pending', { to: 'a@example.com' }, undefined, undefined],
    ['tool_call', 'send_email', 'success', undefined, { ok: true }, undefined],
    ['tool_call', 'rm', 'pending', undefined, undefined, undefined],
    ['tool_call', 'rm', 'error', undefined, undefined, { code: 'TypeError', message: 'no' }],
    ['tool_call', 'curl', 'pending', undefined, undefined, undefined],
    ['tool_call', 'curl', 'blocked', undefined, undefined, undefined],
    ['tool_call', 'ssh', 'pending', undefined, undefined, undefined],
    ['tool_call', 'ssh', 'unknown', undefined, undefined, undefined],
  ]);
  const events = [...server.events.values()];
  assert.equal(events[0]?.['call_id'], call.call_id);
  assert.equal(events[1]?.['call_id'], call.call_id);
  assert.equal(typeof events[1]?.['duration_ms'], 'number');
  assert.deepEqual(events[5]?.['decision'], {
    outcome: 'deny',
    by: 'policy',
    reason: 'not allowed',
    policy_ids: ['p1'],
  });
});

test('the first outcome of a call stands; a second is reported and not recorded', async () => {
  const call = claw.session({ session_id: 's' }).start('x');
  call.success(1);
  call.error('late');
  assert.deepEqual(await facts('status'), [['pending'], ['success']]);
  assert.deepEqual(
    faults.map(({ code }) => code),
    ['usage.invalid'],
  );
});

test('a wrapped function keeps this, arguments, result, name, length and type', async () => {
  const counter = {
    base: 10,
    add: claw.wrapTool(
      function add(this: { base: number }, a: number, b: number) {
        return this.base + a + b;
      },
      { session: 's' },
    ),
  };
  const sum: number = counter.add(1, 2);
  assert.equal(sum, 13);
  assert.deepEqual([counter.add.name, counter.add.length], ['add', 2]);
  assert.deepEqual(await facts('tool', 'status', 'arguments', 'result'), [
    ['add', 'pending', [1, 2], undefined],
    ['add', 'success', undefined, 13],
  ]);
});

test('what a wrapped function throws is rethrown, the same value, and recorded', async () => {
  const thrown = { odd: 1n };
  const tool = claw.wrapTool(
    () => {
      throw thrown;
    },
    { name: 'odd', session: claw.session({ session_id: 's' }) },
  );
  assert.throws(tool, (error) => error === thrown);
  assert.deepEqual(await facts('status', 'error'), [
    ['pending', undefined],
    ['error', { message: '{"odd":"1n"}' }],
  ]);
});

test('an async tool is recorded as pending before it runs, and settled before its caller goes on', async () => {
  const seen: number[] = [];
  const session = () => claw.session({ session_id: 's' });
  const tool = claw.wrapTool(
    async ({ ok }: { ok: boolean }) => {
      seen.push(claw.status().recorded);
      await null;
      if (!ok) throw new Error('failed');
      return { fine: true };
    },
    { name: 'later', session },
  );
  assert.deepEqual(await tool({ ok: true }), { fine: true });
  assert.deepEqual([seen, claw.status().recorded], [[1], 2]);
  await assert.rejects(tool({ ok: false }), { message: 'failed' });
  assert.deepEqual(await facts('status', 'arguments', 'result'), [
    ['pending', { ok: true }, undefined],
    ['success', undefined, { fine: true }],
    ['pending', { ok: false }, undefined],
    ['error', undefined, undefined],
  ]);
});

test('a promise with fields of its own is answered as it is', async () => {
  const promise = Object.assign(Promise.resolve(1), { kill: () => true });
  const tool = claw.wrapTool(() => promise, { name: 'exec', session: 's' });
  assert.equal(tool(), promise);
  await promise;
  assert.deepEqual(await facts('status', 'result'), [
    ['pending', undefined],
    ['success', 1],
  ]);
});

test('a thenable that is no promise is not started: its outcome is unknown', async () => {
  // biome-ignore lint/suspicious/noThenProperty: the case in point.
  const query = { then: () => assert.fail() };
  const tool = claw.wrapTool(() => query, { name: 'query', session: 's' });
  assert.equal(tool(), query);
  assert.deepEqual(await facts('status'), [['pending'], ['unknown']]);
});

test('generators and classes are refused when they are wrapped, by name', () => {
  const wrong = [function* gen() {}, async function* agen() {}, class Tool {}];
  for (const tool of wrong) {
    assert.throws(() => claw.wrapTool(tool as never, { session: 's' }), { code: 'usage.invalid' });
  }
  const nameless = (
    () => () =>
      1
  )();
  assert.throws(() => claw.wrapTool(nameless, { session: 's' }), { detail: { field: 'name' } });
});

test('values that cannot be recorded as they are never break the tool', async () => {
  const circle: Record<string, unknown> = { big: 1n, when: new Date(0), run: () => 1 };
  circle['self'] = circle;
  const hostile = new Proxy({}, { ownKeys: () => assert.fail('trap') });
  const tool = claw.wrapTool((value: object) => value, { name: 'echo', session: 's' });
  assert.equal(tool(circle), circle);
  assert.equal(tool(hostile), hostile);
  const lost = claw.wrapTool(() => 5, {
    name: 'lost',
    session: () => {
      throw new Error('no session');
    },
  });
  assert.equal(lost(), 5);
  assert.deepEqual(
    faults.map(({ code, detail }) => [code, detail.field]),
    [['usage.invalid', 'session']],
  );
  const [pending] = await facts('arguments');
  assert.deepEqual(pending, [
    {
      big: '1n',
      when: '1970-01-01T00:00:00.000Z',
      run: '[Function run]',
      self: '[Circular]',
    },
  ]);
  assert.equal(claw.status().dropped, 0);
});
