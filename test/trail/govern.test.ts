/** The lifecycle on a real trail: declared, decided, approved, closed, and found again. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Trail } from '../../src/trail/trail.ts';
import { BOT, bash, clearedPlaces, JANE, KEN, refuses } from './governed.ts';
import { rows, verified } from './place.ts';

const place = clearedPlaces();

const POLICIES = [
  {
    name: 'test.cedar',
    text: `
@id("baseline") permit (principal, action, resource);
@id("restrict-prod-edits") @reason("Production is not edited.")
forbid (principal, action == Action::"write", resource is File)
when { resource.id like "/prod/*" };
@id("rm-needs-approval") @escalate("Deleting needs approval.")
forbid (principal, action == Action::"delete", resource);
@id("two-of-you") @escalate("Two have to agree.") @quorum("2")
forbid (principal, action == Action::"communicate", resource);
`,
  },
];

async function ruled(trail: Trail): Promise<Trail> {
  await trail.govern.applyPolicies({ files: POLICIES }, JANE);
  return trail;
}

const write = (path: string) => ({
  session_id: 's1',
  tool: 'Write',
  arguments: { file_path: path, content: 'x' },
  agent: { runtime: 'claude-code' },
});

test('a forbidden action is denied, and its record reads as the documents have it', async () => {
  const trail = await ruled(await place().open());
  const decision = await trail.govern.validate(write('/prod/app.conf'), BOT);
  assert.equal(decision.outcome, 'deny');
  assert.equal(decision.allowed, false);
  assert.equal(decision.status, 'POLICY_VIOLATION');
  assert.equal(decision.policy_id, 'restrict-prod-edits');
  await rows(trail, 'type:decision');
  const entries = await trail.auditLog({ tenant: 'acme', session_id: 's1', limit: 50 });
  const [entry] = entries;
  assert.deepEqual(
    { ...entry, id: '', detail: '' },
    {
      ...{ id: '', detail: '', type: 'decision' },
      session_id: 's1',
      policy_id: 'restrict-prod-edits',
      tool: 'validate_action',
      status: 'POLICY_VIOLATION',
      created_at: decision.created_at,
    },
  );
});

test('what the starter set permits is permitted where a trail has no policies of its own', async () => {
  const trail = await place().open();
  const decision = await trail.govern.validate(write('/home/me/notes.txt'), BOT);
  assert.equal(decision.outcome, 'permit');
  const { version } = await trail.govern.policies('acme');
  assert.equal(version.author, 'claw');
  assert.equal(decision.policy_version, version.version);
});

test('an escalated action waits, is approved by another, runs once and not again', async () => {
  const trail = await ruled(await place().open());
  const { govern } = trail;
  const asked = govern.validate({ ...bash('rm -rf build'), call_id: 'c1', wait_s: 30 }, BOT);
  const approval = await pending(trail);
  assert.deepEqual(approval.arguments, { command: 'rm -rf build' });
  await assert.rejects(
    govern.approve(approval.approval_id, { reason: 'ok' }, BOT),
    refuses('approval.own'),
  );
  const given = await govern.approve(approval.approval_id, { reason: 'Build is generated.' }, JANE);
  assert.equal(given.state, 'approved');
  const decision = await asked;
  assert.equal(decision.outcome, 'permit');
  assert.equal(decision.approval?.approval_id, approval.approval_id);
  assert.equal(decision.reason, 'jane approved it: Build is generated.');
  assert.deepEqual(
    await govern.validate({ ...bash('rm -rf build'), call_id: 'c1' }, BOT),
    decision,
  );
  const next = await govern.validate({ ...bash('rm -rf build'), call_id: 'c2' }, BOT);
  assert.equal(next.outcome, 'escalate');
  const other = await govern.validate({ ...bash('rm -rf src'), call_id: 'c3' }, BOT);
  assert.equal(other.outcome, 'escalate');
  await assert.rejects(
    govern.deny(approval.approval_id, { reason: 'no' }, KEN),
    refuses('approval.decided'),
  );
});

test('a call id that comes again much later is another run, and needs another approval', async () => {
  let ahead_ms = 0;
  const { govern } = await ruled(await place(() => Date.now() + ahead_ms).open());
  const call = { ...bash('rm -rf build'), call_id: 'call_0' };
  const { approval } = await govern.validate(call, BOT);
  await govern.approve(approval?.approval_id ?? '', { reason: 'ok' }, JANE);
  const first = await govern.validate(call, BOT);
  assert.equal(first.outcome, 'permit');
  ahead_ms = 59_000;
  assert.equal((await govern.validate(call, BOT)).decision_id, first.decision_id);
  ahead_ms = 62_000;
  assert.equal((await govern.validate(call, BOT)).outcome, 'escalate');
});

test('an approval for the session covers the same action there, and no other', async () => {
  const { govern } = await ruled(await place().open());
  const first = await govern.validate(bash('rm a.txt'), BOT);
  const id = first.approval?.approval_id ?? '';
  await govern.approve(id, { reason: 'fine', scope: 'session' }, JANE);
  for (const _ of [1, 2])
    assert.equal((await govern.validate(bash('rm a.txt'), BOT)).outcome, 'permit');
  assert.equal((await govern.validate(bash('rm b.txt'), BOT)).outcome, 'escalate');
  const elsewhere = { ...bash('rm a.txt'), session_id: 's2' };
  assert.equal((await govern.validate(elsewhere, BOT)).outcome, 'escalate');
});

test('what nobody approves in time is denied, and recorded as denied', async () => {
  const trail = await ruled(await place().open());
  const { govern } = trail;
  const approval = await govern.requestApproval(
    { ...bash('rm x'), reason: 'cleaning', expires_s: 1, wait_s: 20 },
    BOT,
  );
  assert.equal(approval.state, 'expired');
  const [row] = await rows(trail, 'type:approval tool:deny');
  assert.equal(row?.decision?.by, 'config');
});

test('a quorum needs as many different people', async () => {
  const { govern } = await ruled(await place().open());
  const mail = { session_id: 's1', tool: 'send_email', arguments: { to: 'a@b.c' } };
  const { approval } = await govern.validate({ ...mail, action: 'communicate' }, BOT);
  const id = approval?.approval_id ?? '';
  assert.equal(approval?.quorum, 2);
  assert.equal((await govern.approve(id, { reason: 'ok' }, JANE)).state, 'pending');
  await assert.rejects(govern.approve(id, { reason: 'ok' }, JANE), refuses('approval.decided'));
  assert.equal((await govern.approve(id, { reason: 'ok' }, KEN)).state, 'approved');
  assert.equal((await govern.validate({ ...mail, action: 'communicate' }, BOT)).outcome, 'permit');
});

test('an action outside of its task is denied or escalated, as the task says', async () => {
  const { govern } = await ruled(await place().open());
  await govern.declareTask(
    {
      task_id: 't1',
      session_id: 's1',
      goal: 'tidy',
      scope: { resources: ['/work/*'] },
      budget: { calls: 1 },
    },
    BOT,
  );
  const outside = await govern.validate(write('/work/../etc/passwd'), BOT);
  assert.deepEqual([outside.outcome, outside.policy_id], ['deny', 'task-scope']);
  assert.equal((await govern.validate(write('/work/a'), BOT)).outcome, 'permit');
  const spent = await govern.validate(write('/work/b'), BOT);
  assert.deepEqual([spent.outcome, spent.policy_id], ['deny', 'task-budget']);
  assert.equal((await govern.task('acme', 't1')).used.calls, 1);
});

test('a closed task stays as it is, and says so', async () => {
  const { govern } = await ruled(await place().open());
  const task = await govern.declareTask({ task_id: 't1', goal: 'one thing' }, BOT);
  assert.deepEqual(await govern.declareTask({ task_id: 't1', goal: 'one thing' }, BOT), task);
  await assert.rejects(
    govern.declareTask({ task_id: 't1', goal: 'another' }, BOT),
    refuses('task.exists'),
  );
  const closed = await govern.closeTask('t1', { outcome: 'success', summary: 'done' }, BOT);
  assert.equal(closed.state, 'closed');
  await assert.rejects(govern.closeTask('t1', {}, BOT), refuses('task.closed'));
  await assert.rejects(
    govern.validate({ task_id: 't1', tool: 'Read', arguments: {} }, BOT),
    refuses('task.closed'),
  );
  assert.deepEqual(await govern.task('acme', 't1'), closed);
});

test('the state is the same after a restart: tasks, budgets, approvals, policies, modes', async () => {
  const at = place();
  const before = await ruled(await at.open());
  await before.govern.declareTask(
    { task_id: 't1', session_id: 's1', goal: 'g', budget: { calls: 5, tokens: 100 } },
    BOT,
  );
  await before.govern.validate(write('/work/a'), BOT);
  await before.ingest(
    [{ type: 'output', session_id: 's1', content: 'x', tokens: { input: 10, output: 5 } }],
    { tenant_id: 'acme' },
  );
  const { approval } = await before.govern.validate(bash('rm a'), BOT);
  const used = await before.govern.validate(bash('rm b'), BOT);
  await before.govern.approve(used.approval?.approval_id ?? '', { reason: 'ok' }, JANE);
  assert.equal((await before.govern.validate(bash('rm b'), BOT)).outcome, 'permit');
  await before.govern.setEnforcement({ default: 'observe', agents: [] }, JANE);
  const task = await before.govern.task('acme', 't1');
  assert.deepEqual(task.used, { calls: 2, tokens: 15 });
  const { version } = await before.govern.policies('acme');
  await before.close();
  const { govern } = await at.open();
  assert.deepEqual(await govern.task('acme', 't1'), task);
  assert.deepEqual((await govern.policies('acme')).version, version);
  assert.equal((await govern.enforcement('acme')).default, 'observe');
  assert.deepEqual(await govern.approval('acme', approval?.approval_id ?? ''), approval);
  const known = await govern.approval('acme', used.approval?.approval_id ?? '');
  assert.equal(known.state, 'used');
  const observed = await govern.validate(write('/prod/x'), BOT);
  assert.deepEqual([observed.outcome, observed.allowed, observed.mode], ['deny', true, 'observe']);
  await govern.approve(approval?.approval_id ?? '', { reason: 'after all' }, JANE);
});

test('a folder of policies holds who has none of their own, and what changed in it at a start', async () => {
  const at = place();
  const folder = join(at.data, '..', `policies-${process.pid}`);
  const forbid = (path: string) =>
    writeFileSync(
      join(folder, 'own.cedar'),
      `permit (principal, action, resource);
       @id("mine") forbid (principal, action, resource is File) when { resource.id like "${path}" };`,
    );
  mkdirSync(folder);
  try {
    forbid('/one/*');
    const first = await at.open({ policies: folder });
    assert.equal((await first.govern.validate(write('/one/x'), BOT)).policy_id, 'mine');
    await first.close();
    forbid('/two/*');
    const second = await at.open({ policies: folder });
    assert.equal((await second.govern.validate(write('/one/x'), BOT)).outcome, 'permit');
    assert.equal((await second.govern.validate(write('/two/x'), BOT)).outcome, 'deny');
    await ruled(second);
    await second.close();
    const third = await at.open({ policies: folder });
    assert.equal((await third.govern.validate(write('/two/x'), BOT)).outcome, 'permit');
    const versions = await third.govern.policyVersions('acme');
    assert.deepEqual(
      versions.map(({ author }) => author),
      ['jane', 'config', 'config'],
    );
    await third.close();
    writeFileSync(join(folder, 'own.cedar'), 'permit (principal, action, resource) when {');
    await assert.rejects(at.open({ policies: folder }), refuses('policy.invalid'));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('nobody but Claw writes what Claw believes: forged approvals are refused', async () => {
  const trail = await ruled(await place().open());
  const { approval } = await trail.govern.validate(bash('rm a'), BOT);
  const forged = {
    type: 'approval',
    tool: 'approve',
    session_id: 's1',
    attributes: { claw: { approval: { ...approval, state: 'approved', scope: 'session' } } },
  };
  const [receipt] = await trail.ingest([forged], { tenant_id: 'acme' });
  assert.equal(receipt?.status === 'rejected' && receipt.error.code, 'event.reserved');
});

test('an event of a session with an open task belongs to the task, and verifies', async () => {
  const at = place();
  const trail = await ruled(await at.open());
  await trail.govern.declareTask({ task_id: 't1', session_id: 's1', goal: 'g' }, BOT);
  await trail.ingest([{ type: 'prompt', session_id: 's1', content: 'hi' }], { tenant_id: 'acme' });
  await trail.govern.validate(write('/work/a'), BOT);
  const part = { session_id: 's1:agent', parent_session_id: 's1' };
  const own = await trail.govern.validate({ ...write('/work/a'), ...part }, BOT);
  assert.equal(own.task_id, 't1');
  await trail.ingest([{ type: 'output', content: 'hi', ...part }], { tenant_id: 'acme' });
  await trail.govern.closeTask('t1', {}, BOT);
  const chain = await rows(trail, 'task_id:t1');
  assert.deepEqual(chain.map(({ type, tool }) => tool ?? type).reverse(), [
    'declare_task',
    'prompt',
    'validate_action',
    'validate_action',
    'output',
    'close_task',
  ]);
  await trail.close();
  const report = await verified(at.data);
  assert.equal(report.ok, true);
});

async function pending(trail: Trail) {
  for (;;) {
    const [approval] = await trail.govern.approvals('acme', { state: 'pending' });
    if (approval) return approval;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
