/** Events reach the server once each, whatever it answers. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { Fault } from '../../src/fault/fault.ts';
import { type Claw, type ConnectOptions, connect } from '../../src/sdk/sdk.ts';
import {
  type Answer,
  fault,
  type Loopback,
  startLoopback,
  TOKEN,
  temporary,
  until,
} from './loopback.ts';

let server: Loopback;
let spool: ReturnType<typeof temporary>;
let faults: Fault[] = [];
let open: Claw[] = [];

beforeEach(async () => {
  server = await startLoopback();
  spool = temporary();
  faults = [];
  open = [];
});
afterEach(async () => {
  for (const claw of open) await claw.close({ timeout_ms: 1 });
  await server.leave();
  spool.remove();
});

function client(options: ConnectOptions = {}): Claw {
  const claw = connect({
    url: server.url(),
    token: TOKEN,
    spool: spool.path,
    onError: (found) => faults.push(found),
    limits: { backoff_ms: 20 },
    ...options,
  });
  open.push(claw);
  return claw;
}

const draft = (n: number) => ({ type: 'output' as const, session_id: 's', content: `words ${n}` });
const codes = () => faults.map(({ code }) => code);
const gaps = () => [...server.events.values()].filter(({ type }) => type === 'gap');

/** The first answers are these; then the server behaves. */
function answers(...first: readonly Answer[]): void {
  const left = [...first];
  server.misbehave(() => left.shift());
}

test('recorded events arrive in the background with id, time, defaults and source', async () => {
  const claw = client({ agent: 'coder', user: { id: 'u1', name: 'Ann' }, environment: 'test' });
  const id = claw.record(draft(1));
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  await until(() => server.events.size === 1);
  const { time, ...event } = { ...server.events.get(id) };
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(event, {
    agent: { id: 'coder' },
    user: { id: 'u1', name: 'Ann' },
    environment: 'test',
    source: { kind: 'sdk' },
    id,
    type: 'output',
    session_id: 's',
    content: 'words 1',
  });
});

test('what a draft says wins over the defaults, in the documents’ names too', async () => {
  const claw = client({ agent: 'a', user: 'u' });
  const id = claw.record({
    ...draft(1),
    agent_id: 'b',
    user: { id: 'v' },
    created_at: '2026-01-31T00:00:00Z',
  });
  await claw.flush();
  const event = server.events.get(id);
  assert.deepEqual(
    [event?.['agent'], event?.['agent_id'], event?.['user']],
    [undefined, 'b', { id: 'v' }],
  );
  assert.deepEqual([event?.['time'], event?.['created_at']], [undefined, '2026-01-31T00:00:00Z']);
});

test('many events go in batches, compressed on request, and none is lost or doubled', async () => {
  const claw = client({ batch: { events: 100, gzip: true } });
  for (let n = 0; n < 1050; n++) claw.record(draft(n));
  assert.deepEqual(await claw.flush(), { unsent: 0 });
  assert.equal(server.events.size, 1050);
  assert.equal(server.repeats.length, 0);
  assert.ok(server.requests() >= 11 && server.requests() <= 13, `${server.requests()} requests`);
  assert.deepEqual([claw.status().recorded, claw.status().delivered], [1050, 1050]);
});

test('an event larger than a batch goes alone', async () => {
  const claw = client({ batch: { size_bytes: 1000 } });
  const large = claw.record({ ...draft(1), content: 'x'.repeat(5000) });
  const small = claw.record(draft(2));
  await claw.flush();
  assert.ok(server.events.has(large) && server.events.has(small));
});

test('what is changed after record() is not what is recorded', async () => {
  const claw = client();
  const args = { path: '/before', deep: [{ n: 1 }] };
  const id = claw.record({ type: 'tool_call', session_id: 's', arguments: args });
  args.path = '/after';
  args.deep[0] = { n: 2 };
  await claw.flush();
  assert.deepEqual(server.events.get(id)?.['arguments'], { path: '/before', deep: [{ n: 1 }] });
});

test('the same id recorded twice is one event in the trail', async () => {
  const claw = client();
  const id = claw.record(draft(1));
  assert.equal(claw.record({ ...draft(1), id: id.toUpperCase() }), id);
  await claw.flush();
  assert.deepEqual([...server.events.keys()], [id]);
});

test('an answer that is lost makes a retry, and the retry doubles nothing', async () => {
  const claw = client();
  answers({ status: 503, recordFirst: true });
  const id = claw.record(draft(1));
  await until(() => server.repeats.length === 1);
  await claw.flush();
  assert.deepEqual([...server.events.keys()], [id]);
});

