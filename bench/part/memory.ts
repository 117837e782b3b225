/** What the server holds in memory when nobody asks anything; its peak is the part `sustained`'s. */
import { setTimeout as pause } from 'node:timers/promises';
import { memoryOf } from '../process.ts';
import type { Part } from './part.ts';

const REST_MS = 5000;
const MEGABYTE = 1e6;

export const memory: Part = {
  name: 'memory',
  about: 'resident memory of the server at rest, after what was done with it before',
  run: async (ground) => {
    await ground.filled();
    const server = await ground.serving();
    await pause(REST_MS);
    const found = memoryOf(server.pid);
    if (!found) return;
    const value = Math.round(found.resident / MEGABYTE);
    ground.note('memory.rest', { values: { value, peak: Math.round(found.peak / MEGABYTE) } });
  },
};
