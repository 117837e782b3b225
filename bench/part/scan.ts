/** What people reach for when there is nothing but a log: grep and jq. */

import { whereItRuns } from '../peer/peer.ts';
import { measureScans } from '../peer/scan.ts';
import type { Part } from './part.ts';

export const scan: Part = {
  name: 'scan',
  about: 'peer: grep and jq over JSON lines',
  run: (ground) =>
    whereItRuns(ground, { peer: 'grep', id: 'search.timeline' }, () => measureScans(ground)),
};
