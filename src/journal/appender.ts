/** Writes groups of frames to the end of the active file, and begins the next when it is full. */

import type { SealedEvent } from '../seal/seal.ts';
import type { Disk } from '../store/disk.ts';
import type { Chain } from './chain.ts';
import type { Health } from './health.ts';
import { createLog, type Log, makeLogDurable, newLog } from './log.ts';

/** One append call: its events and their frames. */
type Batch = {
  readonly events: readonly SealedEvent[];
  readonly frames: Buffer;
  readonly bytes: number;
};

export type Appender = {
  /** Resolves when all frames are durable; where it rejects, none of the group counts. */
  readonly commit: (group: readonly Batch[]) => Promise<void>;
  readonly close: () => Promise<void>;
};

export type AppenderOptions = {
  readonly dir: string;
  readonly disk: Disk;
  readonly chain: Chain;
  readonly health: Health;
  /** The active file, opened as a log. */
  readonly file: number;
  /** Size above which the next file is begun. */
  readonly file_bytes: number;
};

export function newAppender(options: AppenderOptions): Appender {
  const { dir, disk, chain, health, file_bytes } = options;
  let { file } = options;

  async function rotate(): Promise<void> {
    const log = newLog(dir, chain.head());
    const next = await createDurable(options, log);
    await disk.close(file);
    file = next;
    chain.addLog(log);
  }

  return {
    async commit(group) {
      health.check();
      const bytes = group.reduce((sum, batch) => sum + batch.bytes, 0);
      const log = chain.active();
      if (log.offsets.count() > 0 && log.bytes + bytes > file_bytes) await rotate();
      await writeGroup(options, file, group);
      health.written();
      for (const { events } of group) chain.publish(events);
    },
    close: () => disk.close(file),
  };
}

/** Nothing is written to a new file before its header and its name are durable. */
async function createDurable({ dir, disk, health }: AppenderOptions, log: Log): Promise<number> {
  const file = await createLog(disk, log).catch((error) => {
    throw health.refused(error, `the journal file ${log.name}`);
  });
  await makeLogDurable(disk, dir, file).catch(async (error) => {
    await disk.close(file);
    throw health.failed(error, `the journal file ${log.name}`);
  });
  return file;
}

async function writeGroup(
  { disk, chain, health }: AppenderOptions,
  file: number,
  group: readonly Batch[],
): Promise<void> {
  const { bytes, name } = chain.active();
  const what = `the journal file ${name}`;
  const buffers = group.map(({ frames }) => frames);
  try {
    await disk.append(file, buffers, bytes);
  } catch (error) {
    // A part may be written: it is cut off for good before anything else is written in its place,
    // lest a machine that stops leave a mixture of both, which no crash explains. What was synced
    // before stays so: a sync that failed can lose no more than what is cut off.
    await cutOff(disk, file, bytes).catch((cause) => {
      throw health.failed(cause, what);
    });
    throw health.refused(error, what);
  }
}

async function cutOff(disk: Disk, file: number, bytes: number): Promise<void> {
  await disk.truncate(file, bytes);
  await disk.sync(file);
}
