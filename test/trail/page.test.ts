/** Answers of bounded size: pages and openings end early where events are large, and go on. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { PAGE_BYTES } from '../../src/trail/row.ts';
import type { Row } from '../../src/trail/trail.ts';
import { ACME, accepted, newPlace, rows } from './place.ts';

const place = newPlace();
after(place.clear);
const trail = await place.open();
const COUNT = 90;
const SIZE_BYTES = 50_000;
const events = Array.from({ length: COUNT }, (_, i) => {
  return { type: 'output', session_id: 'large', content: `${i} ${'.'.repeat(SIZE_BYTES)}` };
});
const places = accepted(await trail.ingest(events, ACME));
await rows(trail, 'session:claw');

const bytesOf = (found: readonly Row[]) => Buffer.byteLength(JSON.stringify(found));

test('a page ends before it fills the memory, and the next one begins where it ended', async () => {
  const request = { tenant: 'acme', query: 'session:large', order: 'oldest', limit: 1000 } as const;
  const found: Row[] = [];
  let pages = 0;
  let cursor: string | undefined;
  do {
    const page = await trail.search({ ...request, ...(cursor ? { cursor } : {}) });
    assert.ok(bytesOf(page.events) < 2 * PAGE_BYTES);
    found.push(...page.events);
    cursor = page.cursor;
    pages++;
  } while (cursor !== undefined);
  assert.ok(pages > 2);
  assert.deepEqual(
    found.map(({ id }) => id),
    places.map(({ id }) => id),
  );
});

test('a timeline ends early likewise, and says where to go on', async () => {
  const page = await trail.timeline({ tenant: 'acme', session_id: 'large', limit: 1000 });
  assert.ok(page.cursor !== undefined && page.events.length < COUNT);
});

test('the audit log is short, however large the events: it holds as many as were asked for', async () => {
  const entries = await trail.auditLog({ tenant: 'acme', session_id: 'large', limit: COUNT - 1 });
  assert.deepEqual(
    entries.map(({ id }) => id),
    places.slice(1).map(({ id }) => id),
  );
  const page = await trail.auditLog({ tenant: 'acme', query: 'session:large', limit: 1000 });
  assert.equal(page.length, COUNT);
});

test('openings end early, in order and without a hole, and the next ones follow', async () => {
  const indices: number[] = [];
  for (let from = 0, answers = 0; ; answers++) {
    const openings = await trail.openings('acme', from, 1000);
    if (openings.length === 0) {
      assert.ok(answers > 1);
      break;
    }
    assert.ok(JSON.stringify(openings).length < 2.5 * PAGE_BYTES);
    indices.push(...openings.map(({ index }) => index));
    from = indices.length;
  }
  assert.ok(indices.length >= COUNT);
  assert.deepEqual(indices, [...indices.keys()]);
});

test('a session that was just recorded is found, however much waits to be indexed', async () => {
  const events = Array.from({ length: 3000 }, (_, i) => ({
    type: 'prompt',
    session_id: i < 2999 ? `before-${i}` : 'just-now',
    content: `prompt ${i}`,
  }));
  accepted(await trail.ingest(events, ACME));
  const page = await trail.timeline({ tenant: 'acme', session_id: 'just-now' });
  assert.deepEqual(
    page.events.map(({ content }) => content),
    ['prompt 2999'],
  );
  const unknown = trail.timeline({ tenant: 'acme', session_id: 'never' });
  await assert.rejects(unknown, { code: 'session.not_found' });
});
