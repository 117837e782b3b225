/** What the disk alone does: appends as a journal's, at a fixed rate, beside the data folder. */
import { spawnSync } from 'node:child_process';
import { closeSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { realDisk } from '../src/store/disk.ts';
import { paced } from './paced.ts';

/** As many bytes as the record of a decision has. */
const BYTES = 5000;
const PER_MS = 0.5;
const APPENDS = 1500;
/** A sync that takes longer is a disk that is busy with something else. */
const BUSY_MS = 20;
const TURNS = 40;

/**
 * Waits until the disk has done what it owes: events that were just made, folders that were just
 * deleted. Returns the last turn's appends, in milliseconds; after two minutes also busy ones.
 */
export async function settledDisk(folder: string): Promise<readonly number[]> {
  // The kernel would begin to write the events that were made half a minute later: just then.
  spawnSync('sync');
  const path = join(folder, 'disk-probe');
  const file = await emptyLog(path);
  const bytes = [Buffer.alloc(BYTES, 1)];
  try {
    for (let turn = 1; ; turn++) {
      let last: Promise<unknown> = Promise.resolve();
      const { took } = await paced(APPENDS, PER_MS, (i) => {
        // One after the other, as a journal does it.
        last = last.then(() => realDisk.append(file, bytes, (turn * APPENDS + i) * BYTES));
        return last;
      });
      if (turn === TURNS || Math.max(...took) < BUSY_MS) return took;
    }
  } finally {
    closeSync(file);
    rmSync(path);
  }
}

/** A new file, opened as the journal opens its own. */
export async function emptyLog(path: string): Promise<number> {
  writeFileSync(path, '', { mode: 0o600 });
  return realDisk.open(path, 'log');
}
