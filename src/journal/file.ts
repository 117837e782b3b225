/** A journal in append-only files with group commit: durable on one machine. */

import type { SealedEvent } from '../seal/seal.ts';
import { type Disk, realDisk, writeFault } from '../store/disk.ts';
import { makeFolder } from '../store/folders.ts';
import { type Appender, newAppender } from './appender.ts';
import { type Chain, openChain } from './chain.ts';
import { frameBytes, requireEncodable, writeFrame } from './frame.ts';
import { groupCommit } from './group.ts';
import { type Health, newHealth } from './health.ts';
import type { Journal, JournalBase, Position } from './journal.ts';
import { createLog, type Log, makeLogDurable, newLog } from './log.ts';
import { closing, newPlaces, type Places } from './order.ts';
import { type OnRecord, type Recovered, recoverLogs } from './recover.ts';

const FILE_BYTES = 64 * 1024 * 1024;

export type FileJournalOptions = {
  /** The folder of the journal's files; made where it is missing. Only one process may open it. */
  readonly dir: string;
  readonly base: JournalBase;
  /** A file that would grow above this is closed and the next begun. Default 64 MiB. */
  readonly file_bytes?: number;
  readonly disk?: Disk;
  /** Told of each record that is there already, while opening reads them all anyway. */
  readonly onRecord?: OnRecord;
};

/** Opens or makes a journal; throws as `recoverLogs` does for a damaged one. */
export async function openFileJournal(options: FileJournalOptions): Promise<Journal> {
  const { dir, base, file_bytes = FILE_BYTES, disk = realDisk, onRecord } = options;
  await makeFolder(dir, disk).catch((error) => {
    throw writeFault(error, `the folder ${dir}`);
  });
  const recovered = await recoverLogs({ dir, base, disk, onRecord });
  const { log, file } = await openActive(dir, disk, recovered);
  const logs = [...recovered.logs.slice(0, -1), log];
  const chain = openChain(dir, disk, { ...recovered, logs });
  const health = newHealth();
  const appender = newAppender({ dir, disk, chain, health, file, file_bytes });
  return journalOver({ chain, health, appender, recovered_bytes: recovered.recovered_bytes });
}

async function openActive(dir: string, disk: Disk, { logs, head }: Recovered) {
  const log: Log = logs.at(-1) ?? newLog(dir, head);
  try {
    if (logs.length > 0) {
      // The process before may have stopped between making or removing a file and this sync.
      await disk.syncFolder(dir);
      return { log, file: await disk.open(log.path, 'log') };
    }
    const file = await createLog(disk, log);
    await makeLogDurable(disk, dir, file);
    return { log, file };
  } catch (error) {
    throw writeFault(error, `the journal file ${log.name}`);
  }
}

type Parts = {
  readonly chain: Chain;
  readonly health: Health;
  readonly appender: Appender;
  readonly recovered_bytes: number;
};

function journalOver({ chain, health, appender, recovered_bytes }: Parts): Journal {
  const append = appending(chain, health, appender);
  let closed: Promise<void> | undefined;

  /** What a closed journal no longer does. */
  async function open<T>(work: () => Promise<T>): Promise<T> {
    if (closed !== undefined) throw closing();
    return work();
  }

  return {
    append: (events) => open(() => append.push(events)),
    read: (seq, limit) => open(() => chain.read(seq, limit)),
    find: (tenant, index) => open(() => chain.find(tenant, index)),
    first: chain.first,
    head: chain.head,
    size: (tenant) => chain.sizes.get(tenant) ?? 0,
    tenants: () => [...chain.sizes.keys()].sort(),
    follow: append.follow,
    release: chain.release,
    status: () => ({
      state: closed === undefined ? health.state() : 'closed',
      first: chain.first(),
      head: chain.head(),
      bytes: chain.bytes(),
      recovered_bytes,
    }),
    close() {
      closed ??= append.idle().then(appender.close);
      return closed;
    },
  };
}

function appending(chain: Chain, health: Health, appender: Appender) {
  const followers = new Set<() => void>();
  let places = openPlaces();
  const queue = groupCommit(appender.commit, {
    committed() {
      for (const onAppend of followers) queueMicrotask(onAppend);
    },
    refused() {
      places = openPlaces();
    },
  });

  function openPlaces(): Places {
    return newPlaces({ head: chain.head(), sizes: chain.sizes });
  }

  return {
    async push(events: readonly SealedEvent[]): Promise<readonly Position[]> {
      health.check();
      if (events.length === 0) return [];
      for (const event of events) requireEncodable(event);
      const positions = events.map(({ tenant }) => places.next(tenant));
      const frames = encode(events, positions, chain.head());
      await queue.push({ events, frames, bytes: frames.length });
      return positions;
    },
    follow(onAppend: () => void): () => void {
      followers.add(onAppend);
      return () => followers.delete(onAppend);
    },
    idle: queue.idle,
  };
}

/** The frames of neighbouring events; `synced` is what is durable already. */
function encode(
  events: readonly SealedEvent[],
  positions: readonly Position[],
  synced: number,
): Buffer {
  const frames = Buffer.allocUnsafe(events.reduce((sum, event) => sum + frameBytes(event), 0));
  let at = 0;
  for (const [i, event] of events.entries()) {
    at = writeFrame(frames, at, { ...event, ...(positions[i] as Position), synced });
  }
  return frames;
}
