/** However the agent's process ends, its events are in the trail or on disk. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, test } from 'node:test';
import { connect } from '../../src/sdk/sdk.ts';
import type { Ending, Script } from './child.ts';
import { type Loopback, startLoopback, TOKEN, temporary, until } from './loopback.ts';

let server: Loopback;
let spool: ReturnType<typeof temporary>;

beforeEach(async () => {
  server = await startLoopback();
  spool = temporary();
});
afterEach(async () => {
  await server.leave();
  spool.remove();
});

type Child = {
  readonly process: ChildProcess;
  readonly ids: readonly string[];
  readonly ready: () => Promise<unknown>;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
};

async function child(ending: Ending, more: Partial<Script['options']> = {}): Promise<Child> {
  const script: Script = {
    options: {
      url: server.url(),
      token: TOKEN,
      spool: spool.path,
      // Long, so that an ending comes before the first batch would.
      batch: { interval_ms: 60_000 },
      ...more,
    },
    events: 100,
    ending,
  };
  const file = join(import.meta.dirname, 'child.ts');
  const started = spawn(process.execPath, [file, JSON.stringify(script)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    started.on('exit', (code, signal) => resolve({ code, signal }));
  });
  const lines = createInterface({ input: started.stdout })[Symbol.asyncIterator]();
  const ids = JSON.parse((await lines.next()).value ?? '') as string[];
  return { process: started, ids, ready: () => lines.next(), ended };
}

/** Another process, that is: it delivers what was left on disk. */
async function nextProcessDelivers(ids: readonly string[]): Promise<void> {
  const next = connect({ url: server.url(), token: TOKEN, spool: spool.path });
  await next.flush();
  await until(() => server.events.size >= ids.length);
  await next.close();
  assert.deepEqual([...server.events.keys()].sort(), [...ids].sort());
  assert.equal(server.repeats.length, 0);
}

test('a process with nothing left to do delivers over HTTP before it ends', async () => {
  const { ids, ended } = await child('return');
  assert.deepEqual(await ended, { code: 0, signal: null });
  assert.deepEqual([...server.events.keys()].sort(), [...ids].sort());
});

test('with the server away, it leaves its events on disk and ends all the same', async () => {
  await server.leave();
  const { ids, ended } = await child('return');
  assert.deepEqual(await ended, { code: 0, signal: null });
  await server.comeBack();
  await nextProcessDelivers(ids);
});

test('a server that never answers holds the end up by exit_ms alone', async () => {
  server.misbehave(() => ({ status: 200, recordFirst: true }));
  const { ids, ended } = await child('return', { limits: { exit_ms: 50, request_ms: 600_000 } });
  assert.deepEqual(await ended, { code: 0, signal: null });
  server.misbehave(undefined);
  const next = connect({ url: server.url(), token: TOKEN, spool: spool.path });
  await next.flush();
  await next.close();
  assert.deepEqual([...server.events.keys()].sort(), [...ids].sort());
});

for (const [ending, code] of [
  ['process.exit', 3],
  ['throw', 1],
  ['reject', 1],
] as const) {
  test(`after ${ending} the events are on disk and the exit code is ${code} as ever`, async () => {
    const { ids, ended } = await child(ending);
    assert.deepEqual(await ended, { code, signal: null });
    assert.equal(server.events.size, 0);
    await nextProcessDelivers(ids);
  });
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  test(`${signal} kills the process as ever, and its events are on disk`, async () => {
    const { process, ids, ready, ended } = await child('wait');
    await ready();
    process.kill(signal);
    assert.deepEqual(await ended, { code: null, signal });
    await nextProcessDelivers(ids);
  });
}

test('a process’s own handler of SIGTERM decides, as if the SDK had none', async () => {
  const { process, ids, ready, ended } = await child('handle');
  await ready();
  process.kill('SIGTERM');
  assert.deepEqual(await ended, { code: 7, signal: null });
  await nextProcessDelivers(ids);
});

test('a handler that counts handlers does not see the SDK’s', async () => {
  const { process, ids, ready, ended } = await child('count');
  await ready();
  process.kill('SIGTERM');
  assert.deepEqual(await ended, { code: null, signal: 'SIGTERM' });
  await nextProcessDelivers(ids);
});

test('kill -9 loses nothing that flush() had synced to the spool', async () => {
  await server.leave();
  const { process, ids, ready, ended } = await child('flush');
  await ready();
  process.kill('SIGKILL');
  assert.deepEqual(await ended, { code: null, signal: 'SIGKILL' });
  await server.comeBack();
  await nextProcessDelivers(ids);
});

test('three processes that end at once on one folder neither lose nor double', async () => {
  const children = await Promise.all([1, 2, 3].map(() => child('process.exit')));
  await Promise.all(children.map(({ ended }) => ended));
  await nextProcessDelivers(children.flatMap(({ ids }) => ids));
});
