/** The whole trail on real files: what goes in comes out, once, sealed, searchable and proven. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Trail } from '../../src/trail/trail.ts';
import { ACME, accepted, filesWith, newPlace, type Place, rows } from './place.ts';

const places: Place[] = [];
after(async () => {
  for (const place of places) await place.clear();
});

function place(now?: () => number): Place {
  const made = newPlace(now);
  places.push(made);
  return made;
}

test('the documents’ samples are recorded, found, and come back under their own names', async () => {
  const trail = await place().open();
  const samples = [
    {
      type: 'prompt',
      timestamp: '2026-01-31T14:22:33.456Z',
      session_id: 'sess_abc123',
      user_id: 'user_jane',
      content: 'Send an email to support@vendor.com about the delayed shipment',
      channel: 'slack',
    },
    {
      type: 'api_call',
      timestamp: '2026-01-31T14:22:34.500Z',
      session_id: 'sess_abc123',
      destination: 'api.anthropic.com',
      method: 'POST',
      endpoint: '/v1/messages',
      status_code: 200,
      duration_ms: 456,
    },
    {
      session_id: 'sess_abc123',
      policy_id: 'restrict-prod-edits',
      tool: 'validate_action',
      status: 'POLICY_VIOLATION',
      created_at: '2026-04-01T01:35:00Z',
    },
  ];
  accepted(await trail.ingest(samples, ACME));
  const [violation, call, prompt] = await rows(trail, 'session:sess_abc123');
  assert.equal(prompt?.content, samples[0]?.content);
  assert.equal(prompt?.user_id, 'user_jane');
  assert.equal(prompt?.created_at, '2026-01-31T14:22:33.456Z');
  assert.equal(call?.status_code, 200);
  assert.equal(call?.action, 'network');
  assert.equal(violation?.policy_id, 'restrict-prod-edits');
  const entries = await trail.auditLog({ tenant: 'acme', session_id: 'sess_abc123', limit: 20 });
  assert.deepEqual(
    entries.map(({ tool, status }) => [tool, status]),
    [
      [null, 'received'],
      [null, 'success'],
      ['validate_action', 'POLICY_VIOLATION'],
    ],
  );
});

test('one bad event is refused by name and the others of its batch are recorded', async () => {
  const trail = await place().open();
  const receipts = await trail.ingest(
    [
      { type: 'prompt', session_id: 's', content: 'one' },
      { type: 'prompt' },
      { type: 'prompt', session_id: 's', tenant_id: 'other' },
      null,
      { type: 'prompt', session_id: 's', content: 'two' },
    ],
    ACME,
  );
  assert.deepEqual(
    receipts.map((receipt) => ('error' in receipt ? receipt.error.code : receipt.status)),
    ['accepted', 'event.invalid', 'event.tenant_foreign', 'event.invalid', 'accepted'],
  );
  assert.equal((await rows(trail, 'type:prompt')).length, 2);
});

test('the same id is recorded once: in one batch, at once, later, and after a restart', async () => {
  const there = place();
  const trail = await there.open();
  const event = { type: 'prompt', session_id: 's', id: '01a1fff1-adb5-7463-8fba-378bb3a785e7' };
  const batches = await Promise.all([
    trail.ingest([event, event], ACME),
    trail.ingest([event], ACME),
  ]);
  const later = await trail.ingest([event], ACME);
  const all = [...batches.flat(), ...later];
  assert.deepEqual(all.map(({ status }) => status).sort(), [
    'accepted',
    'duplicate',
    'duplicate',
    'duplicate',
  ]);
  assert.equal(new Set(accepted(all).map(({ index }) => index)).size, 1);
  await trail.close();
  const again = await there.open();
  assert.equal((await again.ingest([event], ACME))[0]?.status, 'duplicate');
  const other = await again.ingest([{ ...event, tenant_id: 'beta' }], { tenant_id: '*' });
  assert.equal(other[0]?.status, 'accepted');
});

test('a batch of many turns keeps its order, and others are recorded beside it', async () => {
  const trail = await place().open();
  const event = (content: string) => ({ type: 'prompt', session_id: 's', content });
  const chosen = { ...event('chosen'), id: '01a1fff1-adb5-7463-8fba-378bb3a785e7' };
  const many = Array.from({ length: 700 }, (_, i) =>
    i % 300 === 299 ? chosen : i % 97 === 96 ? { type: 'none' } : event(`event ${i}`),
  );
  const [receipts, [other]] = await Promise.all([
    trail.ingest(many, ACME),
    trail.ingest([chosen], ACME),
  ]);
  const places = receipts.flatMap((receipt) => ('index' in receipt ? [receipt] : []));
  const fresh = places.filter(({ status }) => status === 'accepted').map(({ index }) => index);
  assert.deepEqual(
    fresh,
    fresh.map((_, i) => (fresh[0] ?? 0) + i),
  );
  const repeats = places.filter(({ id }) => id === chosen.id);
  assert.equal(
    new Set([...repeats, other].map((one) => one && 'index' in one && one.index)).size,
    1,
  );
  for (const [i, receipt] of receipts.entries()) {
    assert.equal(
      receipt.status === 'rejected',
      'type' in (many[i] ?? {}) && many[i]?.type === 'none',
    );
  }
  const found = await rows(trail, 'type:prompt');
  assert.equal(new Set(found.map(({ content }) => content)).size, 700 - 7 - 2 + 1);
});

test('a call is one row in its latest state, with both facts behind it', async () => {
  const trail = await place().open();
  const call = { type: 'tool_call', session_id: 's', call_id: 'c1', tool: 'send_email' };
  const args = { to: 'support@vendor.com' };
  accepted(await trail.ingest([{ ...call, arguments: args, status: 'pending' }], ACME));
  assert.equal((await rows(trail, 'status:pending')).length, 1);
  accepted(await trail.ingest([{ ...call, status: 'success', result: { ok: true } }], ACME));
  assert.equal((await rows(trail, 'status:pending')).length, 0);
  const [row] = await rows(trail, 'tool:send_email vendor status:success');
  assert.equal(row?.facts.length, 2);
  assert.deepEqual(row?.arguments, args);
  assert.deepEqual(row?.result, { ok: true });
  assert.ok(row);
  const whole = await trail.event('acme', row.facts[1]?.id ?? '');
  assert.deepEqual(whole.facts, row.facts);
});

test('a value over the inline limit is kept whole and sealed, and its preview is searchable', async () => {
  const there = place();
  const trail = await there.open({ inline_bytes: 4096 });
  const output = `beginword ${'filler '.repeat(20_000)}PLANTEDENDING`;
  const [placed] = accepted(
    await trail.ingest(
      [{ type: 'tool_call', session_id: 's', tool: 'Read', result: { stdout: output } }],
      ACME,
    ),
  );
  const [row] = await rows(trail, 'beginword');
  assert.equal(row?.overflow?.[0]?.field, 'result');
  assert.ok(JSON.stringify(row).length < 40_000);
  const whole = await trail.event('acme', placed?.id ?? '');
  assert.deepEqual(whole.result, { stdout: output });
  assert.equal(whole.overflow, undefined);
  await trail.close();
  assert.deepEqual(filesWith(there.data, 'PLANTEDENDING'), []);
});

test('nothing readable is on the disk: journal, archive, index, keys hold no planted text', async () => {
  const there = place();
  const trail = await there.open({ archive_segment_bytes: 4096, journal_file_bytes: 4096 });
  const planted = 'Tr0mbone-Xylophone';
  const events = Array.from({ length: 60 }, (_, i) => ({
    type: 'prompt',
    session_id: `sess-${planted}-${i}`,
    user_id: `user-${planted}`,
    content: `${planted} in content ${i}`,
    resources: [{ kind: 'file', id: `/tmp/${planted}/${i}`, access: 'read' }],
    attributes: { [planted]: planted },
  }));
  accepted(await trail.ingest(events, ACME));
  assert.equal((await rows(trail, planted)).length, 60);
  assert.deepEqual(filesWith(there.data, planted), []);
  await trail.close();
  assert.deepEqual(filesWith(there.data, planted), []);
  assert.deepEqual(filesWith(there.data, planted.toLowerCase()), []);
});

test('an index that was deleted is made anew and gives the same answers', async () => {
  const there = place();
  const trail = await there.open({ archive_segment_bytes: 8192, journal_file_bytes: 8192 });
  const events = Array.from({ length: 300 }, (_, i) => ({
    type: i % 3 === 0 ? 'prompt' : 'tool_call',
    session_id: `s${i % 11}`,
    ...(i % 3 === 0 ? {} : { call_id: `c${i}`, tool: i % 2 ? 'Read' : 'Bash', status: 'success' }),
    content: `word${i % 5} 監査ログ ${i}`,
    tenant_id: i % 4 === 0 ? 'beta' : 'acme',
    time: new Date(Date.UTC(2026, 0, 1) + ((i * 7919) % 300) * 60_000).toISOString(),
  }));
  accepted(await trail.ingest(events, { tenant_id: '*' }));
  const queries = ['word1', '監査', 'tool:Read', 'session:s3', 'word2 -tool:Bash', ''];
  const answers = async (from: Trail) =>
    Promise.all(
      ['acme', 'beta'].flatMap((tenant) =>
        queries.map(async (query) =>
          (await rows(from, `${query} -type:admin`, tenant)).map(({ id, index }) => [id, index]),
        ),
      ),
    );
  const before = await answers(trail);
  await trail.close();
  const { rmSync } = await import('node:fs');
  rmSync(`${there.data}/index`, { recursive: true });
  assert.deepEqual(await answers(await there.open()), before);
});

test('more events than may wait are refused with a time to come back, and none is lost', async () => {
  const trail = await place().open({ queue_events: 10 });
  const events = Array.from({ length: 11 }, () => ({ type: 'prompt', session_id: 's' }));
  await assert.rejects(trail.ingest(events, ACME), {
    code: 'queue.full',
    detail: {
      limit: 10,
      retry_after_s: 1,
      hint: 'Send again later; nothing of this batch was recorded.',
    },
  });
  accepted(await trail.ingest(events.slice(1), ACME));
});

test('no producer writes where Claw speaks of itself', async () => {
  const trail = await place().open();
  const hidden = [
    { type: 'access', session_id: 'claw:admin' },
    { type: 'admin', session_id: 'claw', tool: 'trail.heartbeat' },
    { type: 'prompt', session_id: 'clawing' },
  ];
  const receipts = await trail.ingest(hidden, { tenant_id: '*' });
  assert.deepEqual(
    receipts.map((receipt) => ('error' in receipt ? receipt.error.code : receipt.status)),
    ['event.reserved', 'event.reserved', 'accepted'],
  );
});
