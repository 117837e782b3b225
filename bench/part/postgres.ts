/** What a team would use: a table in PostgreSQL. */
import { measureDatabase } from '../peer/database.ts';
import { whereItRuns } from '../peer/peer.ts';
import { postgresPeer } from '../peer/postgres.ts';
import type { Part } from './part.ts';

export const postgres: Part = {
  name: 'postgres',
  about: 'peer: PostgreSQL with ordinary indexes and a text index',
  run: (ground) =>
    whereItRuns(ground, { peer: 'postgres', id: 'batch' }, () =>
      measureDatabase(ground, postgresPeer),
    ),
};
