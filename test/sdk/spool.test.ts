/** While the server is away nothing is lost, nothing grows without bound, no drop is silent. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { Fault } from '../../src/fault/fault.ts';
import { type Claw, type ConnectOptions, connect } from '../../src/sdk/sdk.ts';
import { type Loopback, startLoopback, TOKEN, temporary, until } from './loopback.ts';

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

function client({ limits, ...options }: ConnectOptions = {}): Claw {
  const claw = connect({
    url: server.url(),
    token: TOKEN,
    spool: spool.path,
    onError: (found) => faults.push(found),
    limits: { backoff_ms: 20, ...limits },
    ...options,
  });
  open.push(claw);
  return claw;
}

const draft = (n: number) => ({ type: 'output' as const, session_id: 's', content: `words ${n}` });
const codes = () => [...new Set(faults.map(({ code }) => code))];
const files = () => readdirSync(spool.path);
const gaps = () =>
  [...server.events.values()]
    .filter(({ type }) => type === 'gap')
    .map(({ attributes }) => attributes as { dropped: number; reasons: Record<string, number> });

function everyOne(ids: readonly string[]): void {
  assert.deepEqual([...server.events.keys()].sort(), [...ids].sort());
}

test('what was recorded while the server was away arrives when it is back, once each', async () => {
  const claw = client();
  const ids = [claw.record(draft(0))];
  await until(() => server.events.size === 1);
  await server.leave();
  for (let n = 1; n <= 300; n++) ids.push(claw.record(draft(n)));
  assert.deepEqual(await claw.flush(), { unsent: 0 });
  assert.equal(claw.status().queued, 0, 'it waits on disk, not in memory');
  for (let n = 0; n < 20; n++) ids.push(claw.record(draft(n)));
  await server.comeBack();
  await until(() => server.events.size === 321);
  everyOne(ids);
  assert.equal(server.repeats.length, 0);
  await until(() => files().length === 0);
});

test('the spool folder has mode 0700 and its files 0600', async () => {
  await server.leave();
  const claw = client();
  claw.record(draft(1));
  await claw.flush();
  assert.equal(statSync(spool.path).mode & 0o777, 0o700);
  assert.ok(files().length > 0);
  for (const file of files()) assert.equal(statSync(join(spool.path, file)).mode & 0o777, 0o600);
});

test('a slow trickle makes few files', async () => {
  await server.leave();
  const claw = client();
  for (let n = 0; n < 20; n++) {
    claw.record(draft(n));
    await claw.flush();
  }
  assert.equal(files().length, 1);
});

test('a spool folder that others can write to is not used, in either direction', async () => {
  mkdirSync(spool.path);
  const planted = { id: '019c0000-0000-7000-8000-000000000000', type: 'output', session_id: 'x' };
  writeFileSync(join(spool.path, '1700000000000-00000000.ndjson'), `${JSON.stringify(planted)}\n`);
  chmodSync(spool.path, 0o777);
  const claw = client();
  const id = claw.record(draft(1));
  await claw.flush();
  everyOne([id]);
  assert.deepEqual(codes(), ['data.unwritable']);
  await server.leave();
  claw.record(draft(2));
  assert.deepEqual(await claw.flush({ timeout_ms: 50 }), { unsent: 1 });
  chmodSync(spool.path, 0o700);
});

test('the next client on the same folder delivers what the last one left', async () => {
  await server.leave();
  const first = client();
  const ids = Array.from({ length: 50 }, (_, n) => first.record(draft(n)));
  await first.close();
  await server.comeBack();
  client();
  await until(() => server.events.size === 50);
  everyOne(ids);
});

test('two clients on one folder share what is there: each event is sent once', async () => {
  await server.leave();
  const ids: string[] = [];
  for (let round = 0; round < 8; round++) {
    const writer = client();
    for (let n = 0; n < 25; n++) ids.push(writer.record(draft(n)));
    await writer.close();
  }
  assert.equal(files().length, 8);
  await server.comeBack();
  const clients = [client(), client(), client()];
  await Promise.all(clients.map((claw) => claw.flush()));
  await until(() => server.events.size === 200);
  everyOne(ids);
  assert.equal(server.repeats.length, 0);
});

test('a file of a process that is gone is taken over; its torn last line is no event', async () => {
  await server.leave();
  const first = client();
  first.record(draft(1));
  await first.close();
  const torn = join(spool.path, `${files()[0]}.00000000-1-00000000`);
  const whole = { ...draft(2), id: '019c0000-0000-7000-8000-000000000000' };
  writeFileSync(torn, `${JSON.stringify(whole)}\n{"id":"torn`);
  await server.comeBack();
  await client().flush();
  assert.equal(server.events.size, 1, 'another host’s file is left alone while its lease lasts');
  assert.equal(files().length, 1);
  utimesSync(torn, 1, 1);
  const third = client();
  await until(() => server.events.size === 2);
  await third.flush();
  assert.equal(third.status().dropped, 0);
});

test('what a killed process held is taken over at once; what a live one holds is not', async () => {
  mkdirSync(spool.path, { mode: 0o700 });
  const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  const id = (digit: string) => `019c0000-0000-7000-8000-00000000000${digit}`;
  for (const [digit, pid] of Object.entries({ 1: dead, 2: process.ppid })) {
    const name = `170000000000${digit}-00000000.ndjson.${host}-${pid}-00000000`;
    const line = JSON.stringify({ ...draft(1), id: id(digit) });
    writeFileSync(join(spool.path, name), `${line}\n`);
  }
  await client().flush();
  everyOne([id('1')]);
  assert.equal(files().length, 1);
});

test('a line that was damaged on disk is a counted drop, and the others arrive', async () => {
  await server.leave();
  const first = client();
  const id = first.record(draft(1));
  await first.close();
  appendFileSync(join(spool.path, files()[0] ?? ''), '{"damaged\n');
  await server.comeBack();
  const claw = client();
  await claw.flush();
  await until(() => gaps().length === 1);
  assert.ok(server.events.has(id));
  assert.deepEqual(gaps()[0]?.reasons, { rejected: 1 });
});

test('foreign files in the folder are neither sent nor removed', async () => {
  mkdirSync(spool.path, { mode: 0o700 });
  writeFileSync(join(spool.path, 'notes.txt'), 'mine');
  mkdirSync(join(spool.path, '1700000000000-00000000.ndjson'));
  const claw = client();
  claw.record(draft(1));
  await claw.flush();
  assert.equal(files().length, 2);
  assert.equal(server.events.size, 1);
});

test('memory and spool are bounded: the newest are dropped and counted in a gap event', async () => {
  const claw = client({ limits: { queue_bytes: 20_000, spool_bytes: 40_000, backoff_ms: 20 } });
  await server.leave();
  const ids: string[] = [];
  for (let n = 0; n < 2000; n++) ids.push(claw.record({ ...draft(n), content: 'x'.repeat(100) }));
  assert.ok(claw.status().queued_bytes <= 20_000);
  await claw.flush({ timeout_ms: 50 });
  const { dropped } = claw.status();
  assert.ok(dropped > 1000, `${dropped} were dropped`);
  const held = files().reduce((sum, file) => sum + statSync(join(spool.path, file)).size, 0);
  assert.ok(held <= 40_000 + 4096, `${held} bytes on disk`);
  assert.ok(codes().includes('queue.full') && codes().includes('data.full'));
  await server.comeBack();
  await until(() => gaps().length > 0 && server.events.size === 2000 - dropped + gaps().length);
  assert.equal(
    gaps().reduce((sum, gap) => sum + gap.dropped, 0),
    dropped,
  );
  assert.ok(
    ids.slice(0, 100).every((id) => server.events.has(id)),
    'the oldest are kept',
  );
});

test('without a spool, memory alone is bounded, and a flush keeps trying', async () => {
  const claw = client({ spool: false, limits: { queue_bytes: 5000, backoff_ms: 20 } });
  await server.leave();
  for (let n = 0; n < 100; n++) claw.record(draft(n));
  const { dropped, queued } = claw.status();
  assert.ok(dropped > 0 && dropped + queued === 100);
  const flushed = claw.flush();
  await until(() => codes().includes('server.unreachable'));
  await server.comeBack();
  assert.deepEqual(await flushed, { unsent: 0 });
  await until(() => gaps().length === 1);
  assert.deepEqual(gaps()[0]?.reasons, { full: dropped });
});

test('a burst in one turn of the loop that memory cannot hold goes to disk at once', async () => {
  const claw = client({ limits: { queue_bytes: 50_000 }, batch: { size_bytes: 10_000 } });
  for (let n = 0; n < 3000; n++) claw.record(draft(n));
  assert.equal(claw.status().dropped, 0);
  assert.ok(claw.status().queued_bytes <= 50_000);
  await claw.flush();
  await until(() => server.events.size === 3000);
});

test('an event over event_bytes is a counted drop', async () => {
  const claw = client({ limits: { event_bytes: 1000 } });
  claw.record({ ...draft(1), content: 'x'.repeat(1000) });
  await claw.flush();
  assert.deepEqual(gaps()[0]?.reasons, { too_large: 1 });
  assert.equal(faults[0]?.detail.limit, 1000);
});

test('drops of many sessions are counted in a bounded number of gap events', async () => {
  const claw = client();
  for (let n = 0; n < 500; n++) claw.record({ session_id: `s${n}` } as never);
  await claw.flush();
  assert.ok(gaps().length <= 65, `${gaps().length} gap events`);
  assert.equal(
    gaps().reduce((sum, gap) => sum + gap.dropped, 0),
    500,
  );
});

test('the counts of drops survive in the spool until they are in the trail', async () => {
  await server.leave();
  const first = client();
  first.record({} as never);
  await first.flush();
  assert.equal(files().length, 1, 'the count is on disk while the client lives');
  await first.close();
  await server.comeBack();
  const second = client();
  await second.flush();
  await until(() => gaps().length === 1);
  assert.equal(gaps()[0]?.dropped, 1);
  await until(() => files().length === 0);
});
