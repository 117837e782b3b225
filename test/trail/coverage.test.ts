/** Coverage over a real trail: what nobody saw is found when a session ends, and recorded once. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Trail } from '../../src/trail/trail.ts';
import { ACME, newPlace, type Place, verified } from './place.ts';

let now_ms = Date.UTC(2026, 5, 1, 12);
let place: Place | undefined;

afterEach(() => place?.clear());

const at = (after_ms: number) => new Date(now_ms + after_ms).toISOString();
const fact = (call_id: string, kind: string, status?: string) => ({
  type: 'tool_call',
  session_id: 's',
  call_id,
  tool: 'Bash',
  agent: { runtime: 'claude-code' },
  source: { kind },
  time: at(0),
  ...(status === undefined ? {} : { status }),
});
const END = { type: 'session', session_id: 's', operation: 'end', source: { kind: 'hook' } };

async function gaps(trail: Trail) {
  const { events } = await trail.search({ tenant: 'acme', query: 'type:gap' });
  return events;
}

/** The check runs on a timer of real time: what it finds is awaited, not timed. */
async function untilGaps(trail: Trail, count: number) {
  for (;;) {
    const found = await gaps(trail);
    if (found.length >= count) return found;
    await pause(50);
  }
}

test('a call that the runtime never recorded becomes a gap when its session has ended', async () => {
  place = newPlace(() => now_ms);
  const trail = await place.open({ coverage_interval_s: 1 });
  const seen = ['model_proxy', 'hook'].map((kind) => fact('seen', kind, 'pending'));
  const lost = [fact('lost', 'model_proxy', 'pending'), fact('lost', 'model_proxy')];
  const inputs = [...seen, fact('seen', 'hook', 'success'), ...lost, { ...END, time: at(0) }];
  const receipts = await trail.ingest(inputs, ACME);
  assert.deepEqual([...new Set(receipts.map(({ status }) => status))], ['accepted']);
  const report = await trail.coverage({ tenant: 'acme', session_id: 's' });
  assert.equal(report.verdict, 'incomplete');
  assert.deepEqual(await gaps(trail), [], 'what is late may still come');

  now_ms += 60_000;
  const [gap] = await untilGaps(trail, 1);
  assert.equal(gap?.session_id, 's');
  assert.match(gap?.detail ?? '', /^The model asked for Bash; the runtime never recorded/);
  const about = { kind: 'not_recorded', witnesses: ['model_proxy'], call_id: 'lost' };
  assert.deepEqual(gap?.attributes?.['coverage'], about);

  await trail.close();
  now_ms += 60_000;
  const again = await place.open({ coverage_interval_s: 1 });
  await again.ingest([fact('other', 'model_proxy', 'pending')], ACME);
  const later = { ...fact('x', 'hook', 'success'), session_id: 't' };
  const ended = { ...END, session_id: 't', time: at(0) };
  const asked = { ...fact('y', 'model_proxy', 'pending'), session_id: 't' };
  await again.ingest([later, asked, ended], ACME);
  now_ms += 60_000;
  // The second session's gaps show that the first was looked at again, to no effect.
  const all = await untilGaps(again, 3);
  const found = all.map(({ session_id, attributes }) => [session_id, attributes?.['coverage']]);
  assert.equal(found.filter(([, c]) => (c as { call_id: string }).call_id === 'lost').length, 1);
  await again.close();
  assert.equal((await verified(place.data)).ok, true);
});

test('sub-agents’ sessions are judged with the session that started them', async () => {
  place = newPlace(() => now_ms);
  const trail = await place.open({ coverage_interval_s: 0 });
  const part = { session_id: 's:a', parent_session_id: 's' };
  await trail.ingest(
    [
      fact('c', 'model_proxy', 'pending'),
      { ...fact('c', 'hook', 'pending'), ...part },
      { ...fact('c', 'hook', 'success'), ...part },
      { ...END, time: at(0) },
    ],
    ACME,
  );
  const { sessions } = await trail.coverages({ tenant: 'acme', query: '-type:admin' });
  assert.deepEqual(
    sessions.map(({ session_id, verdict, calls }) => [session_id, verdict, calls]),
    [['s', 'complete', 1]],
  );
  await trail.close();
});

test('a session is not called complete while a producer lost records that may be of it', async () => {
  place = newPlace(() => now_ms);
  const trail = await place.open({ coverage_interval_s: 0 });
  const both = ['model_proxy', 'hook'].map((kind) => fact('c', kind, 'pending'));
  await trail.ingest([...both, fact('c', 'hook', 'success'), { ...END, time: at(0) }], ACME);
  const verdict = async () => {
    const { verdict, doubts } = await trail.coverage({ tenant: 'acme', session_id: 's' });
    return [verdict, ...doubts];
  };
  const lose = (session_id: string, more: object) =>
    trail.ingest([{ type: 'gap', session_id, source: { kind: 'plugin' }, ...more }], ACME);
  const elsewhere = { time: at(0), agent: { runtime: 'opencode' }, attributes: { dropped: 2 } };
  await lose('opencode:plugin', elsewhere);
  await lose('claude-code:plugin', { time: at(-7_200_000), attributes: { dropped: 1 } });
  await lose('another session', { time: at(0) });
  assert.deepEqual(await verdict(), ['complete']);

  const span = { from_ms: now_ms - 5000, to_ms: now_ms + 7_200_000, dropped: 3 };
  await lose('claude-code:plugin', { time: at(7_200_000), attributes: span });
  assert.deepEqual(await verdict(), ['unknown', 'lost']);
  await trail.close();
});
