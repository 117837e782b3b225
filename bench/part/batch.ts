/** How many events are acknowledged in batches of a hundred, as fast as they can be sent. */
import { send, UNPACED } from '../fill.ts';
import { wholeBodies } from '../ground.ts';
import { median, perSecond, repeated, timed } from '../measure.ts';
import { startMeter } from '../process.ts';
import type { Part } from './part.ts';

/** The first round warms up and does not count. */
const ROUNDS = 5;
/** Events of a round, where the run is large enough. */
const MOST = 20_000;
const SHARE = 0.06;

export const batch: Part = {
  name: 'batch',
  about: 'batches of 100 as NDJSON, acknowledged, on a full trail',
  run: async (ground) => {
    await ground.filled();
    const server = await ground.serving();
    const count = wholeBodies(Math.min(MOST, ground.events * SHARE));
    const spent = startMeter({ server: server.cpu_s });
    const rates = await repeated({ times: ROUNDS, budget_ms: 60_000, least: 2 }, async () => {
      const corpus = await ground.extra(count);
      const ms = await timed(() => send(server, corpus, UNPACED));
      await server.caughtUp();
      await corpus.close();
      return perSecond(count, ms);
    });
    const values = { ...median(rates.slice(1)), events: count * rates.length };
    ground.note('batch', { values, cpu_s: spent(), note: 'CPU includes tree and index' });
  },
};
