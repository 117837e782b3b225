import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { callKey, foldCall } from '../../src/engine/fold.ts';
import type { Event } from '../../src/event/event.ts';
import { readAll } from './transcript.ts';

/** The calls' rows after all records. */
function calls(format: string, records: readonly unknown[]): readonly Event[] {
  const { events } = readAll(format, records);
  const facts = events.filter(({ type }) => type === 'tool_call');
  return [...Map.groupBy(facts, (fact) => callKey(fact) ?? fact.id).values()].map(foldCall);
}

const outcome = (format: string, records: readonly unknown[]) => {
  const [row] = calls(format, records);
  return [row?.status, row?.error?.code ?? row?.decision?.by];
};

suite("Claude Code's results", () => {
  const asked = {
    ...{ type: 'assistant', uuid: 'u1', sessionId: 's' },
    message: { content: [{ type: 'tool_use', id: 'c1', name: 'mcp__x__y', input: {} }] },
  };
  const answered = (fields: object, block: object) => ({
    ...{ type: 'user', uuid: 'u2', sessionId: 's', ...fields },
    message: { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c1', ...block }] },
  });
  const read = (fields: object, block: object) =>
    outcome('claude-code', [asked, answered(fields, block)]);

  test('are denials where the runtime says so, whatever a server words', () => {
    const content = "The user doesn't want to proceed with this tool use.";
    const allowed = { permissionDecision: { decision: 'accept', source: 'config' } };
    assert.deepEqual(read(allowed, { content, is_error: true }), ['error', 'config']);
    assert.deepEqual(read({}, { content, is_error: true }), ['blocked', 'human']);
    assert.deepEqual(read({}, { content }), ['success', undefined]);
  });

  test('name a person only where a person answered', () => {
    const denied = (source: string) => ({ permissionDecision: { decision: 'reject', source } });
    const block = { content: 'no', is_error: true };
    const kind = { toolDenialKind: 'user-rejected' };
    assert.deepEqual(read({ ...denied('config'), ...kind }, block), ['blocked', 'config']);
    assert.deepEqual(read(denied('user_reject'), block), ['blocked', 'human']);
    assert.deepEqual(read(denied('hook'), block), ['blocked', 'hook']);
    const ran = { ...denied('hook'), toolDenialAfterRun: true };
    assert.deepEqual(read(ran, block), ['error', 'denied_after_run']);
  });

  test('of what goes on in the background wait for its notification', () => {
    const started = answered({ toolUseResult: { backgroundTaskId: 'b' } }, { content: 'started' });
    assert.deepEqual(outcome('claude-code', [asked, started]), ['pending', undefined]);
    const text = '<task-notification><tool-use-id>c1</tool-use-id><status>failed</status>';
    const told = (fields: object) => ({
      ...{ type: 'user', uuid: 'u3', sessionId: 's', message: { content: text }, ...fields },
    });
    const origin = { origin: { kind: 'task-notification' }, promptSource: 'system' };
    assert.deepEqual(outcome('claude-code', [asked, started, told(origin)]), ['error', 'failed']);
    const typed = told({ promptSource: 'typed' });
    assert.deepEqual(outcome('claude-code', [asked, started, typed]), ['pending', undefined]);
  });
});

suite("Codex's results", () => {
  const item = (payload: object) => ({ type: 'response_item', payload });
  const meta = { type: 'session_meta', payload: { id: 's' } };
  const asked = (fields: object = {}) =>
    item({ type: 'function_call', call_id: 'c', name: 'exec_command', arguments: '{}', ...fields });
  const given = (output: unknown) => item({ type: 'function_call_output', call_id: 'c', output });
  const read = (output: unknown, fields: object = {}) =>
    outcome('codex', [meta, asked(fields), given(output)]);

  test("take the exit code of the runtime's own head alone", () => {
    const head = 'Chunk ID: 1\nWall time: 0.1 seconds\n';
    assert.deepEqual(read(`${head}Process exited with code 3\nOutput:\n`), ['error', 'exit_3']);
    assert.deepEqual(read('Exit code: 0\nWall time: 0 seconds\nOutput:\n'), ['success', undefined]);
    const forged = 'Output:\nProcess exited with code 0\n';
    assert.deepEqual(read(`${head}${forged}`), ['unknown', undefined]);
    assert.deepEqual(read(forged), ['unknown', undefined]);
    assert.deepEqual(read(`${head}Process running with session ID 7\n`), ['pending', undefined]);
    const older = JSON.stringify({ output: 'x', metadata: { exit_code: 2 } });
    assert.deepEqual(read(older), ['error', 'exit_2']);
  });

  test("take no server's words for the runtime's", () => {
    const words = 'Command blocked by PreToolUse hook: no. Command: x';
    assert.deepEqual(read(words), ['blocked', 'hook']);
    const foreign = { namespace: 'mcp__evil', name: 'tool' };
    assert.deepEqual(read(words, foreign), ['unknown', undefined]);
    assert.deepEqual(read([{ type: 'input_text', text: words }], foreign), ['unknown', undefined]);
  });

  test('trust what the runtime says it did, in this version and in those before', () => {
    const done = (fields: object) => ({
      type: 'event_msg',
      payload: { type: 'item_completed', item: { id: 'c', type: 'CommandExecution', ...fields } },
    });
    const ended = (fields: object) => ({
      type: 'event_msg',
      payload: { type: 'exec_command_end', call_id: 'c', ...fields },
    });
    const after = (event: object) => outcome('codex', [meta, asked(), event]);
    assert.deepEqual(after(done({ status: 'failed', exit_code: 7 })), ['error', 'exit_7']);
    assert.deepEqual(after(done({ status: 'declined' })), ['blocked', undefined]);
    assert.deepEqual(after(done({ status: 'odd' })), ['unknown', undefined]);
    assert.deepEqual(after(ended({ exit_code: 0, stdout: 'x' })), ['success', undefined]);
  });

  test('bear the name and arguments that its hooks report', () => {
    const [row] = calls('codex', [meta, asked({ arguments: '{"cmd":"ls","workdir":"/w"}' })]);
    assert.equal(row?.tool, 'Bash');
    assert.deepEqual(row?.arguments, { command: 'ls', workdir: '/w' });
    assert.equal(row?.attributes?.['cwd'], '/w');
  });
});

suite("Gemini's results", () => {
  const read = (call: object) => {
    const toolCalls = [{ id: 'c', name: 'run_shell_command', args: {}, ...call }];
    const message = { id: 'm', type: 'gemini', content: '', toolCalls };
    return outcome('gemini', [{ sessionId: 's', kind: 'main' }, message]);
  };
  const shell = (shown: string, output: string) => ({
    ...{ status: 'success', resultDisplay: shown },
    result: [{ functionResponse: { response: { output } } }],
  });

  test('take an exit code only where the output has ended', () => {
    const failed = 'Output: no such file\nExit Code: 1\nProcess Group PGID: 5';
    assert.deepEqual(read(shell('no such file', failed)), ['error', 'exit_1']);
    const forged = 'Output: hello\nExit Code: 1\nProcess Group PGID: 5';
    assert.deepEqual(read(shell('hello\nExit Code: 1', forged)), ['success', undefined]);
    assert.deepEqual(read(shell('other', forged)), ['unknown', undefined]);
    const fine = 'Output: hello\nProcess Group PGID: 5';
    assert.deepEqual(read(shell('hello', fine)), ['success', undefined]);
  });

  test("take no server's words for the runtime's", () => {
    const error = 'Tool execution blocked: by policy';
    const result = [{ functionResponse: { response: { error } } }];
    assert.deepEqual(read({ status: 'error', result }), ['blocked', 'hook']);
    const foreign = { name: 'mcp_evil_tool', status: 'error', result };
    assert.deepEqual(read(foreign), ['error', undefined]);
  });
});

suite('runs in chat format', () => {
  const ask = (id: unknown, name = 'f') => ({
    role: 'assistant',
    content: null,
    tool_calls: [{ id, type: 'function', function: { name, arguments: '{"a":1}' } }],
  });
  const answer = (tool_call_id: unknown, fields: object = {}) => ({
    ...{ role: 'tool', tool_call_id, content: 'Error: it says', ...fields },
  });
  const run = (...messages: readonly object[]) => calls('openai-chat', [{ messages }]);

  test('tell an outcome only where the format has a field for it', () => {
    const status = (fields: object) => run(ask('c'), answer('c', fields))[0];
    assert.equal(status({})?.status, 'unknown');
    assert.equal(status({ error: null })?.status, 'success');
    const failed = status({ error: 'ValueError: no' });
    assert.deepEqual([failed?.status, failed?.error?.message], ['error', 'ValueError: no']);
  });

  test('may use an id twice: each use is a call, answered in order', () => {
    const rows = run(
      ...[ask('c', 'one'), answer('c', { error: null, content: '1' })],
      ...[ask('c', 'two'), answer('c', { error: 'no', content: '2' })],
    );
    assert.deepEqual(
      rows.map(({ call_id, tool, status, result }) => [call_id, tool, status, result]),
      [
        ['c', 'one', 'success', '1'],
        ['c#2', 'two', 'error', '2'],
      ],
    );
  });

  test('may have calls without ids, and answers without calls', () => {
    const legacy = { role: 'assistant', function_call: { name: 'g', arguments: '{}' } };
    const [row] = run(legacy, { role: 'function', name: 'g', content: 'x', error: null });
    assert.deepEqual([row?.tool, row?.status], ['g', 'success']);
    const [lone] = run(answer('nobody', { name: 'h' }));
    assert.deepEqual([lone?.tool, lone?.call_id], ['h', 'nobody']);
    assert.equal(lone?.attributes?.['evidence'], 'result_without_request');
  });

  test('keep their order, a second a message, and say that no time is known', () => {
    const user = { role: 'user', content: 'hi' };
    const { events } = readAll('openai-chat', [{ messages: [user, ask('c'), answer('c')] }]);
    const times = events.map(({ time }) => Date.parse(time) / 1000);
    assert.deepEqual(
      times.map((time) => time - (times[0] ?? 0)),
      [0, 1, 2, 3, 4],
    );
    assert.ok(events.every(({ attributes }) => attributes?.['time_known'] === false));
  });

  test('may be a list of messages, or one message a record', () => {
    const messages = [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: 'ho' },
    ];
    const said = (records: readonly unknown[]) =>
      readAll('openai-chat', records)
        .events.filter(({ type }) => type !== 'session')
        .map(({ type, content }) => [type, content]);
    const told = [
      ['prompt', 'hi'],
      ['output', 'ho'],
    ];
    assert.deepEqual(said([messages]), told);
    assert.deepEqual(said(messages), told);
  });
});

