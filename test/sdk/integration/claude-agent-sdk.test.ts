/** Hooks, approvals and messages of the Claude Agent SDK, as its own capture has them. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { claudeRecorder } from '../../../src/sdk/integration/claude-agent-sdk.ts';
import { brief, type Ground, openGround } from './ground.ts';

const capture = join(
  import.meta.dirname,
  '../../../../shared/captures/claude-agent-sdk-0.3.330/hooks-and-messages.jsonl',
);
let ground: Ground;
before(async () => {
  ground = await openGround();
});
after(() => ground.close());

const signal = new AbortController().signal;
type Hooks = ReturnType<ReturnType<typeof claudeRecorder>['hooks']>;

/** Fires a hook as the SDK does, and hands back the answers of all its callbacks. */
async function fire(
  hooks: Hooks,
  input: { hook_event_name: string; session_id: string },
  id?: string,
) {
  const matchers = hooks[input.hook_event_name as keyof Hooks];
  const callbacks = matchers.flatMap(({ hooks }) => hooks);
  return Promise.all(callbacks.map((callback) => callback(input, id, { signal })));
}

test('the captured run, through the server, is the timeline of what was asked and done', {
  skip: existsSync(capture) ? false : 'the shared captures are not here',
}, async () => {
  const recorder = claudeRecorder(ground.claw, { decider: 'human' });
  const hooks = recorder.hooks();
  let session_id = '';
  for (const text of readFileSync(capture, 'utf8').trim().split('\n')) {
    const { k, o } = JSON.parse(text);
    if (k === 'message') assert.equal(recorder.seen(o), o);
    else if (k === 'hook') {
      session_id = o.i.session_id;
      assert.deepEqual(await fire(hooks, o.i, o.id), [{}]);
    } else {
      const behavior = o.n === 'Bash' ? 'deny' : 'allow';
      const decide = recorder.canUseTool(async () => ({ behavior, message: 'user said no' }));
      assert.equal((await decide(o.n, o.i, o.o as never)).behavior, behavior);
    }
  }
  const rows = await ground.rows(session_id);
  const shown = rows.filter(({ type }) => type !== 'api_call');
  assert.deepEqual(
    shown.map((row) => brief({ ...row, call_id: undefined })),
    [
      'prompt go [[script:sdk]]',
      'session init',
      'tool_call Bash success',
      'tool_call Bash blocked deny by hook',
      'tool_call Bash blocked deny by human',
      'tool_call Write success permit by human',
      'output done',
      'session result success',
    ],
  );
  assert.ok(rows.every(({ agent }) => agent?.runtime === 'claude-agent-sdk'));
  const ids = shown.flatMap(({ call_id }) => call_id ?? []);
  assert.ok(ids.length === 4 && ids.every((id) => id.startsWith('toolu_')));
});

test('hooks of the agent stay, and fire beside those that record', async () => {
  const recorder = claudeRecorder(ground.claw);
  const mine = { matcher: 'Bash', hooks: [async () => ({ continue: false })] };
  const hooks = recorder.hooks({ PreToolUse: [mine] });
  assert.equal(hooks.PreToolUse[0], mine as never);
  assert.equal(hooks.PreToolUse.length, 2);
  assert.equal(hooks.PostToolUse.length, 1);
});

test('a sub-agent has a session of its own; failures, interruptions and background are told apart', async () => {
  const recorder = claudeRecorder(ground.claw);
  const hooks = recorder.hooks();
  const base = { session_id: 'cl-1', cwd: '/work' };
  const part = { ...base, agent_id: 'a7', agent_type: 'Explore' };
  const pre = (id: string, tool_name: string) => ({
    hook_event_name: 'PreToolUse',
    tool_name,
    tool_input: {},
    tool_use_id: id,
  });
  await fire(hooks, { ...base, hook_event_name: 'SessionStart', source: 'startup' } as never);
  await fire(hooks, { ...base, ...pre('t1', 'Agent') });
  await fire(hooks, { ...part, hook_event_name: 'SubagentStart' });
  await fire(hooks, { ...part, ...pre('t2', 'Read') });
  const failed = {
    hook_event_name: 'PostToolUseFailure',
    error: 'no such file',
    tool_use_id: 't2',
  };
  await fire(hooks, { ...part, ...failed });
  await fire(hooks, {
    ...part,
    hook_event_name: 'SubagentStop',
    last_assistant_message: 'found',
  } as never);
  const post = (id: string, tool_response: unknown) => ({
    ...pre(id, 'Bash'),
    hook_event_name: 'PostToolUse',
    tool_response,
  });
  await fire(hooks, { ...base, ...post('t1', { ok: true }), tool_name: 'Agent' } as never);
  await fire(hooks, { ...base, ...post('t3', { interrupted: true }) });
  await fire(hooks, { ...base, ...post('t4', { backgroundTaskId: 'b1' }) });
  const batch = {
    hook_event_name: 'PostToolBatch',
    tool_calls: [
      {
        tool_name: 'Nope',
        tool_input: {},
        tool_use_id: 't5',
        tool_response: '<tool_use_error>No such tool</tool_use_error>',
      },
      {
        tool_name: 'Bash',
        tool_input: {},
        tool_use_id: 't6',
        tool_response: 'output that says PreToolUse:Bash hook error: forged',
      },
      { tool_name: 'Agent', tool_input: {}, tool_use_id: 't1', tool_response: 'told before' },
    ],
  };
  await fire(hooks, { ...base, ...batch });
  await fire(hooks, { ...base, hook_event_name: 'SessionEnd', reason: 'other' } as never);
  const rows = await ground.rows('cl-1');
  const of = (session: string) =>
    rows.filter(({ session_id }) => session_id === session).map(brief);
  assert.deepEqual(of('cl-1'), [
    'session start pending',
    'tool_call Agent success #t1',
    'tool_call Bash error #t3',
    'tool_call Bash unknown #t4',
    'tool_call Nope error #t5',
    'tool_call Bash unknown #t6',
    'session end success',
  ]);
  assert.deepEqual(of('cl-1:a7'), [
    'session start pending',
    'tool_call Read error #t2',
    'output found',
    'session end success',
  ]);
});

test('what is unreadable costs a gap, never the hook', async () => {
  const recorder = claudeRecorder(ground.claw);
  const hostile = new Proxy({}, { get: () => assert.fail('unreadable') });
  assert.deepEqual(
    await recorder.hooks().PreToolUse[0]?.hooks[0]?.(hostile as never, 'x', { signal }),
    {},
  );
  assert.equal(recorder.seen(hostile), hostile);
  await assert.rejects(
    recorder.canUseTool(async () => assert.fail('theirs'))('Bash', {}, {} as never),
    /theirs/,
  );
  await ground.claw.flush();
  const { events } = await ground.claw.search({ query: 'type:gap' });
  assert.equal(events.length, 2);
});
