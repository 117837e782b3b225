/** More than the server can take: events, searches, connections, live tails. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Attack, event } from './attack.ts';
import { ask, bearer, head, heard, open, type Reply, statuses } from './client.ts';
import { noteReceipts } from './ground.ts';
import { expect, posting } from './slow.ts';

/** Large batches from many connections at once: taken, or refused with when to come again. */
export const eventFlood: Attack = {
  what: 'batches beyond what may be in work at once',
  run: async (ground, { count }) => {
    const { url, recorder: token, acknowledged } = ground;
    const batch = (i: number) => `[${Array.from({ length: 50 }, () => event(`flood ${i}`, DOTS))}]`;
    const replies = await atOnce(count, 256, (i) =>
      ask({ url, token, path: '/v1/events', body: batch(i) }),
    );
    for (const reply of replies) {
      noteReceipts(reply, acknowledged);
      orderly(reply, [200, 429]);
    }
    return count;
  },
};

/** Much to read and to seal, little to index: the flood is meant for the front door. */
const DOTS = '.'.repeat(20_000);

export const searchFlood: Attack = {
  what: 'searches beyond what may wait',
  run: async (ground, { count }) => {
    const { url, viewer: token } = ground;
    const path = '/v1/facets?field=tool&query=word%20OR%20flood%20OR%20a*';
    const replies = await atOnce(count, 500, () => ask({ url, token, path }));
    for (const reply of replies) orderly(reply, [200, 429, 504]);
    return count;
  },
};

/** The words of one phrase, five hundred times in other company: no index is of any help. */
const FOREVER = `/v1/count?query=${encodeURIComponent(
  Array.from({ length: 200 }, (_, i) => `"${'ka '.repeat(4)}k${i % 10}"`).join(' OR '),
)}`;

export const slowSearches: Attack = {
  what: "another tenant's searches that would take for ever, half of them left alone",
  run: async (ground, { count, hold_ms }) => {
    const { url, port, foreigner: token } = ground;
    const body = `[${Array.from({ length: 20 }, () => event('slow', KA))}]`;
    for (let i = 0; i < 20; i++) await ask({ url, token, path: '/v1/events', body });
    const lanes = Array.from({ length: count }, async (_, i) => {
      const socket = await open(port);
      const answer = heard(socket);
      socket.write(head(`GET ${FOREVER}`, { ...bearer(token), Connection: 'close' }));
      await Promise.race([answer, pause(i % 2 === 0 ? hold_ms / 10 : hold_ms)]);
      socket.destroy();
      expect(statuses(await answer), [200, 429, 504]);
    });
    await Promise.all(lanes);
    return count;
  },
};

const KA = Array.from({ length: 10 }, (_, i) => `${'ka '.repeat(3)}k${i} `.repeat(100)).join('');

/** Unknown tokens, with bodies that nobody is to read. */
export const strangers: Attack = {
  what: 'requests with unknown tokens and large bodies',
  run: async ({ url }, { count }) => {
    const body = Buffer.alloc(1024 * 1024, ' ');
    const token = 'claw_unknown';
    const replies = await atOnce(count, 64, () =>
      ask({ url, token, path: '/v1/events', body }).catch(() => undefined),
    );
    for (const reply of replies) if (reply) orderly(reply, [401]);
    return count;
  },
};

/** Connections that end at every moment of a request's life. */
export const churn: Attack = {
  what: 'connections cut at every moment of a request',
  run: async (ground, { count }) => {
    const body = event('churn');
    const whole = posting(ground, { 'Content-Length': body.length }) + body;
    const asked = head('GET /v1/events?limit=50', bearer(ground.viewer));
    await atOnce(count, 32, async (i) => {
      const text = i % 2 === 0 ? whole : asked;
      const socket = await open(ground.port);
      socket.resume();
      socket.write(text.slice(0, 1 + ((i * 7919) % text.length)));
      if (i % 3 === 0) await pause(i % 10);
      if (i % 5 === 0) socket.resetAndDestroy();
      else socket.destroy();
    });
    return count;
  },
};

export const halfClosed: Attack = {
  what: 'sockets closed in one direction alone',
  run: async (ground, { count, hold_ms }) => {
    const texts = [
      '',
      'GET /v1',
      head('GET /v1/tail', bearer(ground.viewer)),
      head('GET /healthz', {}),
    ];
    const until = pause(hold_ms);
    await atOnce(count, count, async (i) => {
      const socket = await open(ground.port);
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.resume();
      socket.write(texts[i % texts.length] ?? '');
      socket.end();
      // The server ends what it will not go on with; it must not wait for us for ever.
      await Promise.race([closed, until]);
      socket.destroy();
    });
    return count;
  },
};

export const pipelines: Attack = {
  what: 'requests sent on one connection without waiting for answers',
  run: async (ground, { count }) => {
    const one = head('GET /v1/events?limit=20', bearer(ground.viewer));
    const socket = await open(ground.port);
    const answer = heard(socket);
    for (let i = 1; i < count; i++) socket.write(one);
    socket.write(head('GET /healthz', { Connection: 'close' }));
    const found = statuses(await answer);
    expect(found, [200, 429]);
    if (found.length !== count) throw new Error(`${found.length} answers to ${count} requests`);
    return count;
  },
};

/** As many live tails as there may be, all reading, while much is recorded. */
export const tails: Attack = {
  what: 'live tails, more than there may be, while events come',
  run: async (ground, { count }) => {
    const sockets = await Promise.all(Array.from({ length: count }, () => open(ground.port)));
    const answers = sockets.map((socket, i) => {
      const answer = heard(socket);
      const query = i % 2 === 0 ? '' : '?query=tool:never%20OR%20nothing*';
      socket.write(head(`GET /v1/tail${query}`, { ...bearer(ground.viewer), Connection: 'close' }));
      return answer;
    });
    for (let i = 0; i < count / 2; i++) {
      await ground.record(
        `[${Array.from({ length: 100 }, () => event('tailed', 'word '.repeat(300)))}]`,
      );
    }
    for (const socket of sockets) socket.end();
    for (const answer of answers) expect(statuses(await answer), [200, 429]);
    return count;
  },
};

/** Refused only with when to come again. */
function orderly({ status, text, headers }: Reply, allowed: readonly number[]): void {
  if (!allowed.includes(status)) throw new Error(`${status} ${text.slice(0, 200)}`);
  if (status === 429 && headers['retry-after'] === undefined) {
    throw new Error('429 without Retry-After');
  }
}

/** `count` things, so many at once. */
export async function atOnce<T>(
  count: number,
  lanes: number,
  each: (i: number) => Promise<T>,
): Promise<T[]> {
  const done: T[] = [];
  let next = 0;
  const lane = async () => {
    while (next < count) done.push(await each(next++));
  };
  await Promise.all(Array.from({ length: Math.min(lanes, count) }, lane));
  return done;
}
