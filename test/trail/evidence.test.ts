/** Evidence from the whole trail: proofs, exports, the live tail, and what Claw says of itself. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { verifyProof } from '../../src/ledger/proof.ts';
import type { Row } from '../../src/trail/trail.ts';
import { ACME, accepted, newPlace, type Place, rows, verified } from './place.ts';

const places: Place[] = [];
after(async () => {
  for (const place of places) await place.clear();
});

function place(now?: () => number): Place {
  const made = newPlace(now);
  places.push(made);
  return made;
}

test('each start is an entry that names the checkpoint before it, each stop one too', async () => {
  const there = place();
  const first = await there.open();
  accepted(await first.ingest([{ type: 'prompt', session_id: 's' }], ACME));
  await first.close();
  const second = await there.open();
  const told = await rows(second, 'type:admin session:claw');
  assert.deepEqual(told.map(({ tool }) => tool).reverse(), [
    'trail.opened',
    'trail.closed',
    'trail.opened',
  ]);
  const [opened, , begun] = told;
  assert.equal(begun?.attributes?.['previous_checkpoint'], null);
  assert.match(String(opened?.attributes?.['previous_checkpoint']), /^claw-[0-9a-f]+\/acme\n3\n/);
});

test('a proof verifies with the public key alone, and its opening is the very event', async () => {
  const trail = await place().open();
  const [placed] = accepted(
    await trail.ingest([{ type: 'prompt', session_id: 's', content: 'prove me' }], ACME),
  );
  const file = await trail.proof('acme', placed?.id ?? '');
  assert.ok(file.opening);
  assert.equal(JSON.parse(file.opening.event).content, 'prove me');
  const good = verifyProof(file, file.vkey);
  assert.ok(!('problem' in good), JSON.stringify(good));
  const forged = { ...file.opening, event: file.opening.event.replace('prove', 'forge') };
  assert.ok('problem' in verifyProof({ ...file, opening: forged }, file.vkey));
});

test('the trail verifies from bytes after every kind of step, also once it is archived', async () => {
  const there = place();
  const small = { archive_segment_bytes: 8192, journal_file_bytes: 8192, inline_bytes: 2048 };
  let trail = await there.open(small);
  for (let step = 0; step < 4; step++) {
    const events = Array.from({ length: 50 }, (_, i) => ({
      type: 'tool_call',
      session_id: `s${i % 7}`,
      call_id: `c${step}-${i}`,
      tool: 'Bash',
      status: 'success',
      result: 'x'.repeat(i * 100),
    }));
    accepted(await trail.ingest(events, ACME));
    await trail.close();
    const report = await verified(there.data);
    assert.ok(report.ok, JSON.stringify(report.discrepancies.slice(0, 3)));
    trail = await there.open(small);
  }
  const found = await rows(trail, 'tool:Bash');
  assert.equal(found.length, 200);
  const old = await trail.ingest([{ ...found.at(-1), type: 'tool_call', session_id: 's0' }], ACME);
  assert.equal(old[0]?.status, 'duplicate');
});

test('the live tail gives each fact as it becomes durable, to whom it concerns', async () => {
  const trail = await place().open();
  const stop = new AbortController();
  const seen: string[] = [];
  const tail = trail.tail({ tenant: 'acme', query: 'tool:Bash' }, stop.signal);
  const listening = (async () => {
    for await (const row of tail) {
      seen.push(`${row.tenant_id} ${row.status}`);
      if (seen.length === 2) stop.abort();
    }
  })();
  await pause(10);
  const call = { type: 'tool_call', session_id: 's', call_id: 'c', tool: 'Bash' };
  accepted(await trail.ingest([{ ...call, status: 'pending' }], { tenant_id: 'beta' }));
  accepted(await trail.ingest([{ ...call, tool: 'Read', status: 'pending' }], ACME));
  accepted(await trail.ingest([{ ...call, status: 'pending' }], ACME));
  accepted(await trail.ingest([{ ...call, status: 'success' }], ACME));
  await listening;
  assert.deepEqual(seen, ['acme pending', 'acme success']);
});

test('an export streams every row under a checkpoint that covers it', async () => {
  const trail = await place().open();
  const events = Array.from({ length: 2500 }, (_, i) => ({
    type: 'prompt',
    session_id: 's',
    content: `n${i}`,
  }));
  accepted(await trail.ingest(events, ACME));
  const { coverage, rows: exported } = await trail.export({ tenant: 'acme', query: 'type:prompt' });
  const all = await Array.fromAsync(exported);
  assert.equal(new Set(all.map(({ id }) => id)).size, 2500);
  assert.equal(coverage.tree_size, 2501);
  assert.ok(all.every(({ index }) => index < coverage.tree_size));
});

test('a silent tenant gets a heartbeat that holds its checkpoint', async () => {
  const trail = await place().open({ heartbeat_interval_s: 1 });
  accepted(await trail.ingest([{ type: 'prompt', session_id: 's' }], ACME));
  let beats: readonly Row[] = [];
  while (beats.length === 0) {
    await pause(100);
    beats = await rows(trail, 'tool:trail.heartbeat');
  }
  assert.match(String(beats[0]?.attributes?.['checkpoint']), /\/acme\n\d+\n/);
});
