/** A process that appends to the journal of its first argument and prints each acknowledged id. */
import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { openFileJournal } from '../../src/journal/file.ts';
import { sealed } from './sealed.ts';

const [dir = ''] = process.argv.slice(2);
const journal = await openFileJournal({ dir, base: { sizes: {} }, file_bytes: 20_000 });

async function lane(tenant: string): Promise<never> {
  for (;;) {
    const count = 1 + Math.floor(Math.random() * 5);
    const events = Array.from({ length: count }, () => ({
      ...sealed(count, tenant, Math.floor(Math.random() * 2000)),
      id: randomUUID(),
    }));
    const places = await journal.append(events);
    const lines = places.map(({ seq }, i) => `${events[i]?.id} ${seq}\n`);
    writeSync(1, lines.join(''));
  }
}

await Promise.all(['a', 'b', 'c', 'd'].map(lane));
