/** `/v1/enforce`: a runtime's own record in, its own answer out, and both in the trail before. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Event } from '../../src/event/event.ts';
import type { Approval } from '../../src/policy/lifecycle.ts';
import type { Row } from '../../src/trail/trail.ts';
import { newPlace, type Place } from '../trail/place.ts';
import { eventually, openRig, type Rig } from './rig.ts';

const POLICIES = [
  {
    name: 'test.cedar',
    text: `
@id("baseline") permit (principal, action, resource);
@id("no-keys") @reason("Keys are \u001b[31mnobody's\u202e business.\n")
forbid (principal, action, resource) when { context.input like "*id_rsa*" };
@id("ask") @escalate("It cannot be taken back.")
forbid (principal, action, resource) when { context.input like "*rm -r*" };
`,
  },
];

let place: Place;
let rig: Rig;
before(async () => {
  place = newPlace();
  rig = await openRig(() => place.open());
  await rig.trail.govern.applyPolicies({ files: POLICIES }, actor);
});
after(async () => {
  await rig.close();
  await place.clear();
});
const actor = {
  tenant: 'acme',
  credential_id: 'x',
  name: 'x',
  producer: { tenant_id: 'acme' },
};

let calls = 0;
/** A call of its own, as Claude Code tells it before it runs. */
const asking = (command: string, more: object = {}) => ({
  session_id: 's',
  cwd: '/work',
  hook_event_name: 'PreToolUse',
  tool_name: 'Bash',
  tool_input: { command },
  tool_use_id: `toolu_${++calls}`,
  ...more,
});
const ask = (record: object | string, query = '', runtime = 'claude-code') =>
  rig.send(`/v1/enforce/${runtime}${query}`, { token: rig.recorder, body: record });
const allowed = ({ headers }: { headers: Headers }) => headers.get('x-claw-allowed');

const rowsOf = async (query: string): Promise<readonly Row[]> => {
  const path = `/v1/events?query=${encodeURIComponent(query)}`;
  return (await rig.send(path, { token: rig.viewer })).body.events;
};
const pendingApproval = async (command: string): Promise<Approval> => {
  const isIt = (one: Approval) => (one.arguments as { command?: string }).command === command;
  const read = async () => {
    const { body } = await rig.send('/v1/approvals?state=pending', { token: rig.viewer });
    return (body.approvals as Approval[]).find(isIt);
  };
  return (await eventually(read, (found) => found !== undefined)) ?? assert.fail();
};
const vote = (id: string, word: 'approve' | 'deny', reason = 'seen') =>
  rig.send(`/v1/approvals/${id}/${word}`, { token: rig.approver, body: { reason } });
const reasonIn = (body: { hookSpecificOutput?: { permissionDecisionReason?: string } }) =>
  body.hookSpecificOutput?.permissionDecisionReason ?? '';

test('what may run is answered with {}: the runtime still asks its own user', async () => {
  const record = asking('ls');
  const reply = await ask(record);
  assert.deepEqual([reply.status, reply.text, allowed(reply)], [200, '{}', 'true']);
  const rows = await rowsOf(`call_id:${record.tool_use_id}`);
  const types = rows.map(({ type, status }) => `${type} ${status}`).toSorted();
  assert.deepEqual(types, ['decision undefined', 'tool_call pending']);
});

