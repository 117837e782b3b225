/** Bodies that lie about what they are: lengths, encodings, depths, bombs. */
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { type Attack, event, type Size } from './attack.ts';
import { heard, open, statuses } from './client.ts';
import { atOnce } from './flood.ts';
import type { Ground } from './ground.ts';
import { expect, posting } from './slow.ts';

type Lie = { readonly headers: Record<string, string | number>; readonly body: string | Buffer };

const EVENT = event('lie');
const CHUNKED = { 'Transfer-Encoding': 'chunked' };

const LENGTHS: readonly Lie[] = [
  { headers: { 'Content-Length': 10 }, body: EVENT },
  { headers: { 'Content-Length': 0 }, body: EVENT },
  { headers: { 'Content-Length': EVENT.length + 50 }, body: EVENT },
  { headers: { 'Content-Length': -1 }, body: EVENT },
  { headers: { 'Content-Length': '1e3' }, body: EVENT },
  { headers: { 'Content-Length': '99999999999999999999' }, body: EVENT },
  { headers: { 'Content-Length': `${EVENT.length}, ${EVENT.length}` }, body: EVENT },
  { headers: { 'Content-Length': 9_000_000_000 }, body: EVENT },
  { headers: { ...CHUNKED, 'Content-Length': EVENT.length }, body: EVENT },
  { headers: { 'Transfer-Encoding': 'gzip, chunked' }, body: '0\r\n\r\n' },
  { headers: { 'Transfer-Encoding': 'identity' }, body: EVENT },
  { headers: { 'Transfer-Encoding': 'chunked, chunked' }, body: '0\r\n\r\n' },
  { headers: { 'Transfer-Encoding': 'xchunked' }, body: EVENT },
  { headers: CHUNKED, body: `zz\r\n${EVENT}\r\n0\r\n\r\n` },
  { headers: CHUNKED, body: `-1\r\n${EVENT}\r\n0\r\n\r\n` },
  { headers: CHUNKED, body: `ffffffffffffffffff\r\n${EVENT}` },
  { headers: CHUNKED, body: `5\r\n${EVENT}\r\n0\r\n\r\n` },
  { headers: CHUNKED, body: `5;${'x'.repeat(100_000)}\r\n12345\r\n0\r\n\r\n` },
  { headers: CHUNKED, body: `${chunk(EVENT)}0\r\nX: ${'y'.repeat(100_000)}\r\n\r\n` },
  { headers: CHUNKED, body: chunk(EVENT) },
  { headers: { ...CHUNKED, Expect: '100-continue' }, body: `${chunk(EVENT)}0\r\n\r\n` },
  { headers: { Expect: 'a miracle', 'Content-Length': EVENT.length }, body: EVENT },
];

export const lyingLengths: Attack = {
  what: 'bodies that lie about their length',
  run: (ground, size) => inTurn(size, (i) => tell(ground, LENGTHS[i % LENGTHS.length] as Lie)),
};

const zeros = () => gzipSync(Buffer.alloc(100 * 1024 * 1024));
const nested = (times: number): Buffer => (times === 0 ? zeros() : gzipSync(nested(times - 1)));

type Bomb = { readonly encoding: string; readonly body: () => Buffer | string };

const BOMBS: readonly Bomb[] = [
  { encoding: 'gzip', body: zeros },
  { encoding: 'gzip', body: () => gzipSync(Buffer.alloc(30 * 1024 * 1024, ' ')) },
  { encoding: 'gzip', body: () => nested(3) },
  { encoding: 'gzip', body: () => Buffer.concat(Array(50_000).fill(gzipSync(''))) },
  { encoding: 'gzip', body: () => zeros().subarray(0, 1000) },
  { encoding: 'gzip', body: () => Buffer.concat([gzipSync(EVENT), Buffer.alloc(1000, 'x')]) },
  { encoding: 'gzip', body: () => EVENT },
  { encoding: 'gzip, gzip', body: () => nested(1) },
  { encoding: 'deflate', body: () => EVENT },
  { encoding: 'br', body: () => EVENT },
  { encoding: 'identity, gzip', body: zeros },
  { encoding: 'x-gzip', body: () => gzipSync(EVENT) },
];

export const bombs: Attack = {
  what: 'gzip bombs, nested ones, and other encodings',
  run: (ground, size) =>
    inTurn(size, (i) => {
      const { encoding, body: make } = BOMBS[i % BOMBS.length] as Bomb;
      const body = make();
      const headers = { 'Content-Encoding': encoding, 'Content-Length': Buffer.byteLength(body) };
      return tell(ground, { headers, body });
    }),
};

