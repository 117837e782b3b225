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

/** What was read at once. The next part overwrites the bytes of its records: copy what you keep. */
type Part = readonly Scanned[];

/**
 * Every record and every damaged range of a journal's folder, in order; changes nothing. What is
 * missing between files shows as a gap in `seq`. Throws `data.newer` and `data.unreadable`,
 * never for damage; a folder or a file that is not there holds nothing.
 */
export async function* scanJournal(
  dir: string,
  disk: Disk = realDisk,
): AsyncGenerator<Part, void, void> {
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

async function* scanLog(disk: Disk, log: Log, file: number): AsyncGenerator<Part, void, void> {
  const header = Buffer.alloc(LOG_HEADER_BYTES);
  const read = await disk.read(file, header, 0);
  const begin = isLogHeader(header.subarray(0, read), log.first) ? LOG_HEADER_BYTES : 0;
  const tail = yield* scanFrom({ disk, log, file, from: begin });
  if (tail === undefined) return;
  await setTimeout(SETTLE_MS);
  const left = yield* scanFrom({ disk, log, file, from: tail.offset });
  if (left !== undefined) yield [{ damage: { file: log.name, ...left } }];
}

type Stretch = {
  readonly disk: Disk;
  readonly log: Log;
  readonly file: number;
  readonly from: number;
};
type Range = { readonly offset: number; readonly bytes: number };

/** Returns the damaged range that the file ends with, if it does. */
async function* scanFrom(stretch: Stretch): AsyncGenerator<Part, Range | undefined, void> {
  const { disk, log, file, from } = stretch;
  const to = await disk.size(file);
  let tail: Range | undefined;
  for await (const { window, found } of walkFrames({ disk, file, from, to })) {
    const part: Scanned[] = [];
    for (const item of found) {
      const { offset, bytes } = item;
      if (item.kind === 'frame') part.push({ record: frameRecord(window, item.at) });
      else if (offset + bytes >= to) tail = { offset, bytes };
      else part.push({ damage: { file: log.name, offset, bytes } });
    }
    yield part;
  }
  return tail;
}

async function firstsOf(disk: Disk, dir: string): Promise<readonly number[]> {
  return (await listLogs(disk, dir).catch(ignoreAbsent)) ?? [];
}

function ignoreAbsent(error: unknown): undefined {
  if (!isAbsent(error)) throw readFault(error, 'the journal');
}
