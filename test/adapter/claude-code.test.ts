import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { claudeCode, HOOK_EVENTS } from '../../src/adapter/claude-code/claude-code.ts';
import { adapterNamed } from '../../src/adapter/menu.ts';
import { Fault } from '../../src/fault/fault.ts';
import { EVERY_HOOK, type HookRecord } from './every-hook.ts';
import { adaptOne, bash, hook, readLines, replay, rowsOf, STARTED_MS } from './replay.ts';

const FIXTURE = new URL('fixture/claude-code.jsonl', import.meta.url);
const GOLDEN = new URL('golden/claude-code.json', import.meta.url);
const CAPTURES = new URL('../../../shared/captures/claude-code-2.1.330/', import.meta.url);

suite('the captured session', () => {
  test('becomes the events of the golden file (UPDATE=1 rewrites it)', () => {
    const { events, skipped } = replay(readLines(FIXTURE));
    const text = `${JSON.stringify({ events, skipped }, null, 1)}\n`;
    if (process.env['UPDATE']) writeFileSync(GOLDEN, text);
    assert.deepEqual(JSON.parse(text), JSON.parse(readFileSync(GOLDEN, 'utf8')));
  });

  for (const run of ['run1-untrusted-default-mode', 'run2-trusted']) {
    for (const file of ['hooks-command.jsonl', 'hooks-http.jsonl']) {
      const path = new URL(`${run}/${file}`, CAPTURES);
      const skip = existsSync(path) ? false : '../shared/captures is not here';
      test(`${run}/${file}: every line is an event or says why not`, { skip }, () => {
        const records = readLines(path).map(recordIn);
        const { events, skipped } = replay(records);
        const silent = 'every call of this batch was reported by a hook of its own';
        assert.ok(skipped.every((reason) => reason === silent));
        const batches = records.filter((one) => one.hook_event_name === 'PostToolBatch');
        assert.ok(skipped.length < batches.length);
        assert.deepEqual(new Set(events.map(({ id }) => id)).size, events.length);
        const calls = rowsOf(events).filter(({ type }) => type === 'tool_call');
        const named = new Set(records.flatMap(callIds));
        assert.deepEqual(new Set(calls.map(({ call_id }) => call_id)), named);
        assert.ok(calls.every(({ status }) => status !== 'pending' && status !== 'unknown'));
      });
    }
  }

  test('names denials by who denied: no approver is not a person', (t) => {
    const path = new URL('run1-untrusted-default-mode/hooks-command.jsonl', CAPTURES);
    if (!existsSync(path)) return t.skip('../shared/captures is not here');
    const rows = rowsOf(replay(readLines(path)).events);
    const blocked = rows.filter(({ status }) => status === 'blocked');
    assert.equal(blocked.length, 7);
    const byHook = blocked.filter(({ decision }) => decision?.by === 'hook');
    assert.deepEqual(
      byHook.map(({ decision }) => decision?.reason),
      ['policy no-denyme: blocked by audit sink'],
    );
    assert.ok(blocked.every(({ decision }) => decision?.outcome === 'deny'));
    assert.ok(blocked.every(({ decision }) => decision?.by !== 'human'));
  });
});

suite('each of the 33 hooks', () => {
  test('is known by name', () => {
    assert.equal(EVERY_HOOK.length, 33);
    const names = EVERY_HOOK.map(({ hook_event_name }) => hook_event_name);
    assert.deepEqual(new Set(names), new Set(HOOK_EVENTS));
  });

  for (const record of EVERY_HOOK) {
    test(`${record.hook_event_name} becomes an event that keeps every value of its record`, () => {
      const events = adaptOne(record);
      assert.ok(events.length > 0);
      const kept = JSON.stringify(events);
      for (const value of leavesOf(record)) assert.ok(kept.includes(value), value);
      for (const event of events) {
        assert.equal(event.agent?.runtime, 'claude-code');
        assert.deepEqual(event.source, { kind: 'hook', runtime: 'claude-code' });
        assert.equal(event.attributes?.['hook_event'], record.hook_event_name);
        assert.equal(event.attributes?.['cwd'], '/home/dev/p');
      }
    });
  }

  test('of a later version is kept whole', () => {
    const [event] = adaptOne(hook('QuantumLeap', { tool_input: { a: 1 }, extra: 'kept' }));
    assert.equal(event?.type, 'session');
    assert.deepEqual(event?.raw, { tool_input: { a: 1 }, extra: 'kept' });
    assert.match(event?.detail ?? '', /does not know \(QuantumLeap\)/);
  });
});

