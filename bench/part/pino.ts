/** What most programs do today: a structured log in a file. */

import { whereItRuns } from '../peer/peer.ts';
import { measurePino } from '../peer/pino.ts';
import type { Part } from './part.ts';

export const pino: Part = {
  name: 'pino',
  about: 'peer: pino to a file, without and with fsync',
  run: (ground) => whereItRuns(ground, { peer: 'pino', id: 'batch' }, () => measurePino(ground)),
};
