/** The lifecycle over HTTP: who may, what is answered, what waits, and what a killed server keeps. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { openFolder } from '../cli/rig.ts';
import { newPlace, type Place } from '../trail/place.ts';
import { openRig, type Rig, send } from './rig.ts';

const POLICIES = [
  {
    name: 'test.cedar',
    text: `
@id("baseline") permit (principal, action, resource);
@id("restrict-prod-edits")
forbid (principal, action == Action::"write", resource is File)
when { resource.id like "/prod/*" };
@id("ask") @escalate("Deleting needs approval.")
forbid (principal, action == Action::"delete", resource);
`,
  },
];

const ADMIN = {
  tenant: 'acme',
  credential_id: 'x',
  name: 'x',
  producer: { tenant_id: 'acme' },
};

let place: Place;
let rig: Rig;
before(async () => {
  place = newPlace();
  rig = await openRig(() => place.open());
  await rig.trail.govern.applyPolicies({ files: POLICIES }, ADMIN);
});
after(async () => {
  await rig.close();
  await place.clear();
});

const post = (path: string, body: object, token: string = rig.recorder) =>
  rig.send(path, { token, body });

const rm = (file: string) => ({
  session_id: 's1',
  tool: 'Bash',
  arguments: { command: `rm ${file}` },
  cwd: '/work',
  agent: { runtime: 'claude-code' },
});

test('a task is declared, decided in, read and closed, and its end is told', async () => {
  const declared = await post('/v1/tasks', { task_id: 't/1', session_id: 's9', goal: 'tidy' });
  assert.equal(declared.status, 200, declared.text);
  const url = `/v1/tasks/${encodeURIComponent('t/1')}`;
  const denied = await post('/v1/actions/validate', {
    task_id: 't/1',
    tool: 'Write',
    arguments: { file_path: '/prod/x' },
    agent: { runtime: 'claude-code' },
  });
  assert.deepEqual(
    [denied.body.outcome, denied.body.status, denied.body.policy_id, denied.body.session_id],
    ['deny', 'POLICY_VIOLATION', 'restrict-prod-edits', 's9'],
  );
  assert.equal((await rig.send(url, { token: rig.viewer })).body.state, 'open');
  const closed = await post(`${url}/close`, { outcome: 'failed', summary: 'not allowed' });
  assert.equal(closed.body.state, 'closed');
  const again = await post(`${url}/close`, {});
  assert.deepEqual([again.status, again.body.error.code], [409, 'task.closed']);
  assert.match(again.body.error.message, /closed/);
  const listed = await rig.send('/v1/tasks?state=closed', { token: rig.approver });
  assert.deepEqual(listed.body.tasks[0], closed.body);
});

test('a waiting call is answered when it is approved, by somebody who may', async () => {
  const waiting = post('/v1/actions/validate', { ...rm('a'), wait_s: 60 });
  const approval = await pending('s1');
  const url = `/v1/approvals/${approval.approval_id}`;
  const watched = rig.send(`${url}?wait_s=60`, { token: rig.viewer });
  const vote = { reason: 'It is generated.' };
  assert.equal((await post(`${url}/approve`, vote, rig.viewer)).status, 403);
  assert.equal((await post(`${url}/approve`, {}, rig.approver)).body.error.field, 'reason');
  assert.equal((await post(`${url}/approve`, vote, rig.approver)).body.state, 'approved');
  assert.deepEqual((await waiting).body.outcome, 'permit');
  assert.notEqual((await watched).body.state, 'pending');
  const late = await post(`${url}/deny`, { reason: 'too late' }, rig.admin);
  assert.deepEqual([late.status, late.body.error.code], [409, 'approval.decided']);
});

test('a caller who goes away leaves the approval open, and goes on waiting when it asks again', async () => {
  const action = { ...rm('b'), session_id: 's2', call_id: 'c1', wait_s: 60 };
  const gone = new AbortController();
  const first = fetch(`${rig.server.url}/v1/actions/validate`, {
    method: 'POST',
    signal: gone.signal,
    headers: { authorization: `Bearer ${rig.recorder}`, 'content-type': 'application/json' },
    body: JSON.stringify(action),
  });
  const approval = await pending('s2');
  gone.abort();
  await assert.rejects(first);
  const second = post('/v1/actions/validate', action);
  const denied = await post(
    `/v1/approvals/${approval.approval_id}/deny`,
    { reason: 'Keep it.' },
    rig.approver,
  );
  assert.equal(denied.body.state, 'denied');
  const { body } = await second;
  assert.equal(body.outcome, 'deny');
  assert.match(body.reason, /Keep it\./);
  const { body: all } = await rig.send('/v1/approvals?session_id=s2', { token: rig.viewer });
  assert.equal(all.approvals.length, 1);
});

test('a server that closes answers who waits, and a wait outlasts the limit of a silent socket', async () => {
  const own = newPlace();
  const mine = await openRig(() => own.open(), { limits: { idle_ms: 1000, close_ms: 30_000 } });
  await mine.trail.govern.applyPolicies({ files: POLICIES }, ADMIN);
  const body = { ...rm('c'), wait_s: 60 };
  const waiting = mine.send('/v1/actions/validate', { token: mine.recorder, body });
  await pause(2500);
  const { approvals } = (await mine.send('/v1/approvals', { token: mine.admin })).body;
  const url = `/v1/approvals/${approvals[0].approval_id}?wait_s=60`;
  const looking = mine.send(url, { token: mine.viewer });
  await pause(100);
  const began = performance.now();
  await mine.close();
  assert.ok(performance.now() - began < 20_000);
  const answers = await Promise.all([waiting, looking]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200],
  );
  assert.equal(answers[0].body.approval.state, 'pending');
  await own.clear();
});

test('what is wrong with a request is named, and nothing is decided', async () => {
  const cases: [object, string][] = [
    [{ tool: 'Bash', arguments: {} }, 'session_id'],
    [{ session_id: 's', arguments: {} }, 'tool'],
    [{ session_id: 's', tool: 'Bash', arguments: {}, wait_s: 601 }, 'wait_s'],
    [{ session_id: 's', tool: 'Bash', arguments: {}, mod: 'observe' }, 'mod'],
  ];
  for (const [body, field] of cases) {
    const reply = await post('/v1/actions/validate', body);
    assert.deepEqual([reply.status, reply.body.error.field], [400, field]);
  }
  const unknown = await post('/v1/actions/validate', { task_id: 'no', tool: 'x', arguments: {} });
  assert.equal(unknown.body.error.code, 'task.not_found');
});

test('of two that decide at the same time one does, and the other is told', async () => {
  for (let i = 0; i < 10; i++) {
    const session = `race-${i}`;
    await post('/v1/actions/validate', { ...rm('c'), session_id: session });
    const { approval_id } = await pending(session);
    const url = `/v1/approvals/${approval_id}`;
    const both = await Promise.all([
      post(`${url}/approve`, { reason: 'yes' }, rig.approver),
      post(`${url}/deny`, { reason: 'no' }, rig.admin),
    ]);
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 409]);
  }
});

test('an observed agent may act, and what would have been decided is in the trail', async () => {
  const agents = [{ agent: 'trial-*', mode: 'observe' }];
  const set = await post('/v1/enforcement', { agents }, rig.admin);
  assert.deepEqual(set.body, { agents });
  const { body } = await post('/v1/actions/validate', {
    session_id: 's4',
    tool: 'Write',
    arguments: { file_path: '/prod/x' },
    agent: { id: 'trial-7', runtime: 'claude-code' },
    mode: 'enforce',
  });
  assert.deepEqual([body.outcome, body.allowed, body.mode], ['deny', true, 'observe']);
  const found = await rig.send('/v1/events?query=session:s4%20outcome:deny', {
    token: rig.viewer,
  });
  assert.equal(found.body.events[0].status, 'unknown');
});

test('a server that is killed has in its trail every decision that it answered', async () => {
  const folder = openFolder();
  try {
    const data = join(folder.root, 'data');
    const serve = ['serve', '--data', data, '--port', '0', '--json'];
    const first = folder.start(serve);
    const [url = ''] = /http:[^"]+/.exec(await first.said('out', /\n/)) ?? [];
    const token = tokenIn(data);
    const answered: string[] = [];
    const ask = async (i: number): Promise<void> => {
      const body = { session_id: 'k', tool: 'Read', arguments: { file_path: `/work/${i}` } };
      const { body: decision } = await send(`${url}/v1/actions/validate`, { token, body });
      answered.push(decision.decision_id);
    };
    const asking = Array.from({ length: 300 }, (_, i) => ask(i).catch(() => undefined));
    while (answered.length < 100) await pause(1);
    first.child.kill('SIGKILL');
    await once(first.child, 'exit').catch(() => undefined);
    await Promise.all(asking);
    const second = folder.start(serve);
    const [again = ''] = /http:[^"]+/.exec(await second.said('out', /\n/)) ?? [];
    assert.ok(answered.length >= 100);
    for (const id of answered) {
      const { status, body } = await send(`${again}/v1/events/${id}`, { token });
      assert.deepEqual([status, body.decision?.outcome], [200, 'permit']);
    }
    second.child.kill('SIGTERM');
    await second.done;
  } finally {
    folder.close();
  }
});

function tokenIn(data: string): string {
  const { tokens } = JSON.parse(readFileSync(join(data, 'credentials.json'), 'utf8'));
  return tokens[0].token;
}

async function pending(session: string) {
  for (;;) {
    const url = `/v1/approvals?state=pending&session_id=${session}`;
    const { body } = await rig.send(url, { token: rig.viewer });
    if (body.approvals.length > 0) return body.approvals[0];
  }
}
