/** A guarded tool runs only what was permitted, exactly as it was permitted. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Decision } from '../../src/policy/lifecycle.ts';
import { ActionBlocked, type Claw, connect, Fault, type GuardOptions } from '../../src/sdk/sdk.ts';
import { rows } from '../trail/place.ts';
import { type Ground, openGround } from './ground.ts';

let ground: Ground;
let approver: Claw;
const claws: Claw[] = [];
before(async () => {
  ground = await openGround();
  approver = await client('approver');
});
after(async () => {
  for (const claw of claws) await claw.close();
  await ground.close();
});

async function client(role: 'recorder' | 'approver' | 'admin', name?: string): Promise<Claw> {
  const token = await ground.token(role, name);
  const claw = connect({ url: ground.url, token, spool: false, onError: () => undefined });
  claws.push(claw);
  return claw;
}

const WRITE = { name: 'Write', fields: { action: 'write' } } as const;
const remove = (path: string): Pick<GuardOptions, 'name' | 'fields'> => ({
  name: 'remove_file',
  fields: { action: 'delete', resources: [{ kind: 'file', id: path, access: 'delete' }] },
});

/** The approval that waits in this session, once there is one. */
async function pending(session_id: string) {
  for (;;) {
    const query = { state: 'pending', session_id } as const;
    const [found] = await ground.trail.govern.approvals('acme', query);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('what is permitted runs, with decision and call under one call_id', async () => {
  const claw = await client('recorder', 'permitted');
  const session = claw.session();
  const task = await session.declare_task({ goal: 'Write the report.' });
  const write = claw.guard(async ({ path }: { path: string }) => `wrote ${path}`, {
    ...WRITE,
    session,
  });
  assert.equal(await write({ path: '/work/a.txt' }), 'wrote /work/a.txt');
  await claw.close();
  const found = await rows(ground.trail, `session:${session.session_id}`);
  const call = found.find(({ type }) => type === 'tool_call');
  const decision = found.find(({ type }) => type === 'decision');
  assert.equal(call?.status, 'success');
  assert.equal(decision?.call_id, call?.call_id);
  assert.equal(decision?.decision?.outcome, 'permit');
  assert.equal(decision?.task_id, task.task_id);
});

test('what is denied never runs, says why, and is recorded as blocked', async () => {
  const claw = await client('recorder', 'denied');
  const session = claw.session();
  let ran = 0;
  const write = claw.guard((_args: { file_path: string }) => ++ran, { ...WRITE, session });
  await assert.rejects(write({ file_path: '/prod/app.conf' }), (error) => {
    assert.ok(error instanceof ActionBlocked && error instanceof Fault);
    assert.equal(error.code, 'action.blocked');
    assert.equal(error.decision.status, 'POLICY_VIOLATION');
    assert.match(error.message, /Production is not edited.*restrict-prod-edits/);
    return true;
  });
  assert.equal(ran, 0);
  await claw.close();
  const found = await rows(ground.trail, `session:${session.session_id} type:tool_call`);
  assert.equal(found[0]?.status, 'blocked');
  assert.equal(found[0]?.decision?.outcome, 'deny');
  assert.deepEqual(found[0]?.decision?.policy_ids, ['restrict-prod-edits']);
});

test('an escalated call waits, and runs the moment it is approved', async () => {
  const claw = await client('recorder', 'waiting');
  const session = claw.session();
  const rm = claw.guard(({ path }: { path: string }) => `removed ${path}`, {
    ...remove('/work/a'),
    session,
    wait_s: 60,
  });
  const running = rm({ path: '/work/a' });
  const { approval_id } = await pending(session.session_id);
  await approver.approve(approval_id, { reason: 'It is old.' });
  assert.equal(await running, 'removed /work/a');
});

test('a wait outlives a restart of the server', async () => {
  const claw = await client('recorder', 'patient');
  const session = claw.session();
  const rm = claw.guard(() => 'removed', { ...remove('/work/r'), session, wait_s: 120 });
  const running = rm();
  const { approval_id } = await pending(session.session_id);
  await ground.restart();
  await approver.approve(approval_id, { reason: 'Still fine.' });
  assert.equal(await running, 'removed');
});

test('what a person refuses never runs, and their reason is told', async () => {
  const claw = await client('recorder', 'refused');
  const session = claw.session();
  const rm = claw.guard(() => assert.fail('it ran'), { ...remove('/b'), session, wait_s: 60 });
  const running = rm();
  running.catch(() => undefined);
  const { approval_id } = await pending(session.session_id);
  await approver.deny(approval_id, { reason: 'Not this one.' });
  await assert.rejects(running, (error) => {
    assert.ok(error instanceof ActionBlocked);
    assert.match(error.message, /Not this one\./);
    assert.equal(error.decision.outcome, 'deny');
    return true;
  });
});

test('where nobody decides within wait_s it does not run, and names the approval', async () => {
  const claw = await client('recorder', 'unanswered');
  const session = claw.session();
  const rm = claw.guard(() => assert.fail('it ran'), { ...remove('/c'), session, wait_s: 0 });
  await assert.rejects(rm(), (error) => {
    assert.ok(error instanceof ActionBlocked);
    assert.equal(error.approval?.state, 'pending');
    assert.ok(error.message.includes(error.approval.approval_id));
    return true;
  });
});

test('what runs is what was decided on, whatever becomes of the arguments meanwhile', async () => {
  const claw = await client('recorder', 'changing');
  const session = claw.session();
  const seen: unknown[] = [];
  const rm = claw.guard((given: object) => void seen.push(structuredClone(given)), {
    ...remove('/work/d'),
    session,
    wait_s: 60,
  });
  let reads = 0;
  const given = {
    path: '/work/d',
    nested: { list: [1] },
    get tricky() {
      reads += 1;
      return reads === 1 ? 'first' : 'later';
    },
  };
  const running = rm(given);
  given.path = '/prod/d';
  given.nested.list.push(2);
  const approval = await pending(session.session_id);
  await approver.approve(approval.approval_id, { reason: 'ok' });
  await running;
  const exact = { path: '/work/d', nested: { list: [1] }, tricky: 'first' };
  assert.deepEqual(seen, [exact]);
  assert.deepEqual(approval.arguments, exact);
  assert.equal(reads, 1);
});

test('arguments that nobody could decide on are refused, and what is no action passes', async () => {
  const claw = await client('recorder', 'strange');
  const session = claw.session();
  let ran = 0;
  const tool = claw.guard((..._args: unknown[]) => ++ran, { name: 'do_it', session });
  class Own {
    readonly path = '/x';
  }
  const circle: unknown[] = [];
  circle.push(circle);
  const toJSON = { path: '/prod', toJSON: () => ({ path: '/work' }) };
  for (const bad of [() => 1, Symbol('s'), new Own(), circle, toJSON, '\ud800', new Date('x')]) {
    await assert.rejects(tool({ bad }), { code: 'usage.invalid' }, String(Object(bad).constructor));
  }
  assert.equal(ran, 0);
  const { signal } = new AbortController();
  const options = { name: 'do_it', session, decided: 1 };
  const aware = claw.guard(
    (_args: object, context: { signal: AbortSignal }) => context.signal,
    options,
  );
  assert.equal(await aware({ path: '/work' }, { signal }), signal);
});

test('enforcing, no server means no run; observing, it runs all the same', async () => {
  const faults: Fault[] = [];
  const url = 'http://127.0.0.1:9';
  const claw = connect({ url, spool: false, onError: (fault) => void faults.push(fault) });
  const session = claw.session();
  let ran = 0;
  const held = claw.guard(() => ++ran, { name: 'act', session });
  await assert.rejects(held(), { code: 'server.unreachable' });
  assert.equal(ran, 0);
  const watched = claw.guard(() => ++ran, { name: 'act', session, mode: 'observe' });
  assert.equal(await watched(), 1);
  assert.ok(faults.some(({ message }) => message.includes('without a decision')));
  await claw.close({ timeout_ms: 1 });
});

test('observing asks, records what would have been decided, and runs', async () => {
  const claw = await client('recorder', 'observed');
  const session = claw.session();
  const write = claw.guard((_args: { file_path: string }) => 'ran', {
    ...WRITE,
    session,
    mode: 'observe',
  });
  assert.equal(await write({ file_path: '/prod/x' }), 'ran');
  await claw.close();
  const found = await rows(ground.trail, `session:${session.session_id} type:decision`);
  assert.equal(found[0]?.decision?.outcome, 'deny');
  assert.equal(found[0]?.status, 'unknown');
});

test('a session that nobody finds, a token without the right, an abort: none of them runs', async () => {
  const claw = await client('recorder', 'lost');
  const run = () => assert.fail('it ran');
  const session = () => {
    throw new Error('no session');
  };
  await assert.rejects(claw.guard(run, { name: 'act', session })(), /no session/);
  const wrong = await client('approver', 'no-recorder');
  const own = wrong.session({ session_id: 'wrong' });
  await assert.rejects(wrong.guard(run, { name: 'act', session: own })(), {
    code: 'request.forbidden',
  });
  const leaving = new AbortController();
  const held = claw.session();
  const options = { ...remove('/e'), session: held, wait_s: 60, signal: leaving.signal };
  const running = claw.guard(run, options)();
  running.catch(() => undefined);
  await pending(held.session_id);
  leaving.abort(new Error('I gave up'));
  await assert.rejects(running, /I gave up/);
});

test('the thrown error and the result are the tool’s own', async () => {
  const claw = await client('recorder', 'own');
  const session = claw.session();
  const thrown = new Error('its own');
  const fails = claw.guard(
    () => {
      throw thrown;
    },
    { name: 'fails', session },
  );
  await assert.rejects(fails(), (error) => error === thrown);
  const self = {
    by: 2,
    times: claw.guard(
      function (this: { by: number }, n: number) {
        return this.by * n;
      },
      { name: 'times', session },
    ),
  };
  assert.equal(await self.times(21), 42);
});

test('one approval lets one run, and a retry of a decision is the same decision', async () => {
  const claw = await client('recorder', 'once');
  const session = claw.session();
  const asked = {
    tool: 'remove_file',
    arguments: { path: '/f' },
    action: 'delete' as const,
    call_id: 'call 1',
  };
  const first = await session.validate_action(asked);
  const again = await session.validate_action(asked);
  assert.equal(again.decision_id, first.decision_id);
  assert.equal(again.approval?.approval_id, first.approval?.approval_id);
  const given = await approver.approve(idOf(first), { reason: 'fine', scope: 'once' });
  assert.equal(given.state, 'approved');
  assert.equal((await session.validate_action(asked)).outcome, 'permit');
  const other = await session.validate_action({ ...asked, call_id: 'call 2' });
  assert.equal(other.outcome, 'escalate');
});

test('asking for approval waits for it in slices, and is asked once', async () => {
  const claw = await client('recorder', 'asking');
  const session = claw.session();
  const request = {
    tool: 'remove_file',
    arguments: { path: '/g' },
    reason: 'The disk is full.',
    wait_s: 60,
  };
  const asking = session.request_approval(request);
  const { approval_id } = await pending(session.session_id);
  await approver.approve(approval_id, { reason: 'fine' });
  assert.equal((await asking).state, 'approved');
  const all = await ground.trail.govern.approvals('acme', { session_id: session.session_id });
  assert.equal(all.length, 1);
});

function idOf({ approval }: Decision): string {
  assert.ok(approval);
  return approval.approval_id;
}
