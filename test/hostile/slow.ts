/** Clients that take their time: headers and bodies a byte at a time, answers never read. */
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Attack, Size } from './attack.ts';
import { event } from './attack.ts';
import { bearer, head, heard, open, statuses } from './client.ts';
import type { Ground } from './ground.ts';

const BYTE_MS = 100;

export const slowHeaders: Attack = {
  what: 'headers a byte at a time',
  run: (ground, size) =>
    crowd(ground, size, async (socket) => {
      const answer = heard(socket);
      const endless = { ...bearer(ground.viewer), 'X-Endless': 'x'.repeat(10_000) };
      await trickle(socket, head('GET /v1/events', endless));
      expect(statuses(await answer), [408]);
    }),
};

export const slowBodies: Attack = {
  what: 'bodies a byte at a time',
  run: (ground, size) =>
    crowd(ground, size, async (socket) => {
      const answer = heard(socket);
      socket.write(posting(ground, { 'Content-Length': 10_000 }));
      await trickle(socket, ' '.repeat(10_000));
      expect(statuses(await answer), [408, 429]);
    }),
};

/** Each has sent most of a large body, and never sends the rest. */
export const heldBodies: Attack = {
  what: 'large bodies of which the end never comes',
  run: (ground, size) =>
    crowd(ground, size, async (socket) => {
      const answer = heard(socket);
      const body = Buffer.alloc(1024 * 1024, ' ');
      socket.write(posting(ground, { 'Content-Length': body.length + 1 }));
      socket.write(body);
      expect(statuses(await answer), [408, 429]);
    }),
};

export const idle: Attack = {
  what: 'idle connections, half of them after a request',
  run: async (ground, { count, hold_ms }) => {
    const sockets = await openAll(ground, count);
    sockets.forEach((socket, i) => {
      socket.resume();
      if (i % 2 === 0) socket.write(head('GET /healthz', {}));
    });
    await pause(hold_ms);
    for (const socket of sockets) socket.destroy();
    return count;
  },
};

/** More than there may be at once: who comes then finds room that the idle ones gave up. */
export const crowded: Attack = {
  what: 'idle connections, more than there may be',
  run: async (ground, size) => idle.run(ground, size),
};

const deaf = (what: string, path: string): Attack => ({
  what,
  run: async (ground, { count, hold_ms }) => {
    await fill(ground);
    const sockets = await openAll(ground, count);
    for (const socket of sockets) {
      socket.pause();
      socket.write(head(`GET ${path}`, bearer(ground.viewer)));
    }
    await pause(hold_ms);
    for (const socket of sockets) socket.destroy();
    return count;
  },
});

export const deafExports = deaf('exports that nobody reads', '/v1/export?format=ndjson');
export const deafPages = deaf('large pages that nobody reads', '/v1/events?limit=1000');
export const deafOpenings = deaf('openings that nobody reads', '/v1/openings?count=1000');
export const deafTails = deaf('live tails that nobody reads', '/v1/tail');

/** Large events once, and some on top each time, so that tails have something to say. */
async function fill(ground: Ground): Promise<void> {
  const large = (ground.acknowledged.size < 1000 ? 20 : 1) * 50;
  for (let i = 0; i < large; i += 25) {
    const body = `[${Array.from({ length: 25 }, () => event('large', 'word '.repeat(8000)))}]`;
    await ground.record(body);
  }
}

/** So many sockets at once, each doing its worst until the server ends it. */
async function crowd(
  ground: Ground,
  { count }: Size,
  worst: (socket: Socket) => Promise<void>,
): Promise<number> {
  const sockets = await openAll(ground, count);
  await Promise.all(sockets.map((socket) => worst(socket)));
  return count;
}

function openAll({ port }: Ground, count: number): Promise<Socket[]> {
  return Promise.all(Array.from({ length: count }, () => open(port)));
}

async function trickle(socket: Socket, text: string): Promise<void> {
  for (let at = 0; at < text.length && socket.writable; at++) {
    socket.write(text[at] ?? '');
    await pause(BYTE_MS);
  }
}

export function posting({ recorder }: Ground, headers: Readonly<Record<string, string | number>>) {
  const type = { 'Content-Type': 'application/json' };
  return head('POST /v1/events', { ...bearer(recorder), ...type, ...headers });
}

/** Whatever was answered is one of these; a server that was left need not answer. */
export function expect(found: readonly number[], allowed: readonly number[]): void {
  const odd = found.filter((status) => !allowed.includes(status));
  if (odd.length > 0) throw new Error(`answered with ${odd}, not with one of ${allowed}`);
}
