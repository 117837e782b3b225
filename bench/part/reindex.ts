/** How fast the search index is made anew from journal and archive. */
import { perSecond, rounded } from '../measure.ts';
import { clawctl } from '../server.ts';
import type { Part } from './part.ts';

export const reindex: Part = {
  name: 'reindex',
  about: 'clawctl reindex of the whole trail',
  run: async (ground) => {
    await ground.filled();
    await ground.resting();
    const { text, ms, cpu_s } = await clawctl(ground, [
      'reindex',
      '--data',
      ground.trail,
      '--json',
    ]);
    const { events } = JSON.parse(text) as { events: number };
    const values = { value: perSecond(events, ms), events };
    ground.note('reindex', { values, cpu_s: { clawctl: rounded(cpu_s) } });
  },
};