for (const status of [401, 403, 404, 408, 429, 500, 502, 503, 507]) {
  test(`after HTTP ${status} the events are sent again`, async () => {
    const claw = client();
    answers({ status }, { status });
    const ids = [claw.record(draft(1)), claw.record(draft(2))];
    await until(() => server.events.size === 2);
    assert.deepEqual([...server.events.keys()].sort(), ids.sort());
    assert.equal(codes().length, 1, 'one outage is reported once');
    assert.equal(claw.status().dropped, 0);
  });
}

test('Retry-After is honoured, also by flush(), which leaves the events safe on disk', async () => {
  const claw = client();
  answers({ status: 429, headers: { 'retry-after': '3600' }, body: fault('queue.full') });
  claw.record(draft(1));
  assert.deepEqual(await claw.flush(), { unsent: 0 });
  await claw.flush();
  assert.equal(server.requests(), 1);
  assert.ok(claw.status().away && claw.status().spool_bytes > 0);
  assert.deepEqual(codes(), ['queue.full']);
});

test('an answer that is not Claw’s is no acknowledgement', async () => {
  const claw = client();
  answers({ status: 200, body: 'login page' }, { status: 200, body: { results: [] } });
  const id = claw.record(draft(1));
  await until(() => server.events.has(id));
  assert.deepEqual(codes(), ['server.unreachable']);
});

test('a refused event is reported, counted and recorded as a gap; its batch passes', async () => {
  const claw = client();
  const good = claw.record(draft(1));
  const bad = claw.record({ type: 'no_such_type' as 'output', session_id: 's' });
  const also = claw.record(draft(2));
  await claw.flush();
  await claw.flush();
  assert.ok(server.events.has(good) && server.events.has(also));
  assert.deepEqual(codes(), ['event.invalid']);
  assert.equal(faults[0]?.detail.field, 'type');
  assert.equal(claw.status().dropped, 1);
  const [gap, ...others] = gaps();
  assert.equal(others.length, 0);
  assert.equal(gap?.['session_id'], 's');
  const attributes = gap?.['attributes'] as Record<string, unknown>;
  assert.deepEqual(
    [attributes['dropped'], attributes['reasons'], attributes['event_ids']],
    [1, { rejected: 1 }, [bad]],
  );
  assert.ok(String(attributes['from']) <= String(attributes['to']));
});

test('an event refused for the operator’s reasons is kept and sent again', async () => {
  const claw = client();
  const error = fault('data.full').error;
  const left = [{ status: 200, body: { results: [{ status: 'rejected', error }] } }];
  server.misbehave(() => left.shift());
  const id = claw.record(draft(1));
  await until(() => server.events.has(id));
  assert.equal(claw.status().dropped, 0);
});

test('a body that is refused as a whole is halved until the one at fault is alone', async () => {
  const claw = client();
  server.misbehave((batch) =>
    batch.some((event) => JSON.stringify(event).includes('poison'))
      ? { status: 413, body: fault('batch.too_large') }
      : undefined,
  );
  const ids = Array.from({ length: 20 }, (_, n) => claw.record(draft(n)));
  const bad = claw.record({ ...draft(0), content: 'poison' });
  await claw.flush();
  assert.ok(ids.every((id) => server.events.has(id)));
  assert.ok(!server.events.has(bad));
  assert.deepEqual([claw.status().dropped, codes()], [1, ['batch.too_large']]);
});

test('a gap event that is refused begets no further gap event', async () => {
  const claw = client();
  server.misbehave((batch) => ({
    status: 200,
    body: {
      results: batch.map(() => ({ status: 'rejected', error: fault('event.invalid').error })),
    },
  }));
  claw.record(draft(1));
  for (let n = 0; n < 5; n++) await claw.flush();
  assert.equal(server.requests(), 2, 'the event, then its gap');
});

test('what onError throws or records does not come back', async () => {
  const claw: Claw = client({
    onError: () => {
      claw.record({} as never);
      throw new Error('handler');
    },
  });
  claw.record(undefined as never);
  assert.equal(claw.status().dropped, 2);
});

test('after close() a record is dropped, counted and reported', async () => {
  const claw = client();
  const id = claw.record(draft(1));
  await claw.close();
  claw.record(draft(2));
  assert.deepEqual([...server.events.keys()], [id]);
  assert.deepEqual([codes(), claw.status().dropped], [['server.closing'], 1]);
});
