/** Calls that wait for their result: for how long, and how often they are looked at. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { callKey } from '../../src/engine/fold.ts';
import { openCalls } from '../../src/engine/sqlite/calls.ts';
import { settle } from '../../src/engine/sqlite/settle.ts';
import { createVolume } from '../../src/engine/sqlite/volume.ts';
import type { Event } from '../../src/event/event.ts';
import { CALL_TIMEOUT_MS, eventOf, NOW_MS } from './generate.ts';
import { folder, KEY, open } from './ground.ts';
import { record } from './suite.ts';

const CALL = { type: 'tool_call', session_id: 's', call_id: 'c', status: 'pending' };

it('an old call goes on waiting for its result when the engine is opened again', async (t) => {
  const dir = folder(t);
  const records = [
    record(0, CALL, NOW_MS - 2 * CALL_TIMEOUT_MS),
    record(1, { type: 'prompt', session_id: 'other' }),
  ];
  const engine = await open(t, records, { dir });
  await engine.apply(records.slice(0, 1));
  assert.equal((await engine.status()).open_calls, 1);
  await engine.close();
  const again = await open(t, records, { dir });
  await again.apply(records.slice(1));
  assert.equal((await again.status()).open_calls, 1);
});

it('a call of a clock that is ahead is looked at once a time-out, not with each batch', (t) => {
  const place = { dir: folder(t), key: KEY };
  const home = createVolume(place, { base: 0, first: 0, facts: 1000 });
  t.after(() => home.close());
  const event = eventOf('acme', 0, { at: NOW_MS + 10 * CALL_TIMEOUT_MS, draft: CALL }) as Event;
  const fact = { event, seq: 0, index: 0, tenant: 'acme', bytes: Buffer.alloc(1) };
  const calls = openCalls([], NOW_MS);
  calls.put({ key: callKey(event) ?? '', home, facts: [fact], kept: [0], seen_ms: NOW_MS });
  const settling = { calls, volumes: [home], call_timeout_ms: CALL_TIMEOUT_MS };
  const looked = [0, 1, 2, CALL_TIMEOUT_MS + 2].map((later) => {
    const now_ms = NOW_MS + CALL_TIMEOUT_MS + 1 + later;
    const { open: waiting } = settle([], { ...settling, now_ms });
    for (const group of waiting) calls.put(group);
    return waiting.length;
  });
  assert.deepEqual(looked, [1, 0, 0, 1]);
});
