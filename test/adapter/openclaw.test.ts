import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { openclaw } from '../../src/adapter/openclaw/openclaw.ts';
import { adaptOne, replay, rowsOf } from './replay.ts';
import { clawHook } from './runtimes.ts';

const one = (record: unknown) => adaptOne(record, { adapter: openclaw })[0];
const CALL = { toolName: 'exec', toolCallId: 'c1', params: { command: 'make' } };
const after = (fields: object, call: object = CALL) =>
  clawHook('after_tool_call', { ...call, ...fields });
const exec = (details: object) => one(after({ result: { content: [], details } }));

suite('the outcome of a call of OpenClaw', () => {
  test('is unknown with neither result nor error', () => {
    for (const fields of [{}, { result: null }, { durationMs: 5 }]) {
      assert.equal(one(after(fields))?.status, 'unknown');
    }
  });

  test('of a command is its exit code, not what it printed', () => {
    assert.equal(exec({ status: 'completed', exitCode: 0 })?.status, 'success');
    assert.deepEqual(exec({ status: 'completed', exitCode: 2 })?.error, { code: 'exit_2' });
    assert.equal(exec({ status: 'completed' })?.status, 'unknown');
    assert.equal(exec({ status: 'running' })?.status, 'pending');
    const text = { content: [{ type: 'text', text: '(Command exited with code 0)' }] };
    assert.equal(one(after({ result: text }))?.status, 'unknown');
  });

  test('is blocked where the runtime says both that it failed and that it was denied', () => {
    const details = { status: 'blocked', deniedReason: 'plugin-before-tool-call' };
    const denied = one(after({ error: 'no', result: { details } }));
    assert.equal(denied?.status, 'blocked');
    assert.deepEqual(denied?.decision, { outcome: 'deny', by: 'hook', reason: 'no' });
    const asked = { status: 'blocked', deniedReason: 'plugin-approval' };
    assert.equal(one(after({ error: 'no', result: { details: asked } }))?.decision?.by, undefined);
    const claimed = after({ result: { details } }, { ...CALL, toolName: 'some_plugin_tool' });
    assert.equal(one(claimed)?.status, 'success');
  });

  test('of a tool that does not exist is shown without its beginning', () => {
    const rows = rowsOf(replay([after({ error: 'Tool x not found' })], openclaw).events);
    assert.deepEqual(
      rows.map(({ status }) => status),
      ['error'],
    );
  });

  test('that was lost is taken from the transcript, but not twice', () => {
    const message = { isError: false, details: { exitCode: 1 } };
    const kept = clawHook('tool_result_persist', { ...CALL, message });
    const begun = clawHook('before_tool_call', CALL);
    const lost = rowsOf(replay([begun, kept], openclaw).events)[0];
    assert.deepEqual([lost?.status, lost?.error?.code], ['error', 'exit_1']);
    const told = replay([begun, after({ result: { details: { exitCode: 1 } } }), kept], openclaw);
    assert.deepEqual(told.skipped, ['after_tool_call told the result']);
    const made = clawHook('tool_result_persist', { ...CALL, message, isSynthetic: true });
    assert.equal(one(made)?.status, 'unknown');
  });
});

suite('a call of OpenClaw that carries another', () => {
  const outer = {
    toolName: 'tool_call',
    toolCallId: 'call_1',
    params: { id: 'core:web_fetch', args: { url: 'u' } },
  };
  const inner = (n: number, toolCallId = `tool_search_code:call_1:web_fetch:${n}`) => ({
    toolName: 'web_fetch',
    toolCallId,
    params: { url: 'u' },
  });

  test('is one row, told as the one that it carries', () => {
    const records = [
      clawHook('before_tool_call', outer),
      clawHook('before_tool_call', inner(1)),
      after({ result: {} }, inner(1)),
      after({ result: {} }, outer),
    ];
    const rows = rowsOf(replay(records, openclaw).events);
    assert.equal(rows.length, 1);
    assert.deepEqual([rows[0]?.tool, rows[0]?.status], ['web_fetch', 'success']);
    assert.deepEqual(rows[0]?.arguments, { url: 'u' });
    assert.equal(rows[0]?.attributes?.['wrapped_by'], 'tool_call');
  });

  test('and the calls of a program are rows of their own', () => {
    const code = { toolName: 'tool_search_code', toolCallId: 'call_1', params: { code: '…' } };
    const records = [
      clawHook('before_tool_call', code),
      clawHook('before_tool_call', inner(1)),
      clawHook('before_tool_call', inner(2)),
    ];
    const rows = rowsOf(replay(records, openclaw).events);
    assert.deepEqual(
      rows.map(({ tool }) => tool),
      ['tool_search_code', 'web_fetch', 'web_fetch'],
    );
    assert.equal(rows[1]?.attributes?.['parent_call_id'], 'call_1');
  });
});

