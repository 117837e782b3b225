/** What a careful engineer would use on one machine: one SQLite table. */
import { measureDatabase } from '../peer/database.ts';
import { whereItRuns } from '../peer/peer.ts';
import { sqlitePeer } from '../peer/sqlite.ts';
import type { Part } from './part.ts';

export const sqlite: Part = {
  name: 'sqlite',
  about: 'peer: one SQLite table with ordinary indexes and a word index',
  run: (ground) =>
    whereItRuns(ground, { peer: 'sqlite', id: 'batch' }, () => measureDatabase(ground, sqlitePeer)),
};
