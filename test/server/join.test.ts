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
