import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unseenBy } from '../../src/adapter/adapter.ts';
import { layered, rememberCalls } from '../../src/adapter/memory.ts';
import type { Draft } from '../../src/event/event.ts';

const fact = (call_id: string, fields: Partial<Draft> = {}): Draft => ({
  type: 'tool_call',
  session_id: 's',
  call_id,
  tool: 'Bash',
  arguments: { a: 1, b: 2 },
  status: 'pending',
  ...fields,
});

test('a call is asked, then answered, and stays answered', () => {
  const memory = rememberCalls(10);
  const calls = memory.of('t');
  assert.equal(calls.stateOf('s', 'c'), undefined);
  memory.note('t', fact('c'));
  assert.equal(calls.stateOf('s', 'c'), 'asked');
  memory.note('t', fact('c', { status: 'success' }));
  memory.note('t', fact('c'));
  assert.equal(calls.stateOf('s', 'c'), 'answered');
});

test('the last call asked with the same tool and arguments is found, in any order of keys', () => {
  const memory = rememberCalls(10);
  for (const id of ['c1', 'c2']) memory.note('t', fact(id));
  const found = () => memory.of('t').asked('s', 'Bash', { b: 2, a: 1 });
  assert.equal(found(), 'c2');
  memory.note('t', fact('c1', { status: 'error' }));
  assert.equal(found(), 'c2');
  memory.note('t', { ...fact('c2'), status: 'blocked' });
  assert.equal(found(), undefined);
});

test('an approval makes a call escalated until it is answered', () => {
  const memory = rememberCalls(10);
  memory.note('t', fact('c'));
  memory.note('t', fact('c', { type: 'approval', status: 'escalated' }));
  memory.note('t', fact('c'));
  assert.equal(memory.of('t').stateOf('s', 'c'), 'escalated');
  memory.note('t', fact('c', { status: 'success' }));
  assert.equal(memory.of('t').stateOf('s', 'c'), 'answered');
});

test('one tenant never learns of the calls of another', () => {
  const memory = rememberCalls(10);
  memory.note('a', fact('c'));
  assert.equal(memory.of('b').stateOf('s', 'c'), undefined);
  assert.equal(memory.of('b').asked('s', 'Bash', { a: 1, b: 2 }), undefined);
});

test('beyond its limit it forgets the call that was longest untouched', () => {
  const memory = rememberCalls(2);
  for (const id of ['c1', 'c2', 'c3']) memory.note('t', fact(id, { tool: id }));
  const states = ['c1', 'c2', 'c3'].map((id) => memory.of('t').stateOf('s', id));
  assert.deepEqual(states, [undefined, 'asked', 'asked']);
  assert.equal(memory.of('t').asked('s', 'c1', { a: 1, b: 2 }), undefined);
});

test('events that are no facts of a call are not remembered', () => {
  const memory = rememberCalls(2);
  memory.note('t', fact('c', { type: 'prompt' }));
  assert.equal(memory.of('t').stateOf('s', 'c'), undefined);
});

test('of calls alike, a witness without ids reports those next that it has not reported', () => {
  const memory = rememberCalls(10);
  const by = (kind: 'hook' | 'otel', call_id: string, fields: Partial<Draft> = {}) =>
    memory.note('t', fact(call_id, { source: { kind }, ...fields }));
  for (const id of ['c1', 'c2']) by('hook', id);
  for (const id of ['c1', 'c2']) by('hook', id, { status: 'success' });
  const asked = { session_id: 's', tool: 'Bash', arguments: { b: 2, a: 1 } };
  const next = () => unseenBy(memory.of('t'), asked, 'otel');
  assert.equal(next(), 'c1');
  by('otel', 'c1', { status: 'success' });
  assert.equal(next(), 'c2');
  by('otel', 'c2', { status: 'success' });
  assert.equal(next(), undefined);
  assert.equal(unseenBy(memory.of('t'), { ...asked, session_id: 'other' }, 'otel'), undefined);
});

test("a sub-agent's calls are known under the session that started it", () => {
  const memory = rememberCalls(10);
  memory.note('t', fact('c', { session_id: 's:a', parent_session_id: 's' }));
  assert.equal(memory.of('t').stateOf('s', 'c'), 'asked');
  assert.equal(memory.of('t').asked('s', 'Bash', { a: 1, b: 2 }), 'c');
});

test('what a batch says that is not recorded yet counts with what was recorded', () => {
  const [recorded, batch] = [rememberCalls(10), rememberCalls(10)];
  recorded.note('t', fact('c1', { source: { kind: 'hook' } }));
  const known = layered(recorded.of('t'), batch);
  assert.equal(known.stateOf('s', 'c1'), 'asked');
  batch.note('', fact('c1', { status: 'success', source: { kind: 'otel' } }));
  batch.note('', fact('c2', { source: { kind: 'otel' } }));
  assert.equal(known.stateOf('s', 'c1'), 'answered');
  assert.equal(known.asked('s', 'Bash', { a: 1, b: 2 }), 'c2');
  const seen = known.alike('s', 'Bash', { a: 1, b: 2 });
  assert.deepEqual(seen, [
    { call_id: 'c1', witnesses: new Set(['hook', 'otel']) },
    { call_id: 'c2', witnesses: new Set(['otel']) },
  ]);
  assert.equal(recorded.of('t').stateOf('s', 'c1'), 'asked', 'what was recorded stays as it is');
});

test('a call that witnesses name in two ways is known by both', () => {
  const memory = rememberCalls(10);
  memory.note(
    't',
    fact('c', { tool: 'tool_call', arguments: { id: 'web_fetch', args: { a: 1 } } }),
  );
  memory.note('t', fact('c', { tool: 'web_fetch', arguments: { a: 1 } }));
  const ids = (tool: string, args: unknown) =>
    memory
      .of('t')
      .alike('s', tool, args)
      .map(({ call_id }) => call_id);
  assert.deepEqual(ids('web_fetch', { a: 1 }), ['c']);
  assert.deepEqual(ids('tool_call', { id: 'web_fetch', args: { a: 1 } }), ['c']);
  for (let n = 0; n < 20; n++) memory.note('t', fact(`d${n}`));
  assert.deepEqual(ids('web_fetch', { a: 1 }), [], 'forgotten under both');
});
