/** Calls that Claw's own plugins held back, as the trail tells them. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Adapter } from '../../src/adapter/adapter.ts';
import { openclaw } from '../../src/adapter/openclaw/openclaw.ts';
import { opencode } from '../../src/adapter/opencode/opencode.ts';
import { replay, rowsOf } from './replay.ts';

const event = { toolName: 'exec', params: { command: 'ls' }, toolCallId: 'c1' };
const ctx = { sessionId: 's' };
const input = { tool: 'bash', sessionID: 's', callID: 'c1' };
const output = { args: { command: 'ls' } };
const details = { status: 'blocked', deniedReason: 'plugin-before-tool-call' };
const part = {
  ...{ type: 'tool', callID: 'c1', sessionID: 's', tool: 'bash' },
  state: { status: 'error', input: output.args, error: 'no' },
};

const CASES: readonly {
  readonly adapter: Adapter;
  readonly asked: object;
  /** What the runtime itself tells of the call that was held back. */
  readonly after: object;
}[] = [
  {
    adapter: openclaw,
    asked: { hook: 'before_tool_call', event, ctx, at: 1_000_000 },
    after: {
      ...{ hook: 'after_tool_call', ctx, at: 3_000_000 },
      event: { ...event, error: 'no', result: { content: [], details } },
    },
  },
  {
    adapter: opencode,
    asked: { hook: 'tool.execute.before', input, output, at: 1_000_000 },
    after: {
      ...{ hook: 'event', at: 3_000_000 },
      event: { type: 'message.part.updated', properties: { part } },
    },
  },
];

for (const { adapter, asked, after } of CASES) {
  suite(`a call that the plugin of ${adapter.runtime} held back`, () => {
    const { hook, ...call } = asked as { readonly hook: string };
    const held = { ...call, hook: 'claw.blocked', of: hook, reason: 'Claw cannot be reached.' };
    const decided = { outcome: 'deny', by: 'config', reason: 'Claw cannot be reached.' };

    test('is one row, blocked, with the reason', () => {
      const { events } = replay([asked, held], adapter);
      const [row, ...others] = rowsOf(events);
      assert.deepEqual(others, []);
      assert.equal(row?.status, 'blocked');
      assert.deepEqual(row?.decision, decided);
      assert.deepEqual(row?.arguments, { command: 'ls' });
    });

    test('keeps that decision when the runtime tells of it in its own words', () => {
      const { events } = replay([asked, held, { ...after, claw: 'blocked' }], adapter);
      const [row] = rowsOf(events);
      assert.equal(row?.status, 'blocked');
      assert.deepEqual(row?.decision, decided);
      assert.equal(row?.error, undefined);
      assert.equal(row?.attributes?.['blocked_by'], 'claw');
    });

    test('is no one else’s: without the plugin’s word the runtime’s own counts', () => {
      for (const claw of [undefined, true, 'yes', { blocked: true }]) {
        const [row] = rowsOf(replay([asked, { ...after, claw }], adapter).events);
        assert.equal(row?.attributes?.['blocked_by'], undefined);
        assert.notDeepEqual(row?.decision, decided);
      }
    });

    test('asks by the hook before the call alone', () => {
      assert.equal(adapter.gate?.asks(asked), true);
      for (const other of [held, after, {}, null, 'x', [asked], Object.create(asked)]) {
        assert.equal(adapter.gate?.asks(other), false);
      }
    });
  });
}
