import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { openRig, type Rig } from '../cli/rig.ts';
import { openAgent } from './agent.ts';

const CAPTURES = join(import.meta.dirname, '../../../shared/captures');

suite('rollback over HTTP', () => {
  let rig: Rig;
  before(async () => {
    rig = await openRig();
  });
  after(() => rig.close());

  const call = async (method: string, path: string, body?: unknown, token = rig.token) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(`${rig.url}${path}`, { method, headers, ...sent });
    // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
    return { status: answer.status, body: (await answer.json()) as any };
  };

  /** Twelve files of an agent, recorded as a session of its own. */
  const session = async (session_id: string, more: object = {}) => {
    const root = join(rig.root, session_id);
    mkdirSync(root, { recursive: true });
    writeFileSync(join(root, 'old.txt'), 'one\ntwo\n');
    const agent = openAgent(root);
    agent.edit('old.txt', 'two', 'TWO');
    agent.write('new.txt', 'new\n');
    agent.edit('old.txt', 'one', 'ONE');
    const events = agent.deeds.map(({ id: _, index: __, recorded_at: ___, ...deed }) => ({
      ...deed,
      ...{ session_id, agent: { runtime: 'claude-code' }, source: { kind: 'hook' } },
      ...more,
    }));
    const shell = { type: 'tool_call', session_id, tool: 'Bash', status: 'success' };
    const command = { ...shell, call_id: 'sh', agent: { runtime: 'claude-code' } };
    await rig.record([
      ...events,
      { ...command, arguments: { command: 'rm -rf build' }, ...more },
      { ...command, call_id: 'ls', arguments: { command: 'ls' }, ...more },
    ]);
    return root;
  };

  test('a session is planned newest first, recorded without contents, and shown again', async () => {
    const root = await session('s-plan');
    const { status, body } = await call('POST', '/v1/rollback', { session_id: 's-plan' });
    assert.equal(status, 200, JSON.stringify(body));
    const told = body.steps.map((step: { kind: string; path?: string; reason?: string }) => [
      step.kind,
      step.path ?? step.reason,
    ]);
    assert.deepEqual(told, [
      ['manual', 'command'],
      ['restore', join(root, 'old.txt')],
      ['delete', join(root, 'new.txt')],
    ]);
    assert.equal(body.steps[1].content, 'one\ntwo\n');
    assert.equal(body.steps[1].calls, 2);
    assert.match(body.steps[0].advice, /rm -rf build/);
    const event = await call('GET', `/v1/events/${body.rollback_id}`);
    assert.equal(event.body.type, 'task');
    assert.equal(event.body.tool, 'rollback');
    assert.equal(event.body.operation, 'plan');
    assert.equal(event.body.session_id, 's-plan');
    assert.ok(!JSON.stringify(event.body).includes('one\\ntwo'), 'no contents are recorded');
    const shown = await call('GET', `/v1/rollback/${body.rollback_id}?language=ja`);
    assert.equal(shown.status, 200);
    assert.deepEqual(shown.body.steps.slice(1), body.steps.slice(1));
    assert.match(shown.body.steps[0].advice, /コマンド/);
  });

  test('what came of each step is an event of the session, not a fact of the call', async () => {
    const root = await session('s-steps', { task_id: 'task-1' });
    const made = await call('POST', '/v1/rollback', { task_id: 'task-1' });
    const { rollback_id } = made.body;
    const results = [
      { n: 2, status: 'restored' },
      { n: 3, status: 'conflict', detail: 'changed' },
      { n: 1, status: 'done' },
    ];
    const answer = await call('POST', `/v1/rollback/${rollback_id}/steps`, { results });
    assert.deepEqual(answer.body, { rollback_id, recorded: 3 });
    await rig.record([]);
    const found = await call('GET', '/v1/events?query=task_id:task-1 tool:rollback&order=oldest');
    const rows = found.body.events.map((row: Record<string, unknown>) => [
      ...[row['type'], row['operation'], row['path'], row['status']],
    ]);
    assert.deepEqual(rows, [
      ['task', 'plan', undefined, 'success'],
      ['file_operation', 'restore', join(root, 'old.txt'), 'success'],
      ['file_operation', 'delete', join(root, 'new.txt'), 'blocked'],
      ['task', 'compensate', undefined, 'success'],
    ]);
    const log = await call('GET', '/v1/audit_log?session_id=s-steps');
    const told = log.body.entries.filter((entry: { tool: string }) => entry.tool === 'rollback');
    assert.equal(told.length, 4);
    const again = await call('POST', '/v1/rollback', { task_id: 'task-1' });
    assert.equal(again.body.steps.length, 3, 'a rollback is no deed of the agent');
  });

  test('the same id is planned once, and never for something else', async () => {
    await session('s-id');
    const id = '0199a3f2-7c11-7e2a-9d55-3f0a1b2c3d4f';
    const one = await call('POST', '/v1/rollback', { session_id: 's-id', id });
    const two = await call('POST', '/v1/rollback', { session_id: 's-id', id });
    assert.equal(one.body.rollback_id, id);
    assert.deepEqual(two.body, { ...one.body, read_to: two.body.read_to });
    const other = await call('POST', '/v1/rollback', { call_id: 'call-1', session_id: 's-id', id });
    assert.equal(other.body.error.code, 'rollback.conflict');
  });

  test('what does not exist, or is named by nobody, is said', async () => {
    const of = async (body: object) => (await call('POST', '/v1/rollback', body)).body.error?.code;
    assert.equal(await of({ session_id: 'no' }), 'session.not_found');
    assert.equal(await of({ task_id: 'no' }), 'task.not_found');
    assert.equal(await of({ call_id: 'no' }), 'event.not_found');
    assert.equal(await of({}), 'request.invalid');
    assert.equal(await of({ session_id: 'no" OR type:task' }), 'session.not_found');
    const none = await call('GET', '/v1/rollback/0199a3f2-7c11-7e2a-9d55-000000000000');
    assert.equal(none.body.error.code, 'rollback.not_found');
    const bad = await call('POST', '/v1/rollback/x/steps', { results: [] });
    assert.equal(bad.body.error.code, 'rollback.not_found');
  });

  test('a call is planned alone, and needs its session where two have its id', async () => {
    await session('s-call-1');
    await session('s-call-2');
    const both = await call('POST', '/v1/rollback', { call_id: 'call-1' });
    assert.equal(both.body.error.code, 'request.invalid');
    const request = { call_id: 'call-1', session_id: 's-call-1' };
    const one = await call('POST', '/v1/rollback', request);
    assert.deepEqual(
      one.body.steps.map((step: { kind: string }) => step.kind),
      ['delete'],
    );
  });

  test('a recorder rolls back what its own agent and user did, and a viewer nothing', async () => {
    await session('s-mine', { agent: { id: 'mine', runtime: 'claude-code' } });
    const made = async (body: object) => (await call('POST', '/v1/tokens', body)).body.token;
    const mine = await made({ name: 'm', role: 'recorder', agent: { id: 'mine' } });
    const other = await made({ name: 'o', role: 'recorder', agent: { id: 'other' } });
    const viewer = await made({ name: 'v', role: 'viewer' });
    const as = async (token: string) =>
      (await call('POST', '/v1/rollback', { session_id: 's-mine' }, token)).status;
    assert.deepEqual([await as(mine), await as(other), await as(viewer)], [200, 403, 403]);
  });

  test('a value that was moved out of its event is whole in the plan', async () => {
    const root = join(rig.root, 's-large');
    mkdirSync(root);
    const text = 'a line that is repeated\n'.repeat(20_000);
    writeFileSync(join(root, 'large.txt'), `mark\n${text}`);
    const agent = openAgent(root);
    agent.edit('large.txt', 'mark', 'MARK');
    await rig.record(
      agent.deeds.map(({ id: _, index: __, recorded_at: ___, ...deed }) => ({
        ...deed,
        session_id: 's-large',
      })),
    );
    const { body } = await call('POST', '/v1/rollback', { session_id: 's-large' });
    assert.equal(body.steps[0].content, `mark\n${text}`);
  });

  test('the real Claude Code’s captured session is undone as it was made', async (t) => {
    const file = join(CAPTURES, 'claude-code-2.1.330/run2-trusted/hooks-command.jsonl');
    if (!existsSync(file)) return t.skip('no ../shared/captures');
    const records = readFileSync(file, 'utf8').split('\n').filter(Boolean);
    for (const record of records) await call('POST', '/v1/capture/claude-code', JSON.parse(record));
    await rig.record([]);
    const session_id = JSON.parse(records[0] ?? '{}').session_id;
    const { body } = await call('POST', '/v1/rollback', { session_id });
    const told = body.steps.map((step: Record<string, unknown>) =>
      [step['kind'], step['tool'], step['path'] ?? step['what'] ?? '', step['reason'] ?? ''].join(
        ' | ',
      ),
    );
    t.diagnostic(told.join('\n'));
    const made = body.steps.find((step: { path?: string }) => step.path?.endsWith('/new.txt'));
    assert.equal(made.kind, 'delete');
    assert.equal(made.calls, 2);
    assert.equal(made.expect.bytes, 'line one\nline 2\n'.length);
  });
});