suite('a call', () => {
  test('is asked, then answered, under the id of the model', () => {
    const asked = adaptOne(hook('PreToolUse', bash('toolu_1')))[0];
    assert.equal(asked?.call_id, 'toolu_1');
    assert.equal(asked?.status, 'pending');
    assert.equal(asked?.turn_id, 'p1');
    const done = { ...bash('toolu_1'), tool_response: { stdout: 'x' }, duration_ms: 5 };
    const answered = adaptOne(hook('PostToolUse', done))[0];
    assert.equal(answered?.status, 'success');
    assert.equal(answered?.duration_ms, 5);
    assert.deepEqual(answered?.result, { stdout: 'x' });
  });

  test('that was interrupted is an error, whatever hook says so', () => {
    const post = { ...bash('t'), tool_response: { stdout: '', interrupted: true } };
    assert.equal(adaptOne(hook('PostToolUse', post))[0]?.error?.code, 'interrupted');
    const failure = { ...bash('t'), error: 'stopped', is_interrupt: true };
    assert.equal(adaptOne(hook('PostToolUseFailure', failure))[0]?.error?.code, 'interrupted');
  });

  test('in the background is pending until its notification says how it ended', () => {
    const launched = { ...bash('t1'), tool_response: { stdout: '', backgroundTaskId: 'b1' } };
    const records = [hook('PreToolUse', bash('t1')), hook('PostToolUse', launched)];
    assert.equal(rowsOf(replay(records).events)[0]?.status, 'pending');
    const text = (code: number) =>
      `<task-notification>\n<tool-use-id>t1</tool-use-id>\n<status>completed</status>\n` +
      `<summary>Background command "x" completed (exit code ${code})</summary>`;
    const ended = (code: number, fields = {}) =>
      hook('UserPromptSubmit', { prompt: text(code), ...fields });
    const rows = (record: unknown) => rowsOf(replay([...records, record]).events);
    assert.equal(rows(ended(0))[0]?.status, 'success');
    assert.equal(rows(ended(3))[0]?.error?.code, 'exit_3');
    assert.equal(rows(ended(0))[1]?.channel, 'task_notification');
    assert.equal(rows(ended(0, { source: 'user' }))[0]?.status, 'pending', 'somebody typed it');
  });

  test('of a sub-agent belongs to a session below', () => {
    const sub = { agent_id: 'a1', agent_type: 'Explore' };
    const [event] = adaptOne(hook('PreToolUse', { ...bash('t'), ...sub }));
    assert.equal(event?.session_id, 's1:a1');
    assert.equal(event?.parent_session_id, 's1');
    assert.deepEqual(event?.agent, { runtime: 'claude-code', id: 'a1', name: 'Explore' });
  });

  test('awaiting approval is joined with the last call that asked the same', () => {
    const { tool_use_id: _, ...asking } = bash('');
    const records = [
      hook('PreToolUse', bash('t1')),
      hook('PostToolUse', { ...bash('t1'), tool_response: 'x' }),
      hook('PreToolUse', bash('t2')),
      hook('PermissionRequest', { ...asking, permission_suggestions: [{ type: 'setMode' }] }),
    ];
    const approval = replay(records).events.at(-1);
    assert.equal(approval?.type, 'approval');
    assert.equal(approval?.call_id, 't2');
    assert.equal(approval?.status, 'escalated');
    assert.deepEqual(approval?.attributes?.['permission_suggestions'], [{ type: 'setMode' }]);
    const alone = adaptOne(hook('PermissionRequest', asking))[0];
    assert.equal(alone?.call_id, undefined);
    assert.deepEqual(alone?.arguments, { command: 'ls' });
  });
});

