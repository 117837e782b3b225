import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Event } from '../../src/event/event.ts';
import { hashOf } from '../../src/search/rollback/image.ts';
import { REASONS } from '../../src/search/rollback/left.ts';
import { type Deed, planRollback, type Step } from '../../src/search/rollback/plan.ts';
import { advice } from '../../src/search/rollback/word.ts';

let count = 0;

function deed(facts: Partial<Event>): Deed {
  const index = ++count;
  const at = new Date(1_800_000_000_000 + index).toISOString();
  return {
    id: `event-${index}`,
    ...{ time: at, recorded_at: at, type: 'tool_call', tenant_id: 'default', session_id: 's' },
    ...{ call_id: `call-${index}`, index, status: 'success', action: 'write' },
    attributes: { cwd: '/work' },
    ...facts,
  };
}

function plan(deeds: readonly Deed[], existed: readonly string[] = []): readonly Step[] {
  return planRollback({ deeds, existed: new Set(existed) });
}

function told(steps: readonly Step[]) {
  return steps.map(({ kind, path, reason }) => [kind, path, ...(reason ? [reason] : [])]);
}

const sha = (text: string) => hashOf(Buffer.from(text));
const patch = (...lines: string[]) =>
  deed({
    tool: 'apply_patch',
    arguments: { command: ['*** Begin Patch', ...lines, '*** End Patch', ''].join('\n') },
    result: 'Exit code: 0\nSuccess.',
  });

test('Codex: a patched file that the session made is known through every patch', () => {
  const steps = plan([
    patch('*** Add File: new.txt', '+line one', '+line two'),
    patch('*** Update File: new.txt', '@@', ' line one', '-line two', '+line 2'),
    patch('*** Update File: new.txt', '*** Move to: moved.txt', '@@', '-line 2', '+line III'),
    patch('*** Update File: old.txt', '@@', '-a', '+b'),
    patch('*** Delete File: gone.txt'),
  ]);
  assert.deepEqual(told(steps), [
    ['manual', '/work/gone.txt', 'no_preimage'],
    ['manual', '/work/old.txt', 'no_preimage'],
    ['delete', '/work/moved.txt'],
  ]);
  const left = 'line one\nline III\n';
  assert.deepEqual(steps[2]?.expect, { sha256: sha(left), bytes: left.length });
});

test('Gemini: the record holds the file before and after', () => {
  const call = (name: string, originalContent: string, newContent: string, isNewFile = false) =>
    deed({
      tool: 'replace',
      arguments: { file_path: name },
      result: { returnDisplay: { filePath: name, originalContent, newContent, isNewFile } },
    });
  const steps = plan([
    call('/work/a', '', 'one\n', true),
    call('/work/b', 'one\n', 'two\n'),
    call('/work/b', 'two\n', 'three\n'),
  ]);
  assert.deepEqual(told(steps), [
    ['restore', '/work/b'],
    ['delete', '/work/a'],
  ]);
  assert.equal(steps[0]?.content, 'one\n');
});

test('OpenCode and OpenClaw: what the session made is known, what was there before is not', () => {
  const steps = plan([
    deed({
      tool: 'write',
      arguments: { filePath: '/work/a', content: 'one\ntwo\n' },
      result: { metadata: { exists: false } },
    }),
    deed({ tool: 'edit', arguments: { filePath: 'a', oldString: 'two', newString: '2' } }),
    deed({
      tool: 'write',
      arguments: { path: '/work/b', content: 'one\n' },
      result: { details: { created: true } },
    }),
    deed({
      tool: 'edit',
      arguments: { path: '/work/b', edits: [{ oldText: 'one', newText: '1' }] },
    }),
    deed({ tool: 'write', arguments: { filePath: '/work/c', content: 'x' }, result: {} }),
  ]);
  assert.deepEqual(told(steps), [
    ['manual', '/work/c', 'no_preimage'],
    ['delete', '/work/b'],
    ['delete', '/work/a'],
  ]);
  assert.deepEqual(steps[2]?.expect, { sha256: sha('one\n2\n'), bytes: 6 });
  assert.deepEqual(steps[1]?.expect, { sha256: sha('1\n'), bytes: 2 });
});

const edit = (originalFile: string | null, from: string, to: string, more: object = {}) =>
  deed({
    tool: 'Edit',
    arguments: { file_path: '/work/f', old_string: from, new_string: to },
    result: { filePath: '/work/f', oldString: from, newString: to, originalFile, ...more },
  });

test('a chain that something else broke is for a person, and says at which call', () => {
  const first = edit('one', 'one', 'ONE');
  const second = edit('ONE and more', 'and', 'or');
  const steps = plan([first, second]);
  assert.deepEqual(told(steps), [['manual', '/work/f', 'chain_broken']]);
  assert.equal(steps[0]?.event_id, second.id);
});

test('what did not happen, or was not seen to, is not undone as if it had', () => {
  const steps = plan([
    edit('one', 'one', 'ONE'),
    { ...edit('x', 'x', 'y'), status: 'error' },
    { ...edit('x', 'x', 'y'), status: 'blocked' },
    { ...edit('x', 'x', 'y'), status: 'unknown' },
  ]);
  assert.deepEqual(told(steps), [
    ['manual', undefined, 'unseen'],
    ['restore', '/work/f'],
  ]);
});

test('an empty file that was read before is restored empty, and else was not there', () => {
  const write = deed({
    tool: 'Write',
    arguments: { file_path: '/work/f', content: 'x' },
    result: { type: 'create', filePath: '/work/f', content: 'x', originalFile: null },
  });
  assert.deepEqual(told(plan([write])), [['delete', '/work/f']]);
  assert.deepEqual(told(plan([write], ['/work/f'])), [['restore', '/work/f']]);
});