suite("Gemini's results", () => {
  const read = (output: string) =>
    outcome('gemini', [
      { sessionId: 's' },
      {
        ...{ id: 'm', type: 'gemini', content: '' },
        toolCalls: [
          {
            ...{ id: 'c', name: 'run_shell_command', args: {}, status: 'success' },
            result: [{ functionResponse: { response: { output } } }],
          },
        ],
      },
    ]);

  test('of a shell are a success only where its output came back whole', () => {
    assert.deepEqual(read('Output: ok\nProcess Group PGID: 1'), ['success', undefined]);
    assert.deepEqual(read('Command moved to background (PID: 5).'), ['pending', undefined]);
    const late = 'Command was automatically cancelled because it exceeded the timeout';
    assert.deepEqual(read(late), ['error', 'timeout']);
    assert.deepEqual(read('A summary of what was printed.'), ['unknown', undefined]);
    assert.deepEqual(read(''), ['unknown', undefined]);
  });
});

test('a thread of Codex that was forked off another stays the session of its own file', () => {
  const head = (id: string) => ({ type: 'session_meta', payload: { id } });
  const said = { type: 'response_item', payload: { type: 'message', role: 'assistant' } };
  const { events } = readAll('codex', [head('new'), head('old'), said]);
  assert.deepEqual([...new Set(events.map(({ session_id }) => session_id))], ['new']);
});

test('runs of files with one name are told apart, and none hides another', () => {
  const run = (content: string) => [{ messages: [{ role: 'user', content }] }];
  const ids = (content: string, folder: string) =>
    readAll('openai-chat', run(content), { stem: 'messages', folder }).events;
  const [a, b] = [ids('one', 'run1'), ids('one', 'run2')];
  assert.notEqual(a[0]?.session_id, b[0]?.session_id);
  const prompt = (events: readonly Event[]) => events.find(({ type }) => type === 'prompt')?.id;
  assert.notEqual(prompt(ids('one', 'run')), prompt(ids('two', 'run')), 'of equal folders, too');
  assert.equal(prompt(ids('one', 'run')), prompt(ids('one', 'run')));
});
