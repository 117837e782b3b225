/** How long one event takes from request to durable answer, at a thousand requests a second. */
import type { Corpus } from '../corpus/corpus.ts';
import { wholeBodies } from '../ground.ts';
import { spread } from '../measure.ts';
import { paced } from '../paced.ts';
import { startMeter } from '../process.ts';
import { type Server, whole } from '../server.ts';
import type { Ground, Part } from './part.ts';

const PER_MS = 1;
/** The most requests that are measured; a small run has fewer, or it would measure little else. */
const MOST = 10_000;
const SHARE = 0.1;
/** Requests before, which warm the server up, as a share of those that are measured. */
const WARM_UP = 0.2;

export const latency: Part = {
  name: 'latency',
  about: 'one event a request at 1,000 requests/s, on an empty and on a full trail',
  run: async (ground) => {
    if (ground.isEmpty()) await measure(ground, 'latency.idle');
    await ground.filled();
    await measure(ground, 'latency.loaded');
  },
};

async function measure(ground: Ground, id: string): Promise<void> {
  const server = await ground.serving();
  const count = wholeBodies(Math.min(MOST, ground.events * SHARE));
  const warm = wholeBodies(count * WARM_UP);
  const corpus = await ground.extra(warm + count);
  const lines = await linesOf(corpus);
  await corpus.close();
  await paced(warm, PER_MS, (i) => recorded(server, lines[i]));
  const spent = startMeter({ server: server.cpu_s });
  const rest = lines.length - warm;
  const { took, late } = await paced(rest, PER_MS, (i) => recorded(server, lines[warm + i]));
  ground.note(id, {
    values: { ...spread(took), client_late_p99: spread(late)['p99'] ?? 0 },
    cpu_s: spent(),
  });
  await server.caughtUp();
}

async function linesOf(corpus: Corpus): Promise<readonly Buffer[]> {
  const lines: Buffer[] = [];
  for (let i = 0; i < corpus.bodies; i++) {
    const text = (await corpus.body(i)).toString();
    for (const line of text.trimEnd().split('\n')) lines.push(Buffer.from(line));
  }
  return lines;
}

async function recorded(server: Server, line: Buffer | undefined): Promise<void> {
  whole('/v1/events', await server.record(line ?? Buffer.alloc(0)));
}