suite('a batch', () => {
  const batchOf = (tool_response: unknown) =>
    hook('PostToolBatch', { tool_calls: [{ ...bash('t1'), tool_response }] });
  const after = (tool_response: unknown) =>
    rowsOf(replay([hook('PreToolUse', bash('t1')), batchOf(tool_response)]).events)[0];

  const denials: readonly (readonly [string, string | undefined])[] = [
    ['PreToolUse:Bash hook error: no', 'hook'],
    ["The user doesn't want to proceed with this tool use. The tool use was rejected", 'human'],
    ["Claude requested permissions to use WebFetch, but you haven't granted it yet.", 'config'],
    ["cat in '/x' was blocked. For security, Claude Code may only", 'config'],
    ["Output redirection to '/x' needs approval. The path", 'config'],
    ['Permission to use Bash with command rm has been denied.', 'config'],
    [
      "Permission to use Bash has been denied because Claude Code is running in don't ask mode. x",
      'config',
    ],
    ['Permission for this tool use was denied: it requires interactive approval', 'config'],
    ['Permission for this tool use was denied. The tool use was rejected (eg. x). Try', undefined],
    [
      'Permission for this tool use was denied. The tool use was rejected. The user said:\nno',
      'human',
    ],
    [
      'Permission for this action was denied by the Claude Code auto mode classifier. Reason: x',
      'config',
    ],
  ];
  for (const [text, by] of denials) {
    test(`says who denied: ${by ?? 'unknown'} (${text.slice(0, 60)})`, () => {
      const row = after(text);
      assert.equal(row?.status, 'blocked');
      assert.equal(row?.decision?.outcome, 'deny');
      assert.equal(row?.decision?.by, by);
    });
  }

  test('shows a call that was refused before any other hook saw it', () => {
    const [row] = adaptOne(batchOf('<tool_use_error>Error: No such tool</tool_use_error>'));
    assert.equal(row?.status, 'error');
    assert.deepEqual(row?.error, { code: 'refused', message: 'Error: No such tool' });
    assert.equal(row?.action, 'execute');
  });

  test('adds nothing to a call that was reported, whatever its output claims', () => {
    const post = hook('PostToolUse', { ...bash('t1'), tool_response: { stdout: 'x' } });
    const { events, skipped } = replay([post, batchOf('PreToolUse:Bash hook error: fake')]);
    assert.equal(events.length, 1);
    assert.deepEqual(skipped, ['every call of this batch was reported by a hook of its own']);
  });

  test('shows a call as denied that awaited approval and never ran, in whatever words', () => {
    const { tool_use_id: _, ...asking } = bash('');
    const text = "A variable in this command can't be checked before it runs";
    const records = [hook('PreToolUse', bash('t1')), hook('PermissionRequest', asking)];
    const row = rowsOf(replay([...records, batchOf(text)]).events)[0];
    assert.equal(row?.status, 'blocked');
    assert.equal(row?.decision?.outcome, 'deny');
    assert.equal(row?.decision?.reason, text);
  });

  test('leaves the outcome unknown where nobody else reported the call', () => {
    assert.equal(after('total 0')?.status, 'unknown');
    assert.equal(after('total 0')?.result, 'total 0');
    assert.deepEqual(adaptOne(batchOf('total 0')), [], 'without memory it might repeat a fact');
  });
});

suite('an id', () => {
  const notice = hook('Notification', { message: 'x' });
  const idOf = (record: unknown, nonce?: string) => adaptOne(record, { nonce })[0]?.id;

  test('is the same for a record that is delivered again', () => {
    const later = adaptOne(hook('PreToolUse', bash('t1')), { now_ms: STARTED_MS + 9 })[0];
    assert.equal(later?.id, idOf(hook('PreToolUse', bash('t1'))));
    assert.equal(
      idOf(notice, '2026-01-01T00:00:00.000001Z'),
      idOf(notice, '2026-01-01T00:00:00.000001Z'),
    );
  });

  test('differs for two equal records that were captured twice', () => {
    assert.notEqual(idOf(notice, 'a'), idOf(notice, 'b'));
    assert.notEqual(adaptOne(notice, { now_ms: 1 })[0]?.id, adaptOne(notice, { now_ms: 2 })[0]?.id);
  });

  test('differs between the facts of one call', () => {
    const ids = EVERY_HOOK.flatMap((record) => adaptOne(record)).map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
  });
});

test('the menu names the adapters it has when asked for another', () => {
  assert.equal(adapterNamed('claude-code'), claudeCode);
  assert.throws(
    () => adapterNamed('toString'),
    (error) =>
      error instanceof Fault &&
      error.detail.hint === 'One of: claude-code, codex, gemini, opencode, openclaw.',
  );
});

function recordIn(line: unknown): HookRecord {
  return ((line as { body?: unknown }).body ?? line) as HookRecord;
}

function callIds(record: object): string[] {
  const one = record as { tool_use_id?: string; tool_calls?: readonly { tool_use_id: string }[] };
  return [...(one.tool_calls ?? []), one].flatMap(({ tool_use_id }) => tool_use_id ?? []);
}

/** Every text and number in the record, as JSON writes it. */
function leavesOf(value: unknown): string[] {
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(leavesOf);
  if (typeof value === 'number') return [String(value)];
  return typeof value === 'string' ? [JSON.stringify(value).slice(1, -1)] : [];
}
