/** Records of Claude Code as nobody would send them who means well. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { claudeCode, HOOK_EVENTS } from '../../src/adapter/claude-code/claude-code.ts';
import { canonicalBytes } from '../../src/event/canonical.ts';
import { Fault } from '../../src/fault/fault.ts';
import { EVERY_HOOK } from './every-hook.ts';
import { adaptOne, bash, hook } from './replay.ts';

suite('hostile records', () => {
  for (const bad of [undefined, null, 7, 'x', [], {}, { session_id: '' }, { session_id: 7 }]) {
    test(`${JSON.stringify(bad)} is refused by name`, () => {
      assert.throws(
        () => claudeCode.adapt(bad, { now_ms: 0 }),
        (error) => error instanceof Fault && error.code === 'event.invalid',
      );
    });
  }

  test('any record with a session becomes events that can be sealed', () => {
    const key = fc.constantFrom(...new Set(EVERY_HOOK.flatMap((one) => Object.keys(one))), 'x');
    const name = fc.constantFrom(...HOOK_EVENTS, 'Other');
    const fields = fc.dictionary(key, fc.oneof(fc.jsonValue(), fc.string()));
    fc.assert(
      fc.property(name, fields, (hook_event_name, rest) => {
        const events = adaptOne({ ...rest, session_id: 's', hook_event_name });
        if (hook_event_name !== 'PostToolBatch') assert.ok(events.length > 0);
        for (const event of events) canonicalBytes(event);
      }),
    );
  });

  test('arguments nested beyond the limit are kept as text', () => {
    let deep: unknown = 'bottom';
    for (let i = 0; i < 200; i++) deep = { deep };
    const [event] = adaptOne(hook('PreToolUse', { ...bash('t'), tool_input: deep }));
    assert.equal(event?.arguments, JSON.stringify(deep));
    canonicalBytes(event);
  });

  test('names longer than an event takes stay distinct', () => {
    const [a, b] = ['a', 'b'].map(
      (end) => adaptOne(hook('PreToolUse', bash('x'.repeat(600) + end)))[0],
    );
    assert.equal(a?.call_id?.length, 512);
    assert.notEqual(a?.call_id, b?.call_id);
  });

  test('a key named __proto__ is data', () => {
    const record = JSON.parse('{"session_id":"s","hook_event_name":"Setup","__proto__":{"a":1}}');
    assert.match(JSON.stringify(adaptOne(record)[0]?.raw), /"__proto__":\{"a":1\}/);
  });
});
