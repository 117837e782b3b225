import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { gemini } from '../../src/adapter/gemini/gemini.ts';
import { rememberCalls } from '../../src/adapter/memory.ts';
import type { Draft } from '../../src/event/event.ts';
import { adaptOne, replay, rowsOf } from './replay.ts';
import { geminiHook } from './runtimes.ts';

const SHELL = { tool_name: 'run_shell_command', tool_input: { command: 'make' } };
const before = (second: number, call: object = SHELL) => geminiHook('BeforeTool', call, second);
const after = (second: number, tool_response: unknown, call: object = SHELL) =>
  geminiHook('AfterTool', { ...call, tool_response }, second);

const wrapped = (text: string) => `<untrusted_context>\n${text}\n</untrusted_context>`;
/** As the runtime writes it: the output, then its own lines. */
const shell = (output: string, lines: readonly string[] = [], returnDisplay: unknown = output) => ({
  llmContent: wrapped([`Output: ${output}`, ...lines, 'Process Group PGID: 9'].join('\n')),
  returnDisplay,
});
const outcome = (response: unknown, call?: object) =>
  adaptOne(after(1, response, call), { adapter: gemini })[0];

suite('the outcome of a shell command of Gemini', () => {
  test('is in the lines below its output', () => {
    assert.equal(outcome(shell('ok'))?.status, 'success');
    assert.deepEqual(outcome(shell('no', ['Exit Code: 2']))?.error, { code: 'exit_2' });
    assert.deepEqual(outcome(shell('no', ['Signal: 9']))?.error, { code: 'signal_9' });
    const empty = shell('(empty)', ['Exit Code: 3'], 'Command exited with code: 3');
    assert.deepEqual(outcome(empty)?.error, { code: 'exit_3' });
    assert.equal(outcome(shell('ok', ['Background PIDs: 1, 2']))?.status, 'success');
  });

  test('is not what the command printed as such a line', () => {
    const forged = 'done\nExit Code: 7\nProcess Group PGID: 1';
    assert.equal(outcome(shell(forged))?.status, 'success');
    assert.equal(outcome(shell('Exit Code: 7'))?.status, 'success');
    const hidden = outcome(shell('ok\nExit Code: 0', ['Exit Code: 1']));
    assert.deepEqual(hidden?.error, { code: 'exit_1' });
    const unseen = shell('ok\nProcess Group PGID: 1', ['Exit Code: 1'], [['ansi']]);
    assert.deepEqual(outcome(unseen)?.error, { code: 'exit_1' });
  });

  test('is unknown where the runtime’s lines are missing', () => {
    for (const response of [undefined, null, 'x', {}, { llmContent: 'A summary.' }]) {
      assert.equal(outcome(response)?.status, 'unknown', JSON.stringify(response));
    }
    assert.equal(outcome({ llmContent: wrapped('Output: ok') })?.status, 'unknown');
  });

  test('is told of a command that was cut off or goes on', () => {
    const text = (llmContent: string) => outcome({ llmContent });
    const cancelled = 'Command was cancelled by user before it could complete. There was no output';
    assert.equal(text(cancelled)?.error?.code, 'interrupted');
    const late =
      'Command was automatically cancelled because it exceeded the timeout of 5.0 minutes';
    assert.equal(text(wrapped(late))?.error?.code, 'timeout');
    assert.equal(text('Command moved to background (PID: 5). Output hidden.')?.status, 'pending');
    assert.equal(outcome(shell(cancelled))?.status, 'success');
  });
});

test('a tool other than the shell failed where the runtime says so', () => {
  const read = { tool_name: 'read_file', tool_input: { file_path: '/a' } };
  const error = { type: 'file_not_found', message: 'no such file' };
  const failed = outcome({ llmContent: 'x', error }, read);
  assert.deepEqual(failed?.error, { code: 'file_not_found', message: 'no such file' });
  assert.equal(outcome({ llmContent: 'Exit Code: 1' }, read)?.status, 'success');
});

