/** pino to a file: what most programs do today. It writes; it neither proves nor searches. */
import { fsyncSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BODY_EVENTS } from '../corpus/corpus.ts';
import type { Generated } from '../generate.ts';
import { perSecond, spread } from '../measure.ts';
import type { Ground } from '../part/part.ts';
import { startMeter } from '../process.ts';
import { load } from './load.ts';
import { peerBodies } from './peer.ts';

type Logger = { readonly info: (fields: object) => void };
type Destination = { readonly flushSync: () => void; readonly end: () => void };
type Pino = ((options: object, destination: Destination) => Logger) & {
  readonly destination: (options: object) => Destination;
};

/** How often the file is synced: never, after each hundred events, after each. */
const WAYS = ['pino', 'pino_sync_100', 'pino_sync_1'] as const;
type Way = (typeof WAYS)[number];

/** What pino's own documentation gathers before it writes. */
const BUFFER_BYTES = 4096;

/** With a sync for each event, more would only take longer. */
const MOST_EVENTS: Readonly<Record<Way, number>> = {
  pino: Number.POSITIVE_INFINITY,
  pino_sync_100: 200_000,
  pino_sync_1: 5000,
};

export async function measurePino(ground: Ground): Promise<void> {
  const pino = await load<Pino>('pino');
  for (const way of WAYS) await measure(ground, pino, way);
}

async function measure(ground: Ground, pino: Pino, way: Way): Promise<void> {
  const { corpus } = ground;
  const bodies = Math.min(peerBodies(corpus), MOST_EVENTS[way] / BODY_EVENTS);
  const file = join(ground.folder, 'peer.pino.log');
  const fd = openSync(file, 'w');
  const destination = pino.destination({ fd, sync: true, minLength: BUFFER_BYTES });
  const write = openWrite(way, { logger: pino({}, destination), destination, fd });
  const costs: number[] = [];
  const spent = startMeter();
  let events = 0;
  for (let i = 0; i < bodies; i++) {
    const body = (await corpus.body(i)).toString().trimEnd().split('\n');
    // A program that logs has its objects at hand: reading them is not pino's work.
    const drafts = body.map((line) => JSON.parse(line) as Generated);
    events += drafts.length;
    costs.push(...write(drafts));
  }
  destination.flushSync();
  destination.end();
  rmSync(file);
  const ms = costs.reduce((sum, cost) => sum + cost, 0);
  const values = { value: perSecond(events, ms), events };
  ground.notePeer(way, 'batch', { values, cpu_s: spent() });
  if (way === 'pino_sync_1') ground.notePeer(way, 'latency.idle', { values: spread(costs) });
}

type Writing = {
  readonly logger: Logger;
  readonly destination: Destination;
  readonly fd: number;
};

/** Logs some events; what it gives back adds up to the milliseconds that it took. */
function openWrite(way: Way, { logger, destination, fd }: Writing) {
  const sync = () => {
    destination.flushSync();
    fsyncSync(fd);
  };
  const log = (drafts: readonly Generated[]): number => {
    const began = performance.now();
    for (const draft of drafts) logger.info(draft);
    if (way !== 'pino') sync();
    return performance.now() - began;
  };
  return (drafts: readonly Generated[]): readonly number[] =>
    way === 'pino_sync_1' ? drafts.map((draft) => log([draft])) : [log(drafts)];
}