suite('a record of OpenClaw', () => {
  test('of a prompt is told once, with channel and sender', () => {
    const from = { channel: 'telegram', senderId: '77' };
    const records = [
      clawHook('before_agent_run', { prompt: 'Hi', messages: [{ content: 'old' }] }, from),
      clawHook(
        'llm_input',
        { prompt: '[Sat 2026-11-21 19:34 UTC] Hi', tools: [{ name: 't' }] },
        from,
      ),
    ];
    const { events } = replay(records, openclaw);
    const rows = rowsOf(events);
    assert.equal(rows.length, 1);
    assert.deepEqual([rows[0]?.content, rows[0]?.channel], ['Hi', 'telegram']);
    assert.deepEqual(rows[0]?.user, { id: '77' });
    assert.doesNotMatch(JSON.stringify(events), /old/);
    const other = clawHook('llm_input', { prompt: 'Something else' }, from);
    assert.equal(rowsOf(replay([...records, other], openclaw).events).length, 2);
  });

  test('of a call bears who asked for it', () => {
    const requester = { channel: 'slack', senderId: 'U1', senderIsOwner: false };
    const event = one(clawHook('before_tool_call', CALL, { requester }));
    assert.deepEqual([event?.channel, event?.user?.id], ['slack', 'U1']);
    assert.match(JSON.stringify(event?.raw), /"senderIsOwner":false/);
  });

  test('of a request to the model is one row with its duration', () => {
    const request = { callId: 'r1:model:1', model: 'm', provider: 'p' };
    const ended = { ...request, outcome: 'error', failureKind: 'timeout', durationMs: 9 };
    const records = [clawHook('model_call_started', request), clawHook('model_call_ended', ended)];
    const rows = rowsOf(replay(records, openclaw).events);
    assert.deepEqual(
      rows.map(({ type, status, duration_ms, error }) => [type, status, duration_ms, error?.code]),
      [['api_call', 'error', 9, 'timeout']],
    );
  });

  test('of a sub-agent stands in its session, below the one that asked', () => {
    const event = one(
      clawHook('subagent_spawned', { childSessionKey: 'agent:main:subagent:x', label: 'look' }),
    );
    assert.equal(event?.session_id, 'agent:main:subagent:x');
    assert.equal(event?.parent_session_id, 's1');
    const known = clawHook('subagent_ended', { targetSessionKey: 'k' }, { childSessionId: 's2' });
    assert.deepEqual([one(known)?.session_id, one(known)?.operation], ['s2', 'end']);
  });

  test('of the gateway belongs to no conversation, and no pairing code is recorded', () => {
    const ctx = { sessionId: undefined, sessionKey: undefined };
    const event = one(clawHook('channel_pairing_requested', { channel: 'c', code: 'ABC123' }, ctx));
    assert.equal(event?.session_id, 'openclaw:plugin');
    assert.doesNotMatch(JSON.stringify(event), /ABC123/);
  });

  test('of an approval says what came of it, and a person only where there was one', () => {
    const resolved = (decision: string) =>
      one(clawHook('approval_resolved', { toolCallId: 'c1', decision }));
    assert.deepEqual(resolved('allow-once')?.decision, {
      outcome: 'permit',
      by: 'human',
      reason: 'allow-once',
    });
    assert.equal(resolved('allow-once')?.status, 'pending', 'the call is still to come');
    assert.equal(resolved('timeout')?.decision?.by, 'config');
    assert.equal(resolved('timeout')?.status, 'blocked');
    const asked = clawHook('approval_requested', { toolCallId: 'c1', title: 'May it?' });
    const records = [
      clawHook('before_tool_call', CALL),
      asked,
      after({ result: { details: { exitCode: 0 } } }),
    ];
    const [row] = rowsOf(replay(records, openclaw).events);
    assert.deepEqual([row?.type, row?.status], ['tool_call', 'success']);
  });

  test('of a run that failed is an output with its error; of one that did not, nothing', () => {
    const failed = one(clawHook('agent_end', { success: false, error: 'no model', messages: [] }));
    assert.deepEqual([failed?.type, failed?.error], ['output', { message: 'no model' }]);
    assert.equal(replay([clawHook('agent_end', { success: true })], openclaw).skipped.length, 1);
  });
});
