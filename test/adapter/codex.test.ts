import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { codex } from '../../src/adapter/codex/codex.ts';
import { adaptOne, replay, rowsOf } from './replay.ts';
import { codexHook } from './runtimes.ts';

const one = (record: unknown) => adaptOne(record, { adapter: codex })[0];
const call = (tool_name: string, tool_use_id = 'c1') => ({
  tool_name,
  tool_use_id,
  tool_input: { command: 'ls' },
});
const after = (tool_name: string, tool_response: unknown) =>
  one(codexHook('PostToolUse', { ...call(tool_name), tool_response }));

const HEAD = 'Chunk ID: be05b9\nWall time: 0.0000 seconds\nProcess exited with code 0\n';

suite('the outcome of a call of Codex', () => {
  test('is unknown for a command, whatever its output says of exit codes', () => {
    for (const text of ['', 'ok\n', `${HEAD}Output:\nok`, 'Exit code: 1\nWall time: 0 seconds\n']) {
      assert.equal(after('Bash', text)?.status, 'unknown', text);
      assert.equal(after('write_stdin', text)?.status, 'unknown', text);
    }
    assert.equal(after('Bash', { output: 'ok', exit_code: 1 })?.status, 'unknown');
  });

  test('of a patch is in the head that the runtime writes, and nowhere else', () => {
    const text = (exit: number) => `Exit code: ${exit}\nWall time: 0.1 seconds\nOutput:\nok`;
    assert.equal(after('apply_patch', text(0))?.status, 'success');
    assert.deepEqual(after('apply_patch', text(3))?.error, { code: 'exit_3' });
    assert.equal(after('apply_patch', `x\n${text(0)}`)?.status, 'unknown');
    assert.equal(after('apply_patch', `Output:\n${text(0)}`)?.status, 'unknown');
    assert.equal(
      after('apply_patch', `${HEAD}Original token count: 5\nOutput:\n`)?.status,
      'success',
    );
    assert.equal(after('apply_patch', 7)?.status, 'unknown');
  });

  test('of an MCP server is what the server says', () => {
    assert.equal(after('mcp__s__t', { content: [] })?.status, 'success');
    assert.equal(after('mcp__s__t', { content: [], isError: true })?.status, 'error');
  });
});

suite('a record of Codex', () => {
  test('that asks for approval is joined with the last call that asked the same', () => {
    const { tool_use_id: _, ...asking } = call('Bash');
    const why = { command: 'ls', description: 'to look around' };
    const records = [
      codexHook('PreToolUse', call('Bash')),
      codexHook('PermissionRequest', { ...asking, tool_input: why }),
    ];
    const { events } = replay(records, codex);
    assert.equal(events[1]?.type, 'approval');
    assert.equal(events[1]?.call_id, 'c1');
    assert.equal(rowsOf(events).length, 1);
    assert.equal(one(records[1])?.call_id, undefined);
  });

  test('of a sub-agent belongs to a session below, whose end is not its parent’s', () => {
    const sub = { agent_id: 'a1', agent_type: 'explorer' };
    const stop = codexHook('SubagentStop', { ...sub, last_assistant_message: 'done' });
    const [said, end] = adaptOne(stop, { adapter: codex });
    assert.deepEqual([said?.type, said?.content], ['output', 'done']);
    assert.deepEqual([end?.operation, end?.session_id], ['end', 's1:a1']);
    assert.equal(end?.parent_session_id, 's1');
    assert.deepEqual(end?.agent, { runtime: 'codex', id: 'a1', name: 'explorer' });
  });

  test('bears turn, model and folder', () => {
    const event = one(codexHook('UserPromptSubmit', { prompt: 'Hi' }));
    assert.deepEqual([event?.content, event?.turn_id, event?.model], ['Hi', 'u1', 'gpt-5.5']);
    assert.equal(event?.attributes?.['cwd'], '/p');
  });
});
