/** Calls of a runtime whose hooks name none: one row each, whoever tells of them first. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { geminiHook } from '../adapter/runtimes.ts';
import { newPlace } from '../trail/place.ts';
import { openRig, type Rig } from './rig.ts';

const CALL = { tool_name: 'read_file', tool_input: { file_path: 'a' } };

let rig: Rig;
before(async () => {
  const place = newPlace();
  const trail = await place.open();
  rig = await openRig(async () => ({ ...trail, close: place.clear }));
});
after(() => rig.close());

async function post(path: string, body: unknown): Promise<void> {
  const reply = await rig.send(path, { token: rig.recorder, body: JSON.stringify(body) });
  assert.equal(reply.status, 200, JSON.stringify(reply.body));
}

test('what a proxy and a transcript tell after the hooks stands in the hooks’ row', async () => {
  const hook = geminiHook('BeforeTool', CALL, 1) as { session_id: string; timestamp: string };
  await post('/v1/capture/gemini', hook);
  const response = { tool_response: { llmContent: 'x' } };
  await post('/v1/capture/gemini', geminiHook('AfterTool', { ...CALL, ...response }, 2));
  const fact = (kind: string, call_id: string, more: object) => ({
    type: 'tool_call',
    session_id: hook.session_id,
    call_id,
    time: hook.timestamp,
    source: { kind, runtime: 'gemini' },
    ...more,
  });
  const asked = { tool: 'read_file', arguments: { file_path: 'a' }, status: 'pending' };
  for (const kind of ['model_proxy', 'transcript']) {
    await post('/v1/events', [fact(kind, kind, asked), fact(kind, kind, { result: 'x' })]);
  }
  const query = 'type:tool_call';
  const { events } = await rig.trail.search({ tenant: 'acme', query });
  assert.deepEqual(
    events.map(({ facts, witnesses, status }) => [facts.length, witnesses, status]),
    [[6, ['hook', 'model_proxy', 'transcript'], 'success']],
  );
  const report = await rig.trail.coverage({ tenant: 'acme', session_id: hook.session_id });
  assert.deepEqual([report.calls, report.seen_by_all], [1, 1]);
});

test('what an MCP proxy tells of Claude Code’s call stands in the session of its hooks', async () => {
  const call = { session_id: 'claude-1', tool_use_id: 'toolu_01JOINED00', cwd: '/tmp' };
  const tool = { tool_name: 'mcp__fs__read', tool_input: { path: 'a' } };
  const base = { transcript_path: '/tmp/t', permission_mode: 'default', ...call, ...tool };
  await post('/v1/capture/claude-code', { ...base, hook_event_name: 'PreToolUse' });
  const fact = (more: object) => ({
    type: 'tool_call',
    session_id: 'mcp-0011',
    call_id: call.tool_use_id,
    source: { kind: 'mcp_proxy', runtime: 'claude-code' },
    ...more,
  });
  const asked = fact({ tool: tool.tool_name, arguments: tool.tool_input, status: 'pending' });
  await post('/v1/events', [asked, fact({ status: 'success', result: 'x' })]);
  const query = 'session:claude-1 type:tool_call';
  const { events } = await rig.trail.search({ tenant: 'acme', query });
  assert.deepEqual(
    events.map(({ witnesses, status }) => [witnesses, status]),
    [[['hook', 'mcp_proxy'], 'success']],
  );
});

test('one record that no event may be does not keep those beside it from being recorded', async () => {
  const hook = geminiHook('BeforeTool', CALL, 5) as { session_id: string; timestamp: string };
  await post('/v1/capture/gemini', hook);
  const fact = (more: object) => ({
    type: 'tool_call',
    session_id: hook.session_id,
    call_id: 'own-deep',
    time: hook.timestamp,
    source: { kind: 'model_proxy', runtime: 'gemini' },
    tool: 'read_file',
    arguments: CALL.tool_input,
    status: 'pending',
    ...more,
  });
  await post('/v1/events', [fact({})]);
  let deep: unknown = 1;
  for (let i = 0; i < 70; i++) deep = [deep];
  // Of another call that was joined, so that nothing is known of it but its alias.
  const body = [
    fact({ arguments: deep, parent_session_id: 5 }),
    fact({ arguments: deep }),
    fact({ call_id: 'beside' }),
  ];
  const reply = await rig.send('/v1/events', { token: rig.recorder, body: JSON.stringify(body) });
  assert.equal(reply.status, 200, JSON.stringify(reply.body));
});