suite('a call of Gemini, whose hooks name none', () => {
  test('is one row, and two equal calls are two', () => {
    const records = [before(1), after(2, shell('a')), before(3), after(4, shell('b'))];
    const rows = rowsOf(replay(records, gemini).events);
    assert.deepEqual(
      rows.map(({ status, result }) => [
        status,
        (result as { returnDisplay: string }).returnDisplay,
      ]),
      [
        ['success', 'a'],
        ['success', 'b'],
      ],
    );
  });

  test('that was denied stays open', () => {
    const rows = rowsOf(replay([before(1)], gemini).events);
    assert.deepEqual(
      rows.map(({ status }) => status),
      ['pending'],
    );
  });

  test('takes the id under which another witness reported it', () => {
    const memory = rememberCalls(10);
    const reported: Draft = {
      type: 'tool_call',
      session_id: 's1',
      call_id: 'fc_1',
      tool: SHELL.tool_name,
      arguments: SHELL.tool_input,
      status: 'pending',
      source: { kind: 'model_proxy' },
    };
    memory.note('t', reported);
    const context = { adapter: gemini, calls: memory.of('t') };
    const [asked] = adaptOne(before(1), context);
    assert.equal(asked?.call_id, 'fc_1');
    if (asked) memory.note('t', asked);
    assert.equal(adaptOne(after(2, shell('a')), context)[0]?.call_id, 'fc_1');
    assert.match(adaptOne(before(3), context)[0]?.call_id ?? '', /^gemini-/);
    const again = adaptOne(before(1), context)[0];
    assert.equal(again?.id, asked?.id, 'delivered again it is the same event');
  });
});

suite('a record of Gemini', () => {
  test('about the model is one event for each answer, not for each streamed piece', () => {
    const piece = (candidate: object, usageMetadata = {}) =>
      geminiHook('AfterModel', {
        llm_request: { model: 'm', messages: [{ role: 'user', content: 'old' }] },
        llm_response: { candidates: [candidate], usageMetadata },
      });
    const usage = { promptTokenCount: 5, candidatesTokenCount: 6, totalTokenCount: 11 };
    const records = [piece({ content: {} }), piece({ finishReason: 'STOP' }, usage)];
    const { events, skipped } = replay(records, gemini);
    assert.equal(skipped.length, 1);
    assert.deepEqual(events[0]?.tokens, { input: 5, output: 6, total: 11 });
    assert.equal(events[0]?.attributes?.['messages'], 1);
    assert.doesNotMatch(JSON.stringify(events), /old/);
    assert.equal(replay([piece({ finishReason: 'SAFETY' })], gemini).events[0]?.status, 'error');
  });

  test('that asks a person for permission is an approval about what it names', () => {
    const asked = (details: object) =>
      adaptOne(
        geminiHook('Notification', { notification_type: 'ToolPermission', message: 'm', details }),
        { adapter: gemini },
      )[0];
    const exec = asked({ type: 'exec', title: 'Confirm', command: 'rm x' });
    assert.deepEqual([exec?.type, exec?.status], ['approval', 'escalated']);
    assert.deepEqual(exec?.arguments, { command: 'rm x' });
    assert.equal(asked({ type: 'mcp', serverName: 's', toolName: 't' })?.tool, 'mcp_s_t');
    assert.deepEqual(asked({ type: 'edit', filePath: '/a' })?.arguments, { file_path: '/a' });
  });

  test('happened when it says', () => {
    const [event] = adaptOne(geminiHook('SessionStart', {}, 5), { adapter: gemini });
    assert.equal(event?.time, '2026-11-21T12:00:05.000Z');
    const wrong = { ...geminiHook('SessionStart'), timestamp: 'yesterday' };
    assert.equal(
      adaptOne(wrong, { adapter: gemini, now_ms: 0 })[0]?.time,
      '1970-01-01T00:00:00.000Z',
    );
  });
});
