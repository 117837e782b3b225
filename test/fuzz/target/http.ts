/** Bytes on a socket that are HTTP, or nearly: answered in order or cut off, never a crash. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import fc from 'fast-check';
import { openRig } from '../../server/rig.ts';
import { newPlace } from '../../trail/place.ts';
import { discreet, type Target } from '../target.ts';

const EVENT = '{"type":"output","session_id":"s"}';
const TOKEN = 'TOKEN';
const POST = [
  'POST /v1/events HTTP/1.1',
  'Host: localhost',
  `Authorization: Bearer ${TOKEN}`,
  'Content-Type: application/json',
].join('\r\n');
const WORDS = [
  ...['\r\n', '\r\n\r\n', 'HTTP/1.1', 'HTTP/1.0', 'Host: localhost\r\n', 'Connection: close\r\n'],
  ...[
    'Transfer-Encoding: chunked\r\n',
    'Content-Length: 5\r\n',
    'Content-Encoding: gzip\r\n',
    '0\r\n\r\n',
  ],
  ...[
    'Expect: 100-continue\r\n',
    'Upgrade: websocket\r\n',
    'Range: bytes=0-\r\n',
    'ffffffff\r\n',
    '\0',
  ],
  ...['GET ', 'HEAD ', 'OPTIONS * ', '/healthz', '/v1/events', '/../', '%00', '?', 'X-Y:\t\r\n'],
];

export async function http(): Promise<Target> {
  const place = newPlace();
  const trail = await place.open();
  const rig = await openRig(async () => ({ ...trail, close: place.clear }));
  const talk = (bytes: Buffer) => exchange(rig.server.port, bytes);
  return {
    name: 'http',
    seeds: () => [
      'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n',
      `${POST}\r\nContent-Length: ${EVENT.length}\r\n\r\n${EVENT}`,
      `${POST}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1,2]\r\n0\r\nX: y\r\n\r\n`,
      'GET /v1/events?limit=5 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n\r\n',
    ],
    words: WORDS,
    made: fc
      .array(fc.oneof(fc.constantFrom(...WORDS), fc.string({ maxLength: 8 })), { maxLength: 20 })
      .map((parts) => parts.join('')),
    check: async (input) => {
      const text = input.toString('latin1').replaceAll(TOKEN, rig.recorder);
      const said = await talk(Buffer.from(text, 'latin1'));
      assert.ok(said === '' || said.startsWith('HTTP/1.1 '), said.slice(0, 100));
      for (const [, status] of said.matchAll(/HTTP\/1\.1 (\d{3}) /g)) {
        assert.ok(Number(status) < 500, said.slice(0, 300));
      }
      discreet(said);
    },
    cost: 20,
    close: async () => {
      const said = await talk(Buffer.from('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'));
      assert.match(said, /^HTTP\/1\.1 200 /, 'it goes on');
      await rig.close();
    },
  };
}

/** Until it has answered what it can answer: after that it is told that nothing more comes. */
function exchange(port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    let text = '';
    let quiet = setTimeout(() => socket.end(), QUIET_MS);
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      text += chunk;
      clearTimeout(quiet);
      quiet = setTimeout(() => socket.end(), QUIET_MS);
    });
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      clearTimeout(quiet);
      resolve(text);
    });
    socket.write(bytes);
  });
}

/** Milliseconds without a word after which no more answers are waited for. */
const QUIET_MS = 20;
