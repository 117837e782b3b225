/** How long one event takes from request to durable answer, at a thousand requests a second. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Corpus } from '../corpus/corpus.ts';
import { wholeBodies } from '../ground.ts';
import { spread } from '../measure.ts';
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
  await paced(server, lines.slice(0, warm));
  const spent = startMeter({ server: server.cpu_s });
  const { took, late } = await paced(server, lines.slice(warm));
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

/**
 * Open loop: a request is sent when it is due, whether or not those before were answered. Measured
 * from the sending; how much later than due that was is told apart, since it is the client's own.
 */
async function paced(server: Server, lines: readonly Buffer[]) {
  const took: number[] = [];
  const late: number[] = [];
  const waiting: Promise<unknown>[] = [];
  const began = performance.now();
  for (const [i, line] of lines.entries()) {
    const due = began + i / PER_MS;
    const early = due - performance.now();
    if (early > 0) await pause(early);
    const sent = performance.now();
    late.push(sent - due);
    const answered = server.record(line).then((answer) => {
      whole('/v1/events', answer);
      took.push(performance.now() - sent);
    });
    // Nobody awaits it yet; what failed is thrown below.
    answered.catch(() => undefined);
    waiting.push(answered);
  }
  await Promise.all(waiting);
  return { took, late };
}
