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
