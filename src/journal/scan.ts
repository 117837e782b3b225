/** Reads a journal's files as they are, without a lock, for who must see damage and go on. */
import { setTimeout } from 'node:timers/promises';
import { type Disk, isAbsent, readFault, realDisk } from '../store/disk.ts';
import { frameRecord } from './frame.ts';
import type { JournalRecord } from './journal.ts';
import { isLogHeader, LOG_HEADER_BYTES, type Log, listLogs, newLog } from './log.ts';
import { walkFrames } from './walk.ts';

/** A record, or bytes of a file that hold none: `file` is a name in the journal's folder. */
export type Scanned =
  | { readonly record: JournalRecord }
  | { readonly damage: { readonly file: string; readonly offset: number; readonly bytes: number } };

/** How long a broken end of a file is given to become whole: its writer may be at it. */
const SETTLE_MS = 100;

/**
 * Every record and every damaged range of a journal's folder, in order; changes nothing. What is
 * missing between files shows as a gap in `seq`. Throws `data.newer` and `data.unreadable`,
 * never for damage; a folder or a file that is not there holds nothing.
 */
export async function* scanJournal(
  dir: string,
  disk: Disk = realDisk,
): AsyncGenerator<Scanned, void, void> {
  for (const first of await firstsOf(disk, dir)) {
    const log = newLog(dir, first);
    const file = await disk.open(log.path, 'read').catch(ignoreAbsent);
    if (file === undefined) continue;
    try {
      yield* scanLog(disk, log, file);
    } catch (error) {
      throw readFault(error, log.path);
    } finally {
      await disk.close(file);
    }
  }
}

async function* scanLog(disk: Disk, log: Log, file: number): AsyncGenerator<Scanned, void, void> {
  const header = Buffer.alloc(LOG_HEADER_BYTES);
  const read = await disk.read(file, header, 0);
  const begin = isLogHeader(header.subarray(0, read), log.first) ? LOG_HEADER_BYTES : 0;
  const tail = yield* scanFrom({ disk, log, file, from: begin });
  if (tail === undefined) return;
  await setTimeout(SETTLE_MS);
  const left = yield* scanFrom({ disk, log, file, from: tail.offset });
  if (left !== undefined) yield { damage: { file: log.name, ...left } };
}

type Part = {
  readonly disk: Disk;
  readonly log: Log;
  readonly file: number;
  readonly from: number;
};
type Range = { readonly offset: number; readonly bytes: number };

/** Returns the damaged range that the file ends with, if it does. */
async function* scanFrom(part: Part): AsyncGenerator<Scanned, Range | undefined, void> {
  const { disk, log, file, from } = part;
  const to = await disk.size(file);
  for await (const { window, found } of walkFrames({ disk, file, from, to })) {
    for (const item of found) {
      const { offset, bytes } = item;
      if (item.kind === 'frame') {
        const frame = Buffer.from(window.subarray(item.at, item.at + bytes));
        yield { record: frameRecord(frame, 0) };
      } else if (offset + bytes >= to) {
        return { offset, bytes };
      } else {
        yield { damage: { file: log.name, offset, bytes } };
      }
    }
  }
  return undefined;
}

async function firstsOf(disk: Disk, dir: string): Promise<readonly number[]> {
  return (await listLogs(disk, dir).catch(ignoreAbsent)) ?? [];
}

function ignoreAbsent(error: unknown): undefined {
  if (!isAbsent(error)) throw readFault(error, 'the journal');
}
