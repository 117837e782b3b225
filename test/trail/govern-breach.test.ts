/** What a caller may try to get around a decision, a budget or an approval: none of it works. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Govern } from '../../src/trail/govern/govern.ts';
import { BOT, bash, clearedPlaces, JANE, openGoverned, POLICIES, refuses } from './governed.ts';
import { accepted, rows } from './place.ts';

const newGround = clearedPlaces();
const open = (now?: () => number) => openGoverned(newGround(now));

async function escalated(govern: Govern, action: Parameters<Govern['validate']>[0]) {
  const { approval } = await govern.validate(action, BOT);
  assert.ok(approval);
  return approval;
}

async function pendingIn(govern: Govern) {
  await eventually(async () => (await govern.approvals('acme', { state: 'pending' })).length > 0);
  const [approval] = await govern.approvals('acme', { state: 'pending' });
  assert.ok(approval);
  return approval;
}

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await pause(5);
}

test('a vote or a decision under the id of another event is refused, not believed', async () => {
  const { trail, govern, reopen } = await open();
  const sent = await trail.ingest([{ type: 'prompt', session_id: 's1' }], { tenant_id: 'acme' });
  const id = accepted(sent)[0]?.id ?? '';
  const { approval_id } = await escalated(govern, bash('rm a'));
  const vote = { id, reason: 'fine' };
  await assert.rejects(govern.approve(approval_id, vote, JANE), refuses('decision.mismatch'));
  await assert.rejects(govern.validate({ ...bash('ls'), id }, BOT), refuses('decision.mismatch'));
  const before = await govern.approval('acme', approval_id);
  assert.equal(before.state, 'pending');
  assert.deepEqual(await (await reopen()).approval('acme', approval_id), before);
});

test('the id of a task is no id that a producer may record twice', async () => {
  const { trail, govern } = await open();
  const { task_id } = await govern.declareTask({ session_id: 's1', goal: 'x' }, BOT);
  const event = { id: task_id, type: 'prompt', session_id: 's1' };
  const receipts = await trail.ingest([event, event], { tenant_id: 'acme' });
  assert.deepEqual(
    receipts.map(({ status }) => status),
    ['accepted', 'duplicate'],
  );
});

test('what was only observed lets nothing run where it is enforced', async () => {
  const { govern, reopen } = await open();
  const id = '01890000-0000-7000-8000-000000000001';
  const calls = [{ call_id: 'c' }, { id }] as const;
  for (const call of calls) {
    const seen = await govern.validate({ ...bash('rm a'), ...call, mode: 'observe' }, BOT);
    assert.equal(seen.allowed, true);
  }
  const held = await govern.validate({ ...bash('rm a'), call_id: 'c' }, BOT);
  assert.deepEqual([held.mode, held.allowed, held.outcome], ['enforce', false, 'escalate']);
  const again = { ...bash('rm a'), id };
  await assert.rejects(govern.validate(again, BOT), refuses('decision.mismatch'));
  await assert.rejects((await reopen()).validate(again, BOT), refuses('decision.mismatch'));
});

test('what a person refused stays refused, also for who then asks to be observed', async () => {
  const { govern } = await open();
  const call = { ...bash('rm a'), call_id: 'c' };
  const { approval_id } = await escalated(govern, call);
  await govern.deny(approval_id, { reason: 'no' }, JANE);
  await govern.validate({ ...call, mode: 'observe' }, BOT);
  assert.equal((await govern.validate(call, BOT)).allowed, false);
});

test('an observed action uses up no approval', async () => {
  const { govern } = await open();
  const { approval_id } = await escalated(govern, bash('rm a'));
  await govern.approve(approval_id, { reason: 'once' }, JANE);
  const seen = await govern.validate({ ...bash('rm a'), mode: 'observe' }, BOT);
  assert.equal(seen.outcome, 'permit');
  assert.equal((await govern.approval('acme', approval_id)).state, 'approved');
  assert.equal((await govern.validate(bash('rm a'), BOT)).outcome, 'permit');
  assert.equal((await govern.approval('acme', approval_id)).state, 'used');
});

test('an approval of one run serves one of two that wait for it, and the other asks anew', async () => {
  const { govern } = await open();
  const first = await escalated(govern, { ...bash('rm a'), call_id: 'a' });
  const waiting = ['a', 'b'].map((call_id) =>
    govern.validate({ ...bash('rm a'), call_id, wait_s: 30 }, BOT),
  );
  await eventually(async () => (await govern.approvals('acme', {})).length === 1);
  await pause(50);
  await govern.approve(first.approval_id, { reason: 'one of them' }, JANE);
  const decision = await Promise.race(waiting);
  assert.equal(decision.outcome, 'permit');
  const second = await pendingIn(govern);
  assert.notEqual(second.approval_id, first.approval_id);
  await govern.approve(second.approval_id, { reason: 'the other too' }, JANE);
  const decisions = await Promise.all(waiting);
  assert.deepEqual(
    decisions.map(({ outcome }) => outcome),
    ['permit', 'permit'],
  );
});

test('a call that was looked at without asking is asked for when it is to be', async () => {
  const { govern } = await open();
  const call = { ...bash('rm a'), call_id: 'c' };
  const look = await govern.validate({ ...call, approval: false }, BOT);
  assert.equal(look.approval, undefined);
  const asked = await govern.validate(call, BOT);
  assert.equal(asked.decision_id, look.decision_id);
  assert.equal(asked.approval?.state, 'pending');
  assert.deepEqual(await govern.validate(call, BOT), asked);
});

test('a decision asked again by its id after a restart goes on waiting for its approval', async () => {
  const { govern, reopen } = await open();
  const call = { ...bash('rm a'), id: '01890000-0000-7000-8000-000000000001' };
  const { approval_id } = await escalated(govern, call);
  const later = await reopen();
  const again = await later.validate(call, BOT);
  assert.equal(again.approval?.approval_id, approval_id);
  await later.approve(approval_id, { reason: 'fine' }, JANE);
  assert.equal((await later.validate(call, BOT)).outcome, 'permit');
});

test('asked for the same at once, one approval is asked for', async () => {
  const { govern } = await open();
  await Promise.all([
    govern.requestApproval({ ...bash('rm a'), reason: 'one' }, BOT),
    govern.requestApproval({ ...bash('rm a'), reason: 'two' }, BOT),
    govern.validate(bash('rm a'), BOT),
  ]);
  assert.equal((await govern.approvals('acme', {})).length, 1);
});

test('where policies ask for more, an approval given before does not stand in the way', async () => {
  const { govern } = await open();
  const { approval_id } = await escalated(govern, bash('rm a'));
  const left = await escalated(govern, bash('rm b'));
  await govern.approve(approval_id, { reason: 'x', scope: 'session' }, JANE);
  const more = `@id("also") @escalate("Really?")
    forbid (principal, action == Action::"delete", resource);`;
  const files = [...POLICIES, { name: 'more.cedar', text: more }];
  await govern.applyPolicies({ files }, JANE);
  for (const command of ['rm a', 'rm b']) {
    const asked = await escalated(govern, bash(command));
    assert.notEqual(asked.approval_id, left.approval_id);
    await govern.approve(asked.approval_id, { reason: 'really' }, JANE);
    assert.equal((await govern.validate(bash(command), BOT)).outcome, 'permit');
  }
});

test('a requester cannot make an approval last longer than the policy says', async () => {
  const { govern } = await open();
  const text = POLICIES[0]?.text.replace('@escalate', '@expires("1m") @escalate') ?? '';
  await govern.applyPolicies({ files: [{ name: 'test.cedar', text }] }, JANE);
  const request = { ...bash('rm a'), reason: 'please', expires_s: 86_400 };
  const { requested_at, expires_at } = await govern.requestApproval(request, BOT);
  assert.equal(Date.parse(expires_at) - Date.parse(requested_at), 60_000);
});

test('an approval is over at its time, also where the clock jumps', async () => {
  let at_ms = Date.now();
  const { govern } = await open(() => at_ms);
  const { approval_id } = await escalated(govern, { ...bash('rm a'), call_id: 'c' });
  at_ms += 301_000;
  assert.deepEqual(await govern.approvals('acme', { state: 'pending' }), []);
  assert.equal((await govern.approval('acme', approval_id)).state, 'expired');
  const decision = await govern.validate({ ...bash('rm a'), call_id: 'c' }, BOT);
  assert.equal(decision.outcome, 'deny');
});

test('an approval whose clock was set back while it ran is still over at its time', async () => {
  let at_ms = Date.now();
  const { govern } = await open(() => at_ms);
  const request = { ...bash('rm a'), reason: 'x', expires_s: 1, wait_s: 30 };
  const waiting = govern.requestApproval(request, BOT);
  await pendingIn(govern);
  at_ms -= 500;
  await pause(1200);
  at_ms += 10_000;
  assert.equal((await waiting).state, 'expired');
});

test('a trail that closes answers whoever waits', async () => {
  const { trail, govern } = await open();
  const waiting = govern.validate({ ...bash('rm a'), wait_s: 600 }, BOT);
  await pendingIn(govern);
  await trail.close();
  assert.equal((await waiting).approval?.state, 'pending');
});

test('an approval of what is outside of the scope does not lift the budget', async () => {
  const { govern } = await open();
  const limits = { scope: { tools: ['Read'] }, budget: { calls: 1 } };
  await govern.declareTask(
    { task_id: 't', session_id: 's1', goal: 'x', ...limits, on_violation: 'escalate' },
    BOT,
  );
  const { approval_id } = await escalated(govern, bash('ls'));
  await govern.approve(approval_id, { reason: 'fine', scope: 'session' }, JANE);
  assert.equal((await govern.validate(bash('ls'), BOT)).outcome, 'permit');
  const over = await govern.validate(bash('ls'), BOT);
  assert.deepEqual(over.policy_ids, ['task-scope', 'task-budget']);
  assert.equal(over.allowed, false);
  await govern.approve(over.approval?.approval_id ?? '', { reason: 'one more' }, JANE);
  assert.equal((await govern.validate(bash('ls'), BOT)).outcome, 'permit');
  assert.equal((await govern.validate(bash('ls'), BOT)).outcome, 'escalate');
});

test('nobody decides or declares in the sessions in which Claw speaks of itself', async () => {
  const { govern } = await open();
  for (const session_id of ['claw', 'claw:jane']) {
    const action = { ...bash('ls'), session_id };
    await assert.rejects(govern.validate(action, BOT), refuses('event.reserved'));
    await assert.rejects(
      govern.requestApproval({ ...action, reason: 'x' }, BOT),
      refuses('event.reserved'),
    );
    await assert.rejects(
      govern.declareTask({ session_id, goal: 'x' }, BOT),
      refuses('event.reserved'),
    );
  }
});

test('in a scope of resources nothing runs of which it cannot be told what it touches', async () => {
  const { govern } = await open();
  const scope = { resources: ['/work/*'] };
  await govern.declareTask({ task_id: 't', session_id: 's1', goal: 'x', scope }, BOT);
  const asks = (tool: string, args: object, more: object = {}) =>
    govern.validate({ ...bash('ls'), tool, arguments: args, ...more }, BOT);
  assert.equal((await asks('frobnicate', { what: 'x' })).outcome, 'deny');
  assert.equal((await asks('deploy', {})).outcome, 'deny');
  assert.equal((await asks('TodoWrite', { todos: [] })).outcome, 'permit');
  const said = { resources: [{ kind: 'file', id: '/work/a', access: 'read' }] };
  assert.equal((await asks('frobnicate', { what: 'x' }, said)).outcome, 'permit');
  const files = (count: number) => Array.from({ length: count }, (_, n) => `/work/f${n}`);
  const many = { ...said, resources: files(256).map((id) => ({ ...said.resources[0], id })) };
  assert.equal((await asks('Read', { file_path: '/work/g' }, many)).outcome, 'deny');
  const paths = { paths: [...files(300), '/etc/shadow'] };
  assert.equal((await asks('read_many_files', paths)).outcome, 'deny');
  const deep = `/work/${'a/'.repeat(5000)}${'../'.repeat(5001)}etc/passwd`;
  assert.equal((await asks('Read', { file_path: deep })).outcome, 'deny');
});

test('approvals with large contents fill no memory: more of them are refused', async () => {
  const { govern } = await open();
  const id = (n: number) => `/work/${'x'.repeat(8000)}${n}`;
  const resources = Array.from({ length: 250 }, (_, n) => ({
    ...{ kind: 'file', access: 'read' as const },
    id: id(n),
  }));
  const ask = (n: number) =>
    govern.validate({ ...bash(`rm ${n}`), session_id: `s${n}`, resources }, BOT);
  let asked = 0;
  const filled = async () => {
    for (; asked < 100; asked++) await ask(asked);
  };
  await assert.rejects(filled(), refuses('govern.too_many'));
  assert.ok(asked > 16);
  for (const { approval_id } of await govern.approvals('acme', { limit: 1000 }))
    await govern.deny(approval_id, { reason: 'no' }, JANE);
  assert.equal((await ask(1000)).approval?.state, 'pending');
});

test('what waits when its task is closed is denied before the end, and nothing comes after it', async () => {
  const { trail, govern } = await open();
  await govern.declareTask({ task_id: 't', session_id: 's1', goal: 'x' }, BOT);
  const call = (call_id: string) => ({ ...bash(`rm ${call_id}`), task_id: 't', call_id });
  const waiting = govern.validate({ ...call('a'), wait_s: 30 }, BOT);
  await pendingIn(govern);
  await govern.validate(call('b'), BOT);
  await govern.closeTask('t', {}, BOT);
  assert.equal((await waiting).outcome, 'deny');
  await assert.rejects(govern.validate(call('b'), BOT), refuses('task.closed'));
  const told = [...(await rows(trail, 'task:t'))].sort((a, b) => a.index - b.index);
  assert.equal(told.at(-1)?.tool, 'close_task');
  assert.equal(told.at(-2)?.decision?.outcome, 'deny');
});

test("a sub-agent's own sub-agents act in the task too", async () => {
  const { govern } = await open();
  const scope = { tools: ['Read'] };
  await govern.declareTask({ task_id: 't', session_id: 's1', goal: 'x', scope }, BOT);
  const deep = { ...bash('ls'), session_id: 's1:a:b', parent_session_id: 's1:a' };
  assert.equal((await govern.validate(deep, BOT)).policy_id, 'task-scope');
});
