import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { opencode } from '../../src/adapter/opencode/opencode.ts';
import { adaptOne, replay, rowsOf } from './replay.ts';
import { busEvent, openHook } from './runtimes.ts';

const one = (record: unknown) => adaptOne(record, { adapter: opencode })[0];
const CALL = { tool: 'bash', callID: 'c1' };
const before = openHook('tool.execute.before', CALL, { args: { command: 'make' } });
const after = (output: object | undefined, tool = 'bash') => ({
  ...openHook('tool.execute.after', { ...CALL, tool, args: { command: 'make' } }),
  output,
});
const part = (fields: object) =>
  busEvent('message.part.updated', { part: { id: 'p1', messageID: 'm1', ...fields } });
const state = (fields: object) => part({ type: 'tool', ...CALL, state: fields });

suite('the outcome of a call of OpenCode', () => {
  test('of a command is its exit code, not what it printed', () => {
    const ended = (exit: unknown) => one(after({ output: 'exit 0', metadata: { exit } }));
    assert.equal(ended(0)?.status, 'success');
    assert.deepEqual(ended(2)?.error, { code: 'exit_2' });
    for (const cut of [null, undefined, '0']) assert.equal(ended(cut)?.status, 'unknown');
    assert.equal(one(after({ output: 'x', metadata: { exit: 5 } }, 'srv_tool'))?.status, 'success');
    assert.equal(one(after({ content: [], isError: true }, 'srv_tool'))?.status, 'error');
    assert.equal(one(after(undefined, 'task'))?.status, 'unknown');
  });

  const denials: readonly (readonly [string, string, string | undefined])[] = [
    ['The user rejected permission to use this specific tool call.', 'blocked', undefined],
    [
      'The user rejected permission to use this specific tool call with the following feedback: no',
      'blocked',
      'human',
    ],
    [
      'The user has specified a rule which prevents you from using this specific tool call. []',
      'blocked',
      'config',
    ],
    ['x: The user rejected permission to use this specific tool call.', 'error', undefined],
    ['blocked by audit policy', 'error', undefined],
  ];
  for (const [error, status, by] of denials) {
    test(`is ${status} by ${by ?? 'nobody named'}: ${error.slice(0, 90)}`, () => {
      const records = [before, state({ status: 'error', input: { command: 'make' }, error })];
      const row = rowsOf(replay(records, opencode).events)[0];
      assert.equal(row?.status, status);
      assert.equal(row?.decision?.by, by);
      assert.equal(row?.decision?.reason ?? row?.error?.message, error);
    });
  }

  test('is told once, by the last state where no hook told it', () => {
    const done = state({ status: 'completed', output: 'ok', metadata: { exit: 0 } });
    const records = [before, state({ status: 'pending' }), state({ status: 'running' }), done];
    const lost = replay(records, opencode);
    assert.deepEqual(
      lost.events.map(({ status }) => status),
      ['pending', 'success'],
    );
    const told = replay([before, after({ metadata: { exit: 0 } }), done], opencode);
    assert.deepEqual(told.skipped, ['tool.execute.after told the result']);
  });
});

suite('a record of OpenCode', () => {
  test('of a streamed text becomes one output when the text is complete', () => {
    const text = (words: string, end?: number) =>
      part({ type: 'text', text: words, time: { start: 1, ...(end ? { end } : {}) } });
    const records = [text(''), text('a'), text('all', 2), text('all', 2)];
    const { events, skipped } = replay(records, opencode);
    assert.equal(skipped.length, 2);
    assert.deepEqual(
      rowsOf(events).map(({ content }) => content),
      ['all'],
    );
    const prompt = part({ type: 'text', text: 'a prompt' });
    assert.equal(replay([prompt], opencode).events.length, 0);
  });

  test('of approval is joined with its call, and its reply says who never', () => {
    const asking = { id: 'per_1', permission: 'bash', patterns: ['x'], tool: { callID: 'c1' } };
    const records = [before, busEvent('permission.asked', asking)];
    const [row] = rowsOf(replay(records, opencode).events);
    assert.deepEqual([row?.type, row?.status], ['tool_call', 'escalated']);
    const reply = (word: string) =>
      one(busEvent('permission.replied', { requestID: 'per_1', reply: word }));
    assert.deepEqual([reply('always')?.status, reply('reject')?.status], ['success', 'blocked']);
    assert.equal(reply('reject')?.decision?.by, undefined);
    assert.deepEqual([reply('?')?.status, reply('?')?.decision?.outcome], ['unknown', undefined]);
  });

  test('of a sub-agent’s session names the session above', () => {
    const info = { id: 'ses_2', parentID: 'ses_1', agent: 'general', version: '1.18.33' };
    const event = one(busEvent('session.created', { sessionID: 'ses_2', info }));
    assert.deepEqual([event?.session_id, event?.parent_session_id], ['ses_2', 'ses_1']);
    assert.equal(event?.source?.version, '1.18.33');
  });

  test('of a message counts its tokens once, and names its error', () => {
    const info = { id: 'm1', role: 'assistant', modelID: 'm', tokens: { input: 3, output: 4 } };
    const done = busEvent('message.updated', { info: { ...info, time: { completed: 5 } } });
    const { events, skipped } = replay(
      [busEvent('message.updated', { info }), done, { ...done, at: 1_795_000_000_009 }],
      opencode,
    );
    assert.equal(skipped.length, 1);
    assert.deepEqual(
      rowsOf(events).map(({ tokens }) => tokens),
      [{ input: 3, output: 4 }],
    );
    const error = { name: 'APIError', data: { message: 'no key', statusCode: 401 } };
    const failed = one(busEvent('message.updated', { info: { ...info, error } }));
    assert.deepEqual(failed?.error, { code: 'APIError', message: 'no key' });
    assert.match(JSON.stringify(failed?.raw), /401/);
  });

  test('that belongs to no session, or is noise, says so', () => {
    const told = (record: unknown) => replay([record], opencode).skipped[0];
    assert.match(
      told({ hook: 'event', event: { type: 'new.kind', properties: {} } }) ?? '',
      /no session/,
    );
    assert.match(told(busEvent('lsp.updated', {})) ?? '', /no act of the agent/);
    assert.match(told(busEvent('session.next.text.delta', {})) ?? '', /told by/);
    assert.match(one(busEvent('session.new_kind', {}))?.detail ?? '', /does not know/);
  });

  test('that reports a loss is a gap', () => {
    const event = one({ hook: 'claw.dropped', count: 4, from: 1000, to: 2000 });
    assert.equal(event?.type, 'gap');
    assert.equal(event?.session_id, 'opencode:plugin');
    assert.equal(event?.attributes?.['dropped'], 4);
    assert.equal(event?.time, '1970-01-01T00:00:02.000Z');
  });

  test('that reports a loss without a time is not taken for the one before', () => {
    const ids = [1, 2].map((now_ms) => {
      const adapted = opencode.adapt({ hook: 'claw.dropped', count: 4 }, { now_ms });
      return 'drafts' in adapted ? adapted.drafts[0]?.id : undefined;
    });
    assert.notEqual(ids[0], ids[1]);
  });

  test('does not take what another event is about for its session', () => {
    const event = { type: 'later.kind', properties: { info: { id: 'p' } } };
    const adapted = opencode.adapt({ hook: 'event', event }, { now_ms: 1 });
    assert.deepEqual(adapted, { skipped: 'it belongs to no session' });
  });
});
