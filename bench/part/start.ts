/** How long a server takes until it is ready, and until it has answered. */
import { questions } from '../corpus/question.ts';
import { repeated, rounded, spread } from '../measure.ts';
import type { Part } from './part.ts';
import { pathOf } from './search.ts';

const STARTS = { times: 5, budget_ms: 20_000, least: 3 };
const SEED = 5;

export const start: Part = {
  name: 'start',
  about: 'from the start of the process to ready, and to the first timeline',
  run: async (ground) => {
    await ground.filled();
    const { timeline } = await questions(ground.corpus, { count: STARTS.times, seed: SEED });
    const runs = await repeated(STARTS, async (i) => {
      await ground.resting();
      const began = performance.now();
      const server = await ground.serving();
      const ready = performance.now() - began;
      const question = timeline[i];
      if (question) await server.get(pathOf('timeline', question));
      return { ready, answer: performance.now() - began, cpu_s: server.cpu_s() };
    });
    const cpu_s = { server: rounded(runs.reduce((sum, run) => sum + run.cpu_s, 0)) };
    ground.note('start.ready', { values: spread(runs.map((run) => run.ready)), cpu_s });
    ground.note('start.answer', { values: spread(runs.map((run) => run.answer)) });
  },
};
