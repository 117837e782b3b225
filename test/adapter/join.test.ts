import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gemini } from '../../src/adapter/gemini/gemini.ts';
import { joined } from '../../src/adapter/join.ts';
import { layersOf, rememberCalls } from '../../src/adapter/memory.ts';
import type { Draft } from '../../src/event/event.ts';
import { geminiHook } from './runtimes.ts';

const CALL = { tool_name: 'read_file', tool_input: { file_path: 'a', limit: 1 } };

/** A memory that was told of one BeforeTool, and what the hook said. */
function hooked() {
  const memory = rememberCalls(10);
  const record = geminiHook('BeforeTool', CALL, 1);
  const adapted = gemini.adapt(record, { now_ms: 0, calls: memory.of('t') });
  const [hook] = 'drafts' in adapted ? adapted.drafts : [];
  assert.ok(hook?.call_id);
  memory.note('t', hook);
  return { memory, hook, made: hook.call_id };
}

const told = (hook: Draft, kind: string, more: Partial<Draft> = {}): Draft =>
  ({
    type: 'tool_call',
    session_id: hook.session_id,
    call_id: 'own-1',
    tool: 'read_file',
    arguments: { limit: 1, file_path: 'a' },
    status: 'pending',
    time: hook.time,
    agent: { runtime: 'gemini' },
    source: { kind },
    ...more,
  }) as Draft;

test('what comes with an id is recorded under the id that was made for the same call', () => {
  const { memory, hook, made } = hooked();
  const { known, batch } = layersOf(memory.of('t'));
  const asked = joined(known, told(hook, 'model_proxy'));
  assert.deepEqual([asked.call_id, asked.attributes], [made, { own_call_id: 'own-1' }]);
  batch.note('', asked);
  const { tool: _, arguments: __, ...bare } = told(hook, 'model_proxy', { result: 'x' });
  assert.equal(joined(known, bare).call_id, made, 'its result names neither tool nor arguments');
  memory.note('t', asked);
  assert.equal(joined(memory.of('t'), bare).call_id, made);
  const other = told(hook, 'transcript', { call_id: 'own-2' });
  assert.equal(joined(memory.of('t'), other).call_id, made, 'each kind of witness joins once');
  const again = told(hook, 'model_proxy', { call_id: 'own-3' });
  assert.equal(joined(memory.of('t'), again), again, 'the same asked again is another call');
});

test('nothing is joined that is known, of other runtimes, other calls or another time', () => {
  const { memory, hook } = hooked();
  const calls = memory.of('t');
  const late = new Date(Date.parse(hook.time ?? '') + 3_600_000).toISOString();
  const { call_id: _, ...nameless } = told(hook, 'transcript');
  for (const draft of [
    told(hook, 'hook'),
    told(hook, 'transcript', { arguments: { file_path: 'b' } }),
    told(hook, 'transcript', { session_id: 'another' }),
    told(hook, 'transcript', { agent: { runtime: 'codex' } }),
    told(hook, 'transcript', { time: late }),
    nameless,
    ...[null, 1, 'x', [], { type: 'tool_call', source: null }],
    { ...told(hook, 'transcript'), attributes: 'x' },
    { ...told(hook, 'transcript'), call_id: { toString: 1 } },
    { ...told(hook, 'transcript'), arguments: { at: Number.NaN } },
  ]) {
    assert.equal(joined(calls, draft), draft);
  }
  memory.note('t', told(hook, 'otel', { call_id: 'own-1' }));
  const known = told(hook, 'transcript');
  assert.equal(joined(calls, known), known);
  assert.equal(joined(memory.of('u'), known), known, 'one tenant never learns of another');
});

const ID = 'toolu_01ABCDEFGH';
const seen = (kind: string, session_id: string, more: Partial<Draft> = {}): Draft =>
  ({ type: 'tool_call', session_id, call_id: ID, source: { kind }, ...more }) as Draft;

test('what an MCP proxy tells of a call alone goes into the one session that has it', () => {
  for (const kind of ['hook', 'model_proxy']) {
    const memory = rememberCalls(10);
    memory.note('t', seen(kind, 's:a1', { parent_session_id: 's' }));
    memory.note('t', seen(kind, 's'));
    const { known, batch } = layersOf(memory.of('t'));
    const asked = joined(known, seen('mcp_proxy', 'mcp-1', { attributes: { mcp_id: '1' } }));
    assert.equal(asked.session_id, 's');
    assert.deepEqual(asked.attributes, { mcp_id: '1', proxy_session: 'mcp-1' });
    batch.note('', asked);
    memory.note('t', asked);
    const answer = joined(known, seen('mcp_proxy', 'mcp-1', { status: 'success' }));
    assert.equal(answer.session_id, 's', 'again, once it is recorded there');
  }
});

test('a call stays in the MCP proxy’s session where it is not clearly another’s', () => {
  const memory = rememberCalls(10);
  memory.note('t', seen('hook', 's'));
  memory.note('t', seen('hook', 's', { call_id: 'call_1' }));
  memory.note('t', seen('hook', 's', { call_id: 'toolu_02ABCDEFGH' }));
  memory.note('t', seen('model_proxy', 's2', { call_id: 'toolu_02ABCDEFGH' }));
  memory.note('t', seen('otel', 's', { call_id: 'toolu_03ABCDEFGH' }));
  const own = seen('mcp_proxy', 'mcp-1', { call_id: 'toolu_04ABCDEFGH' });
  memory.note('t', own);
  memory.note('t', seen('hook', 's', { call_id: 'toolu_04ABCDEFGH' }));
  for (const draft of [
    seen('mcp_proxy', 'mcp-1', { call_id: 'call_1' }),
    seen('mcp_proxy', 'mcp-1', { call_id: 'toolu_02ABCDEFGH' }),
    seen('mcp_proxy', 'mcp-1', { call_id: 'toolu_03ABCDEFGH' }),
    own,
    seen('mcp_proxy', 'named'),
    seen('api', 'mcp-1'),
    seen('mcp_proxy', 'mcp-1', { attributes: 'none' as never }),
  ]) {
    assert.equal(joined(memory.of('t'), draft), draft);
  }
  const known = seen('mcp_proxy', 'mcp-1');
  assert.equal(joined(memory.of('other'), known), known, 'of another tenant');
});

test('sessions of calls are forgotten with the oldest', () => {
  const memory = rememberCalls(2);
  for (const call_id of ['a', 'b', 'c']) memory.note('t', seen('hook', 's', { call_id }));
  const calls = memory.of('t');
  assert.deepEqual(['a', 'b', 'c'].map(calls.sessionsOf), [[], ['s'], ['s']]);
});
