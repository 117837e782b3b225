/** Records all events of the run, with tree and index keeping up, and what that takes in memory. */
import type { Part } from './part.ts';

export const sustained: Part = {
  name: 'sustained',
  about: 'all events recorded with tree and index keeping up; peak memory; bytes on disk',
  run: (ground) => ground.filled(),
};
