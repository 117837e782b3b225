/** What is read back from the trail is what was in memory, whatever happened before. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../../src/fault/fault.ts';
import type { Govern } from '../../src/trail/govern/govern.ts';
import type { Trail } from '../../src/trail/trail.ts';
import { BOT, bash, clearedPlaces, JANE, KEN, openGoverned, POLICIES } from './governed.ts';
import { ACME, accepted } from './place.ts';

const newGround = clearedPlaces();
const open = (now?: () => number) => openGoverned(newGround(now));

test('an approval that was used stays used, however large the arguments it was for', async () => {
  const { govern, reopen } = await open();
  const large = { ...bash('rm a'), arguments: { command: 'rm a', why: 'x'.repeat(70_000) } };
  const { approval } = await govern.validate(large, BOT);
  const id = approval?.approval_id ?? '';
  await govern.approve(id, { reason: 'once' }, JANE);
  assert.equal((await govern.validate(large, BOT)).outcome, 'permit');
  const later = await reopen();
  assert.equal((await later.approval('acme', id)).state, 'used');
  assert.equal((await later.validate(large, BOT)).outcome, 'escalate');
});

test('what was said last holds after a restart, also where the clock was set back', async () => {
  let at_ms = Date.now();
  const { govern, reopen } = await open(() => at_ms);
  await govern.declareTask({ task_id: 't', session_id: 's1', goal: 'x' }, BOT);
  const { approval } = await govern.validate({ ...bash('rm a'), session_id: 's2' }, BOT);
  await govern.setEnforcement({ default: 'enforce', agents: [] }, JANE);
  at_ms -= 60_000;
  await govern.closeTask('t', {}, BOT);
  await govern.setEnforcement({ default: 'observe', agents: [] }, JANE);
  await govern.deny(approval?.approval_id ?? '', { reason: 'no' }, JANE);
  const none = [{ name: 'n', text: '@id("none") forbid(principal, action, resource);' }];
  const { version } = await govern.applyPolicies({ files: none }, JANE);
  const later = await reopen();
  assert.equal((await later.task('acme', 't')).state, 'closed');
  assert.equal((await later.enforcement('acme')).default, 'observe');
  assert.equal((await later.policies('acme')).version.version, version);
  assert.equal((await later.approval('acme', approval?.approval_id ?? '')).state, 'denied');
});

test('a budget counts what Claw permitted, and the tokens of a call once', async () => {
  const { trail, govern, reopen } = await open();
  const budget = { calls: 5, tokens: 1000 };
  await govern.declareTask({ task_id: 't', session_id: 's1', goal: 'x', budget }, BOT);
  await govern.declareTask({ task_id: 'u', session_id: 's2', goal: 'x' }, BOT);
  await govern.validate(bash('ls'), BOT);
  const said = { type: 'decision', session_id: 's1' } as const;
  const call = { type: 'api_call', session_id: 's1', call_id: 'm1', tokens: { input: 9 } } as const;
  accepted(
    await trail.ingest(
      [
        { ...said, tool: 'Bash', decision: { outcome: 'permit', by: 'human' } },
        { ...said, tool: 'validate_action', decision: { outcome: 'permit', by: 'policy' } },
        { ...call, source: { kind: 'model_proxy' } },
        { ...call, source: { kind: 'transcript' } },
        { type: 'api_call', session_id: 's2', tokens: { input: 10, output: 5 } },
      ],
      ACME,
    ),
  );
  const before = await govern.tasks('acme', {});
  const used = Object.fromEntries(before.map(({ task_id, used }) => [task_id, used]));
  assert.deepEqual(used, { t: { calls: 1, tokens: 9 }, u: { calls: 0, tokens: 15 } });
  const later = await reopen();
  for (const task of before) assert.deepEqual(await later.task('acme', task.task_id), task);
});

const COMMANDS = ['ls', 'rm a', 'rm b', 'write'] as const;
const step = fc.record({
  kind: fc.constantFrom(
    ...(['declare', 'validate', 'validate', 'validate', 'request', 'approve', 'approve'] as const),
    ...(['deny', 'close', 'modes', 'policies', 'tokens', 'expire'] as const),
  ),
  session: fc.integer({ min: 0, max: 2 }),
  command: fc.constantFrom(...COMMANDS),
  large: fc.boolean(),
  mode: fc.constantFrom('enforce', 'enforce', 'observe'),
  scope: fc.constantFrom('once', 'session'),
  who: fc.constantFrom(JANE, KEN),
  pick: fc.nat(5),
  number: fc.nat(40),
  together: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const REFUSALS = ['task.exists', 'task.closed', 'task.not_found', 'approval.decided'];

async function perform(trail: Trail, one: Step, tick: (ms: number) => void): Promise<unknown> {
  const { govern } = trail;
  const session_id = `s${one.session}`;
  const task_id = `t${one.session}-${one.pick % 2}`;
  const why = one.large ? 'x'.repeat(70_000) : 'x';
  const action = { ...bash(one.command), session_id, mode: one.mode } as const;
  const large = { ...action, arguments: { command: one.command, why } };
  const scope = one.pick > 3 ? { tools: ['Bash'] } : {};
  const limits = { calls: one.number, tokens: 100 };
  const declared = { task_id, session_id, goal: why.slice(0, 9000), scope, budget: limits };
  const known = await govern.approvals('acme', {});
  const { approval_id = '' } = known[one.pick % Math.max(1, known.length)] ?? {};
  const vote = { reason: 'because', scope: one.scope } as const;
  const files = [...POLICIES, { name: 'b.cedar', text: `// ${one.number}` }];
  switch (one.kind) {
    case 'declare':
      return govern.declareTask({ ...declared, on_violation: 'escalate' }, BOT);
    case 'validate':
      return govern.validate(large, BOT);
    case 'request':
      return govern.requestApproval(
        { ...large, reason: 'please', quorum: 1 + (one.pick % 2) },
        BOT,
      );
    case 'approve':
      return approval_id && govern.approve(approval_id, vote, one.who);
    case 'deny':
      return approval_id && govern.deny(approval_id, { reason: 'no' }, one.who);
    case 'close':
      return govern.closeTask(task_id, { summary: why.slice(0, 100) }, BOT);
    case 'modes':
      return govern.setEnforcement(
        { agents: [{ agent: `a${one.number}*`, mode: one.mode }] },
        one.who,
      );
    case 'policies':
      return govern.applyPolicies({ files }, one.who);
    case 'expire':
      return tick(one.number * 10_000 - 40_000);
    default:
      return trail.ingest(
        [
          { type: 'api_call', session_id, tokens: { input: one.number } },
          { type: 'decision', session_id, decision: { outcome: 'permit', by: 'human' } },
        ],
        ACME,
      );
  }
}

async function attempt(trail: Trail, one: Step, tick: (ms: number) => void): Promise<void> {
  try {
    await perform(trail, one, tick);
  } catch (error) {
    if (!(error instanceof Fault) || !REFUSALS.includes(error.code)) throw error;
  }
}

/** Everything that governance knows, in no order. */
async function known(govern: Govern, ids: Ids) {
  const tasks = await Promise.all(ids.tasks.map((id) => govern.task('acme', id)));
  const approvals = await Promise.all(ids.approvals.map((id) => govern.approval('acme', id)));
  const { version } = await govern.policies('acme');
  const open = await govern.tasks('acme', { state: 'open', limit: 1000 });
  const pending = await govern.approvals('acme', { state: 'pending', limit: 1000 });
  return {
    tasks,
    approvals,
    version,
    open: open.map(({ task_id }) => task_id).sort(),
    pending: pending.map(({ approval_id }) => approval_id).sort(),
    enforcement: await govern.enforcement('acme'),
  };
}

type Ids = { readonly tasks: readonly string[]; readonly approvals: readonly string[] };

async function idsOf(govern: Govern): Promise<Ids> {
  const tasks = await govern.tasks('acme', { limit: 1000 });
  const approvals = await govern.approvals('acme', { limit: 1000 });
  return {
    tasks: tasks.map(({ task_id }) => task_id),
    approvals: approvals.map(({ approval_id }) => approval_id),
  };
}

test('whatever was done, what a restart reads back is what was known before it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      let at_ms = Date.now();
      const { trail, govern, reopen } = await open(() => at_ms);
      const tick = (ms: number) => {
        at_ms += ms;
      };
      let together: Promise<unknown>[] = [];
      for (const one of steps) {
        together.push(attempt(trail, one, tick));
        if (one.together && one.kind !== 'expire') continue;
        await Promise.all(together);
        together = [];
      }
      await Promise.all(together);
      const ids = await idsOf(govern);
      const before = await known(govern, ids);
      assert.deepEqual(await known(await reopen(), ids), before);
    }),
    { numRuns: 6 },
  );
});