test('what is forbidden is refused in each runtime’s own words, and recorded as blocked', async () => {
  const claude = asking('cat id_rsa');
  const reply = await ask(claude);
  assert.deepEqual(reply.body, {
    hookSpecificOutput: {
      hookEventName: 'PreToolUse',
      permissionDecision: 'deny',
      permissionDecisionReason: reasonIn(reply.body),
    },
  });
  assert.equal(allowed(reply), 'false');
  assert.match(reasonIn(reply.body), /^Claw blocked this call \(policy no-keys\): Keys are \\x1b/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there.
  assert.doesNotMatch(reasonIn(reply.body), /[\u0000-\u001f\u202e]/);
  const [row, ...others] = (await rowsOf(`call_id:${claude.tool_use_id}`)).filter(
    ({ type }) => type === 'tool_call',
  );
  assert.deepEqual([row?.status, others.length], ['blocked', 0]);
  assert.deepEqual(row?.decision?.policy_ids, ['no-keys']);
  assert.equal(row?.decision?.by, 'policy');

  const codex = await ask(asking('cat id_rsa', { turn_id: 't', model: 'm' }), '', 'codex');
  assert.equal(codex.body.hookSpecificOutput.permissionDecision, 'deny');
  const { tool_use_id: _, ...nameless } = asking('cat id_rsa');
  const gemini = await ask({ ...nameless, hook_event_name: 'BeforeTool' }, '', 'gemini');
  assert.deepEqual(Object.keys(gemini.body), ['decision', 'reason']);
  assert.equal(gemini.body.decision, 'deny');
  assert.match(gemini.body.reason, /policy no-keys/);
});

test('a call waits for its approval, and is answered the moment it is decided', async () => {
  const command = 'rm -r build';
  const waiting = ask(asking(command), '?wait_s=60');
  const { approval_id } = await pendingApproval(command);
  await vote(approval_id, 'approve');
  assert.equal((await waiting).text, '{}');
  const other = ask(asking('rm -r dist'), '?wait_s=60');
  await vote((await pendingApproval('rm -r dist')).approval_id, 'deny', 'not on a Friday');
  const reply = await other;
  assert.match(reasonIn(reply.body), /approver of acme denied it: not on a Friday/);
});

test('one that nobody answers is refused, and says how it goes on', async () => {
  const record = asking('rm -r cache');
  const reply = await ask(record, '?wait_s=0.2');
  assert.equal(allowed(reply), 'false');
  const { approval_id } = await pendingApproval('rm -r cache');
  assert.match(reasonIn(reply.body), /\(policy ask\).*nobody decided within 0\.2 s/);
  assert.match(reasonIn(reply.body), new RegExp(`clawctl approvals approve ${approval_id}`));
  const [row] = await rowsOf(`call_id:${record.tool_use_id} type:tool_call`);
  assert.deepEqual(
    [row?.status, row?.decision?.outcome, row?.decision?.by],
    ['blocked', 'deny', 'config'],
  );
  await vote(approval_id, 'approve');
  assert.equal(allowed(await ask(asking('rm -r cache'))), 'true', 'the same again is approved');
  assert.equal(allowed(await ask(asking('rm -r cache'))), 'false', 'and once only');
});

test('who goes away leaves the approval open, and goes on waiting when it asks again', async () => {
  const record = asking('rm -r gone');
  const url = `${rig.server.url}/v1/enforce/claude-code?wait_s=60`;
  const sent = {
    method: 'POST',
    headers: { authorization: `Bearer ${rig.recorder}`, 'content-type': 'application/json' },
    body: JSON.stringify(record),
  };
  const leaving = new AbortController();
  const left = fetch(url, { ...sent, signal: leaving.signal });
  const { approval_id } = await pendingApproval('rm -r gone');
  leaving.abort();
  await assert.rejects(left);
  await pause(50);
  const again = ask(record, '?wait_s=60');
  await vote(approval_id, 'approve');
  assert.equal(allowed(await again), 'true');
  const [row] = await rowsOf(`call_id:${record.tool_use_id} type:tool_call`);
  assert.equal(row?.status, 'pending', 'nothing was blocked');
});

test('a record that cannot be understood blocks where calls are held, and not where they are seen', async () => {
  for (const body of ['{', '[]', '[{},{}]', '{"hook_event_name":"PreToolUse"}', '3', 'null']) {
    const reply = await ask(body);
    assert.deepEqual([reply.status, allowed(reply)], [200, 'false'], body);
    assert.match(reasonIn(reply.body), /Claw could not decide on this call/);
    assert.ok(reply.headers.has('x-claw-fault'));
    const observed = await ask(body, '?mode=observe');
    assert.ok(observed.status >= 400 && observed.status < 500, `${body} ${observed.status}`);
    assert.equal(allowed(observed), null);
  }
  const toolless = { session_id: 's', hook_event_name: 'PreToolUse', tool_use_id: 'x' };
  assert.equal(allowed(await ask(toolless)), 'false');
});

test('observing lets everything run and records what would have been decided', async () => {
  const record = asking('cat id_rsa');
  const reply = await ask(record, '?mode=observe');
  assert.deepEqual([reply.text, allowed(reply)], ['{}', 'true']);
  const rows = await rowsOf(`call_id:${record.tool_use_id}`);
  const decision = rows.find(({ type }) => type === 'decision');
  assert.deepEqual([decision?.decision?.outcome, decision?.status], ['deny', 'unknown']);
  assert.equal(rows.find(({ type }) => type === 'tool_call')?.status, 'pending');
});

test('what asks nothing is recorded as ever, and the route is for runtimes with a gate', async () => {
  const record = { session_id: 's', hook_event_name: 'UserPromptSubmit', prompt: 'unusual-word' };
  assert.equal((await ask(record)).text, '{}');
  assert.equal((await rowsOf('unusual-word')).length, 1);
  assert.equal((await ask(record, '', 'nothing')).status, 404);
  assert.equal((await ask(record, '?wait_s=601')).status, 400);
  assert.equal((await ask(record, '?mode=off')).status, 400);
});

test('the same record twice is one call and one decision', async () => {
  const record = asking('cat id_rsa # twice');
  const headers = { 'x-claw-captured-at': new Date().toISOString() };
  const send = () =>
    rig.send('/v1/enforce/claude-code', { token: rig.recorder, body: record, headers });
  const replies = await Promise.all([send(), send(), send()]);
  assert.ok(replies.every((reply) => allowed(reply) === 'false'));
  const rows = await rowsOf(`call_id:${record.tool_use_id}`);
  assert.deepEqual(rows.map(({ type }) => type).toSorted(), ['decision', 'tool_call']);
  const facts = rows.flatMap((row) => (row.type === 'tool_call' ? row.facts : []));
  assert.equal(facts.length, 2, 'asked, and blocked');
});

test('a sub-agent’s call is decided in its session, as a part of the one that started it', async () => {
  const record = asking('cat id_rsa', { agent_id: 'a7', agent_type: 'Explore' });
  await ask(record);
  const rows = await rowsOf(`call_id:${record.tool_use_id}`);
  assert.deepEqual(new Set(rows.map(({ session_id }) => session_id)), new Set(['s:a7']));
});

test('a call that its hook blocked while Claw was away is told so when it can be', async () => {
  const record = asking('echo away');
  const headers = { 'x-claw-captured-at': '2026-11-01T10:00:00.000001Z', 'x-claw-blocked': 'away' };
  const capture = (body: object) =>
    rig.send('/v1/capture/claude-code', { token: rig.recorder, body, headers });
  for (let times = 0; times < 2; times++) assert.equal((await capture(record)).text, '{}');
  const [row] = await rowsOf(`call_id:${record.tool_use_id}`);
  assert.equal(row?.status, 'blocked');
  assert.equal(row?.facts.length, 2);
  const { outcome, by, reason } = row?.decision ?? ({} as NonNullable<Event['decision']>);
  assert.deepEqual([outcome, by], ['deny', 'config']);
  assert.match(reason ?? '', /^Claw could not be reached, and the hook blocks/);
  const answered = { ...asking('echo done'), hook_event_name: 'PostToolUse', tool_response: 'x' };
  await capture(answered);
  const [other] = await rowsOf(`call_id:${answered.tool_use_id}`);
  assert.equal(other?.status, 'success', 'only what asked can have been blocked');
});