const deep = (open: string, close: string, depth: number) =>
  `{"type":"output","session_id":"s","arguments":${open.repeat(depth)}1${close.repeat(depth)}}`;
const wide = (one: (i: number) => string, count: number) =>
  `{"type":"output","session_id":"s","attributes":{"x":[${Array.from({ length: count }, (_, i) => one(i))}]}}`;

const SHAPES: readonly (() => string)[] = [
  () => deep('[', ']', 100_000),
  () => deep('{"a":', '}', 100_000),
  () => deep('[', ']', 10_000_000),
  () => '['.repeat(10_000_000),
  () => wide(() => '0', 1_900_000),
  () => wide(() => '[]', 1_900_000),
  () => wide((i) => `{"k${i}":1}`, 600_000),
  () => wide(() => `"${'\\u0000'.repeat(20)}"`, 200_000),
  () => `[${Array.from({ length: 10_000 }, () => '{"type":"x"}')}]`,
  () => `[${Array.from({ length: 10_000 }, () => EVENT)}]`,
  () => `[${Array.from({ length: 100_000 }, () => '1')}]`,
  () => event('lie', '\u0000\ud800'.repeat(1_000_000)),
  () => event('x'.repeat(1_000_000)),
  () => `{"type":"output","session_id":"s","tokens_used":${'9'.repeat(1_000_000)}}`,
  () => `{${Array.from({ length: 300_000 }, (_, i) => `"k${i}":0`)}}`,
  () => `{${Array.from({ length: 300_000 }, () => '"type":"output"')},"session_id":"s"}`,
  () => `${' '.repeat(20_000_000)}${EVENT}`,
  () => `${EVENT}${' '.repeat(20_000_000)}x`,
];

export const hostileShapes: Attack = {
  what: 'JSON as deep, wide and long as it may come',
  run: (ground, size) =>
    inTurn(size, (i) => {
      const body = SHAPES[i % SHAPES.length]?.() ?? '';
      return tell(ground, { headers: { 'Content-Length': Buffer.byteLength(body) }, body });
    }),
};

const HEADS: readonly string[] = [
  `GET /${'x'.repeat(100_000)} HTTP/1.1\r\n\r\n`,
  `GET /v1/events?query=${'a'.repeat(15_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
  `GET /v1/events?${'a=1&'.repeat(3_500)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
  `GET /v1/sessions/${'%61'.repeat(4_000)}/timeline HTTP/1.1\r\nHost: localhost\r\n\r\n`,
  `GET /v1/events/%ff%fe HTTP/1.1\r\nHost: localhost\r\n\r\n`,
  `GET / HTTP/1.1\r\n${'X: y\r\n'.repeat(100_000)}\r\n`,
  `GET / HTTP/1.1\r\nHost: localhost\r\n${'x'.repeat(1_000_000)}`,
  `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'\u0000'.repeat(100)}\r\n\r\n`,
  `${'\r\n'.repeat(100_000)}GET / HTTP/1.1\r\n\r\n`,
  'GET http://localhost/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'GET / HTTP/3.7\r\nHost: localhost\r\n\r\n',
  'GET / HTTP/1.0\r\n\r\n',
  'TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n',
  '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
];

export const hostileHeads: Attack = {
  what: 'huge headers, odd URLs and other protocols',
  run: (ground, size) =>
    inTurn(size, async (i) => {
      const text = await say(ground, HEADS[i % HEADS.length] ?? '');
      expect(statuses(text), [400, 401, 404, 405, 408, 413, 414, 417, 431]);
    }),
};

/** A lie is refused, or what it sent after all is recorded; what follows it is no request. */
async function tell(ground: Ground, { headers, body }: Lie): Promise<void> {
  const text = await say(ground, posting(ground, headers), body);
  expect(statuses(text), [100, 200, 400, 408, 413, 415, 417, 422, 429, 431]);
  for (const [, id] of text.matchAll(/"status":"(?:accepted|duplicate)","id":"([^"]+)"/g)) {
    if (id !== undefined) ground.acknowledged.add(id);
  }
}

async function say({ port }: Ground, ...what: readonly (string | Buffer)[]): Promise<string> {
  const socket = await open(port);
  const answer = heard(socket);
  for (const part of what) socket.write(part);
  // What is still missing then never comes.
  const answered = once(socket, 'data').catch(() => undefined);
  await Promise.race([answered, answer, pause(PATIENCE_MS)]);
  socket.end();
  return answer;
}

const PATIENCE_MS = 2_000;

const AT_ONCE = 4;

async function inTurn(
  { count, seed = 0 }: Size,
  each: (i: number) => Promise<void>,
): Promise<number> {
  await atOnce(count, AT_ONCE, (i) => each(i + seed));
  return count;
}

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}
