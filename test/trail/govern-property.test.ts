/** Whatever is asked, in whatever order, at once or again: what must never happen never does. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import type { Event } from '../../src/event/event.ts';
import { Fault } from '../../src/fault/fault.ts';
import type { Approval, Decision, Task } from '../../src/policy/lifecycle.ts';
import type { Actor } from '../../src/trail/govern/govern.ts';
import type { Row, Trail } from '../../src/trail/trail.ts';
import { newPlace, type Place, rows, verified } from './place.ts';

const POLICIES = [
  {
    name: 'test.cedar',
    text: `
@id("baseline") permit (principal, action, resource);
@id("never") forbid (principal, action == Action::"write", resource is File)
when { resource.id like "/prod/*" };
@id("ask") @escalate("Deleting needs approval.")
forbid (principal, action == Action::"delete", resource);
`,
  },
];

let place: Place;
let trail: Trail;
before(async () => {
  place = newPlace();
  trail = await place.open();
  await trail.govern.applyPolicies({ files: POLICIES }, actor('admin'));
});
after(() => place.clear());

function actor(name: string): Actor {
  return { tenant: 'acme', credential_id: name, name, producer: { tenant_id: 'acme' } };
}

const COMMANDS = ['ls', 'pwd', 'rm a', 'rm b', 'touch /prod/x'] as const;
/** Calls of a task's budget: few, so that many runs reach it. */
const CALLS = 2;
const WHO = ['bot', 'jane', 'ken'] as const;

/** One call of the lifecycle; `after_ms` lets those before it get further, or not. */
const step = fc.record({
  kind: fc.constantFrom(
    'declare',
    'declare',
    'validate',
    'validate',
    'validate',
    'validate',
    'validate',
    'validate',
    'request',
    'approve',
    'approve',
    'deny',
    'close',
  ),
  task: fc.integer({ min: 0, max: 1 }),
  command: fc.constantFrom(...COMMANDS),
  call: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
  again: fc.boolean(),
  who: fc.constantFrom(...WHO),
  scope: fc.constantFrom('once', 'session'),
  wait_s: fc.constantFrom(0, 0, 0.05),
  pick: fc.nat(5),
  together: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

type Seen = { readonly decisions: Decision[]; readonly tasks: Task[] };

/** What a caller may hear instead of an answer: a refusal that names what stands in the way. */
const REFUSALS = [
  'task.exists',
  'task.closed',
  'task.not_found',
  'approval.decided',
  'approval.own',
  'approval.not_found',
];

async function perform(one: Step, run: string, seen: Seen): Promise<void> {
  const { govern } = trail;
  const task_id = `${run}-t${one.task}`;
  const session_id = `${run}-s${one.task}`;
  const action = {
    session_id,
    tool: 'Bash',
    arguments: { command: one.command },
    cwd: '/work',
    agent: { runtime: 'claude-code' },
    ...(one.call === undefined ? {} : { call_id: `c${one.call}` }),
  };
  const waiting = async (): Promise<Approval | undefined> => {
    const known = await govern.approvals('acme', { session_id });
    return known[one.pick % Math.max(1, known.length)];
  };
  switch (one.kind) {
    case 'declare': {
      const scope = { resources: ['/work/*', '/prod/*'] };
      const budget = { calls: CALLS };
      seen.tasks.push(
        await govern.declareTask({ task_id, session_id, goal: 'g', scope, budget }, actor('bot')),
      );
      return;
    }
    case 'validate':
      seen.decisions.push(await govern.validate({ ...action, wait_s: one.wait_s }, actor('bot')));
      return;
    case 'request':
      await govern.requestApproval({ ...action, reason: 'please' }, actor('bot'));
      return;
    case 'close':
      await govern.closeTask(task_id, {}, actor('bot'));
      return;
    default: {
      const approval = await waiting();
      if (!approval) return;
      const vote = { reason: 'because', scope: one.scope } as const;
      if (one.kind === 'approve') await govern.approve(approval.approval_id, vote, actor(one.who));
      else await govern.deny(approval.approval_id, { reason: 'no' }, actor(one.who));
    }
  }
}

async function attempt(one: Step, run: string, seen: Seen): Promise<void> {
  try {
    await perform(one, run, seen);
  } catch (error) {
    if (!(error instanceof Fault) || !REFUSALS.includes(error.code)) throw error;
  }
}

let runs = 0;

test('no sequence of calls, concurrent or retried, breaks what the lifecycle promises', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 40 }), async (steps) => {
      const run = `r${runs++}`;
      const seen: Seen = { decisions: [], tasks: [] };
      let together: Promise<unknown>[] = [];
      for (const one of steps) {
        together.push(attempt(one, run, seen));
        if (one.again) together.push(attempt(one, run, seen));
        if (one.together) continue;
        await Promise.all(together);
        together = [];
      }
      await Promise.all(together);
      for (const n of [0, 1]) await checkTask(run, n, seen);
    }),
    { numRuns: 100 },
  );
  await trail.close();
  assert.equal((await verified(place.data)).ok, true);
});

