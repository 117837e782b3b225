/** Records a whole corpus as fast as tree and index keep up, and says what that took. */
import { setTimeout as pause } from 'node:timers/promises';
import { BODY_EVENTS, type Corpus } from './corpus/corpus.ts';
import { perSecond, spread } from './measure.ts';
import type { Ground } from './part/part.ts';
import { folderBytes, memoryOf, startMeter } from './process.ts';
import type { Server } from './server.ts';
import { whole } from './server.ts';

/** Connections at once. */
const LANES = 8;
/** Events behind which the client holds back: what it sends then is what can go on for ever. */
const HELD_LAG = 50_000;
/** How often the lag is looked at. */
const LOOK_MS = 250;
/** How long a client waits that was told to come again (429). */
const AGAIN_MS = 100;
const MEGABYTE = 1e6;

export async function fill(ground: Ground): Promise<void> {
  const { corpus } = ground;
  const server = await ground.serving();
  const spent = startMeter({ server: server.cpu_s });
  const began = performance.now();
  const shown = ground.progress('recording', corpus.count);
  const watch = watchLag(server);
  await send(server, corpus, {
    hold: async () => {
      while (watch.lag() > HELD_LAG) await pause(LOOK_MS);
    },
    done: (bodies) => shown.at(bodies * BODY_EVENTS),
  });
  const lags = watch.stop();
  const status = await server.caughtUp();
  const ms = performance.now() - began;
  shown.stop();
  const recorded = status.tenants.reduce((sum, tenant) => sum + tenant.recorded, 0);
  if (recorded < corpus.count) throw new Error(`Only ${recorded} events are in the trail.`);
  ground.note('sustained', {
    values: { value: perSecond(corpus.count, ms), events: corpus.count },
    cpu_s: spent(),
  });
  ground.note('sustained.lag', { values: spread(lags) });
  const peak = memoryOf(server.pid)?.peak;
  if (peak !== undefined) {
    ground.note('memory.ingest', { values: { value: Math.round(peak / MEGABYTE) } });
  }
  const bytes = folderBytes(ground.trail) / recorded;
  const json = corpus.size_bytes / corpus.count;
  ground.note('size', { values: { value: Math.round(bytes), json: Math.round(json) } });
}

export type Pace = {
  /** Waited for before each body. */
  readonly hold: () => Promise<void>;
  readonly done: (bodies: number) => void;
};

export const UNPACED: Pace = { hold: async () => {}, done: () => {} };

/** Sends every body of a corpus; resolves when all are acknowledged. Throws for a refusal. */
export async function send(server: Server, corpus: Corpus, pace: Pace): Promise<void> {
  let next = 0;
  let done = 0;
  const lane = async () => {
    while (next < corpus.bodies) {
      const place = next++;
      const body = await corpus.body(place);
      await pace.hold();
      await post(server, body);
      pace.done(++done);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** Sends a body until it is taken; throws for a refusal of it or of one of its events. */
export async function post(server: Server, body: Buffer): Promise<void> {
  for (;;) {
    const answer = await server.record(body);
    if (answer.status !== 429) {
      const { rejected } = JSON.parse(whole('/v1/events', answer)) as { rejected: number };
      if (rejected === 0) return;
      throw new Error(`${rejected} events were rejected: ${answer.text.slice(0, 300)}`);
    }
    await pause(AGAIN_MS);
  }
}

function watchLag(server: Server) {
  const lags: number[] = [];
  let over = false;
  const look = async () => {
    while (!over) {
      lags.push((await server.status()).engine.lag);
      await pause(LOOK_MS);
    }
  };
  const looking = look();
  // What fails here fails the requests that record as well, and is told there.
  looking.catch(() => undefined);
  return {
    lag: () => lags.at(-1) ?? 0,
    stop: () => {
      over = true;
      return lags;
    },
  };
}