test('a user who changed the proposal is believed: the patch says what was written', () => {
  const structuredPatch = [
    { oldStart: 1, oldLines: 1, newStart: 1, newLines: 1, lines: ['-one', '+mine'] },
  ];
  const steps = plan([edit('one\n', 'one', 'ONE', { structuredPatch, userModified: true })]);
  assert.deepEqual(steps[0]?.expect, { sha256: sha('mine\n'), bytes: 5 });
  const blind = plan([edit('one\n', 'one', 'ONE', { userModified: true })]);
  assert.deepEqual(told(blind), [['manual', '/work/f', 'unknown_left']]);
});

test('text that cannot be what the file held is not written back', () => {
  assert.deepEqual(told(plan([edit('caf\ufffd one', 'one', 'ONE')])), [
    ['manual', '/work/f', 'not_text'],
  ]);
  assert.deepEqual(told(plan([edit('\ud800 one', 'one', 'ONE')])), [
    ['manual', '/work/f', 'not_text'],
  ]);
});

test('a snapshot outweighs text: line endings that a runtime made one are restored', () => {
  const crlf = 'one\r\ntwo\r\n';
  const snapshot = { path: '/work/f', sha256: sha(crlf), bytes: crlf.length, mode: 0o640 };
  const attributes = { cwd: '/work', preimages: [snapshot] };
  const steps = plan([{ ...edit('one\ntwo\n', 'two', '2'), attributes }]);
  assert.equal(steps[0]?.content, crlf);
  assert.equal(steps[0]?.exact, true);
  const forged = { ...snapshot, content: 'something else' };
  const lying = plan([
    { ...edit('x', 'x', 'y'), attributes: { cwd: '/work', preimages: [forged] } },
  ]);
  assert.deepEqual(told(lying), [['manual', '/work/f', 'no_content']]);
});

test('calls that no file undoes are told; those that change nothing are not', () => {
  const shell = (command: string, facts: Partial<Event> = {}) =>
    deed({ tool: 'Bash', action: 'execute', arguments: { command }, ...facts });
  const command = { kind: 'command', id: 'ls', access: 'execute' } as const;
  const directory = { kind: 'directory', id: '/work', access: 'read' } as const;
  const steps = plan([
    shell('ls', { resources: [command, directory] }),
    shell('make', { resources: [command], attributes: { effects_inferred: { confidence: 0.5 } } }),
    deed({ tool: 'WebFetch', action: 'network' }),
    deed({ tool: 'Read', action: 'read' }),
    deed({ tool: 'send_email', action: 'communicate', arguments: { to: 'a@example.com' } }),
    deed({ type: 'api_call', action: 'network', method: 'GET' }),
    deed({ type: 'api_call', action: 'network', method: 'POST', model: 'm' }),
    deed({ type: 'api_call', action: 'network', method: 'DELETE' }),
    deed({ tool: 'rollback', action: 'delete', arguments: { path: '/etc' } }),
  ]);
  assert.deepEqual(
    steps.map(({ reason }) => reason),
    ['delete', 'request', 'message', 'command'],
  );
  const { call } = steps.find(({ reason }) => reason === 'message') ?? {};
  assert.deepEqual(call, { arguments: { to: 'a@example.com' } });
});

test('every reason is said in both languages, on one line that is safe to print', () => {
  for (const reason of REASONS) {
    const step = { reason, tool: 'T\u001b[31m', path: `/a\n\u202eb${'x'.repeat(9000)}` };
    const [en, ja] = [advice(step, 'en'), advice(step, 'ja')];
    assert.notEqual(en, ja);
    for (const text of [en, ja]) {
      assert.doesNotMatch(text, /[\p{Cc}\u202e]/u);
      assert.ok(text.length < 1000);
    }
  }
});

test('whatever a record holds, a plan is made and names no path that is not absolute', () => {
  const path = fc.oneof(
    fc.constantFrom('/work/a', 'a', '../../etc/passwd', '/a/\0', '', '~/x', 'C:\\x', '//x', '.'),
    fc.string(),
  );
  const value = fc.oneof(fc.string(), fc.constantFrom(null, true, 7, '', 'two'), fc.jsonValue());
  const keys = [
    ...['file_path', 'filePath', 'path', 'content', 'old_string', 'new_string', 'oldString'],
    ...['newString', 'edits', 'originalFile', 'structuredPatch', 'returnDisplay', 'command'],
    ...['original_file', 'updated_file', 'notebook_path', 'metadata', 'details', '__proto__'],
  ];
  const fields = fc.dictionary(fc.constantFrom(...keys), fc.oneof(path, value));
  const tools = ['Write', 'Edit', 'NotebookEdit', 'write_file', 'write', 'edit', 'apply_patch'];
  const record = fc.record({
    tool: fc.constantFrom(...tools, 'other'),
    arguments: fc.oneof(fields, value),
    result: fc.oneof(fields, value),
    attributes: fc.record({
      cwd: fc.oneof(fc.constant('/work'), value),
      preimages: fc.oneof(value, fc.array(fc.record({ path, sha256: value, absent: value }))),
    }),
  });
  const property = fc.property(fc.array(record, { maxLength: 6 }), (records) => {
    for (const step of plan(records.map((one) => deed(one as Partial<Event>)))) {
      if (step.path === undefined) continue;
      assert.match(step.path, /^(\/|[A-Za-z]:[\\/])/);
      assert.ok(!step.path.includes('\0') && !step.path.split('/').includes('..'));
    }
  });
  fc.assert(property, { numRuns: 2000 });
});