async function checkTask(run: string, n: number, seen: Seen): Promise<void> {
  const session = `${run}-s${n}`;
  const told = [...(await rows(trail, `session:${session}`))].sort((a, b) => a.index - b.index);
  const decided = told.filter(({ type }) => type === 'decision');
  permitsAreRecorded(
    decided,
    seen.decisions.filter(({ session_id }) => session_id === session),
  );
  approvalsHaveOneOutcome(told);
  closedTasksStay(told, `${run}-t${n}`);
  permitsAreAllowed(decided);
}

/** No action runs without a permit in the trail, of exactly that action. */
function permitsAreRecorded(decided: readonly Row[], answers: readonly Decision[]): void {
  const byId = new Map(decided.map((row) => [row.id, row]));
  for (const answer of answers) {
    const row = byId.get(answer.decision_id);
    assert.ok(row, 'an answer that is not in the trail');
    assert.equal(answer.allowed, row.decision?.outcome === 'permit');
    assert.equal(ownOf(row, 'decision')['action_hash'], answer.action_hash);
  }
}

function approvalsHaveOneOutcome(told: readonly Row[]): void {
  const states = new Map<string, string[]>();
  for (const row of told.filter(({ type }) => type === 'approval')) {
    const { approval_id, state } = ownOf(row, 'approval') as { approval_id: string; state: string };
    states.set(approval_id, [...(states.get(approval_id) ?? []), state]);
  }
  for (const history of states.values()) {
    const outcomes = history.filter((state) => state !== 'pending');
    assert.ok(outcomes.length <= 1, history.join(' '));
    assert.equal(
      history.indexOf(outcomes[0] ?? ''),
      outcomes.length === 0 ? -1 : history.length - 1,
    );
  }
}

/** After its end nothing is permitted in a task, and nothing tells of it as a task. */
function closedTasksStay(told: readonly Row[], task_id: string): void {
  const mine = told.filter((row) => row.task_id === task_id);
  const end = mine.findIndex(({ tool }) => tool === 'close_task');
  if (end === -1) return;
  for (const row of mine.slice(end + 1)) {
    assert.notEqual(row.type, 'task');
    assert.notEqual(row.decision?.outcome, 'permit');
    assert.notEqual(row.type, 'approval');
  }
  assert.equal(mine.filter(({ tool }) => tool === 'declare_task').length, 1);
}

/** What policies escalate is permitted by an approval of that action alone, once where it says. */
function permitsAreAllowed(decided: readonly Row[]): void {
  const used = new Map<string, number>();
  const calls = new Map<string, number>();
  for (const row of decided) {
    if (row.decision?.outcome !== 'permit') continue;
    const { command } = (row.arguments as { arguments: { command: string } }).arguments;
    assert.notEqual(command, 'touch /prod/x');
    if (row.task_id) calls.set(row.task_id, (calls.get(row.task_id) ?? 0) + 1);
    if (!command.startsWith('rm')) continue;
    const own = ownOf(row, 'decision');
    const approval_id = String(own['approval_id']);
    const approval = row.attributes?.['claw'] as { approval?: Approval };
    if (approval.approval) used.set(approval_id, (used.get(approval_id) ?? 0) + 1);
    assert.notEqual(own['approval_id'], undefined);
  }
  for (const times of used.values()) assert.equal(times, 1);
  for (const times of calls.values()) assert.ok(times <= CALLS, `${times} calls of ${CALLS}`);
}

function ownOf(row: Pick<Event, 'attributes'>, name: string): Record<string, unknown> {
  const own = row.attributes?.['claw'] as Record<string, Record<string, unknown>> | undefined;
  return own?.[name] ?? {};
}
