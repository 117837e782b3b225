/** What a caller may try to get around a decision, a budget or an approval: none of it works. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Fault } from '../../src/fault/fault.ts';
import type { Actor, Govern } from '../../src/trail/govern/govern.ts';
import { accepted, newPlace, type Place } from './place.ts';

const POLICIES = [
  {
    name: 'test.cedar',
    text: `
@id("baseline") permit (principal, action, resource);
@id("ask") @escalate("Deleting needs approval.")
forbid (principal, action == Action::"delete", resource);
`,
  },
];

const places: Place[] = [];
after(async () => {
  for (const place of places) await place.clear();
});

async function open(now?: () => number) {
  const place = newPlace(now);
  places.push(place);
  const trail = await place.open();
  await trail.govern.applyPolicies({ files: POLICIES }, JANE);
  const reopen = async () => {
    await trail.close();
    return (await place.open()).govern;
  };
  return { trail, govern: trail.govern, reopen };
}

const actor = (name: string): Actor => ({
  tenant: 'acme',
  credential_id: `id of ${name}`,
  name,
  producer: { tenant_id: 'acme' },
});
const BOT = actor('bot');
const JANE = actor('jane');

const bash = (command: string) => ({
  session_id: 's1',
  tool: 'Bash',
  arguments: { command },
  cwd: '/work',
  agent: { runtime: 'claude-code' },
});

function refuses(code: string) {
  return (error: unknown) => error instanceof Fault && error.code === code;
}

async function escalated(govern: Govern, action: Parameters<Govern['validate']>[0]) {
  const { approval } = await govern.validate(action, BOT);
  assert.ok(approval);
  return approval;
}

test('a vote or a decision under the id of another event is refused, not believed', async () => {
  const { trail, govern, reopen } = await open();
  const sent = await trail.ingest([{ type: 'prompt', session_id: 's1' }], { tenant_id: 'acme' });
  const id = accepted(sent)[0]?.id ?? '';
  const { approval_id } = await escalated(govern, bash('rm a'));
  const vote = { id, reason: 'fine' };
  await assert.rejects(govern.approve(approval_id, vote, JANE), refuses('decision.mismatch'));
  await assert.rejects(
    govern.validate({ ...bash('ls'), id }, BOT),
    refuses('decision.mismatch'),
  );
  const before = await govern.approval('acme', approval_id);
  assert.equal(before.state, 'pending');
  assert.deepEqual(await (await reopen()).approval('acme', approval_id), before);
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
