import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { COMMAND_EVENTS, HTTP_EVENTS } from '../../src/adapter/claude-code/transport.ts';
import { type Received, startCollector } from './collector.ts';
import { labMissing, type Play, type Played, playSession } from './lab.ts';
import { type Replayed, replay, rowsOf } from './replay.ts';

const TOKEN = 'claw_live-test';

suite('the real Claude Code', { skip: labMissing() }, () => {
  test('a scripted session is recorded whole, under the ids of the model', async () => {
    const { played, received, events } = await collected({ prompt: 'Go on [[script:full]]' });
    assert.equal(played.code, 0);
    assert.ok(received.every(({ authorization }) => authorization === `Bearer ${TOKEN}`));
    for (const { body, captured_at } of received) {
      const events = captured_at === undefined ? HTTP_EVENTS : COMMAND_EVENTS;
      assert.ok(events.includes(String(body['hook_event_name'])));
    }
    const rows = rowsOf(events);
    const calls = rows.filter(({ type }) => type === 'tool_call');
    assert.deepEqual(new Set(calls.map(({ call_id }) => call_id)), played.tool_use_ids);
    assert.ok(calls.every(({ status }) => status !== 'pending' && status !== 'unknown'));
    assert.ok(calls.some(({ status }) => status === 'blocked'));
    assert.ok(calls.every(({ decision }) => decision?.by !== 'human'));
    assert.equal(rows[0]?.type, 'session');
    assert.equal(rows[1]?.content, 'Go on [[script:full]]');
    assert.equal(rows.at(-1)?.operation, 'end');
    assert.ok(rows.some(({ type, content }) => type === 'output' && content?.includes('42')));
    const below = rows.filter(({ parent_session_id }) => parent_session_id === played.session_id);
    assert.ok(below.some(({ type }) => type === 'tool_call'));
  });

  test('hooks by command alone record the same', async () => {
    const { played, received, events } = await collected({
      prompt: 'Go on [[script:one]]',
      transport: 'command',
    });
    assert.ok(received.every(({ captured_at }) => captured_at !== undefined));
    const calls = rowsOf(events).filter(({ type }) => type === 'tool_call');
    assert.deepEqual(new Set(calls.map(({ call_id }) => call_id)), played.tool_use_ids);
    assert.ok(calls.every(({ status }) => status === 'success'));
  });

  test('a dead server does not stop the session', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'claw-live-'));
    try {
      const server = 'http://127.0.0.1:1';
      const played = await playSession({ folder, server, token: TOKEN, prompt: '[[script:one]]' });
      assert.equal(played.code, 0);
      assert.equal(played.tool_use_ids.size, 1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

type Collected = Replayed & { readonly played: Played; readonly received: readonly Received[] };

async function collected(play: Pick<Play, 'prompt' | 'transport'>): Promise<Collected> {
  const folder = mkdtempSync(join(tmpdir(), 'claw-live-'));
  const claw = await startCollector();
  try {
    const played = await playSession({ ...play, folder, server: claw.url, token: TOKEN });
    const received = [...claw.received];
    return { played, received, ...replay(received.map(({ body }) => body)) };
  } finally {
    await claw.close();
    rmSync(folder, { recursive: true });
  }
}
