/** A crew of threads over a data folder. */
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type Link, openLink } from '../../engine/sqlite/link.ts';
import { Fault } from '../../fault/fault.ts';
import type { BundleRange, BundleRoots, CheckedRun, Crew, RunCheck } from './crew.ts';

/** What a thread is started with. */
export type CrewOptions = {
  /** The data folder, absolute. */
  readonly data: string;
  /** Whether records are opened with the keys beside them. */
  readonly keys: 'use' | 'leave';
  /** Entries for which threads are started. Default 32,768. */
  readonly least?: number;
};

/** What a thread is asked. */
export type Job =
  | { readonly kind: 'roots'; readonly range: BundleRange }
  | { readonly kind: 'run'; readonly check: RunCheck };

/** More threads wait for the disk, and each holds its own keys. */
const MOST_THREADS = 8;
/** Starting two threads takes as long as checking so many entries. */
const LEAST = 32_768;
/** What a thread drops at once: all of its garbage is short-lived. */
const YOUNG_MB = 16;

/** A crew for a data folder; its threads start with the first job. */
export function openCrew(options: CrewOptions): Crew {
  const { least = LEAST } = options;
  let entries = 0;
  const size = Math.min(availableParallelism(), MOST_THREADS);
  const threads: Thread[] = [];
  const ask = async (job: Job): Promise<unknown> => {
    while (threads.length < size) threads.push(start(options));
    const thread = threads.reduce((least, other) => (other.busy < least.busy ? other : least));
    thread.busy++;
    return thread.link.ask(job).finally(() => thread.busy--);
  };
  return {
    jobs: 2 * size,
    worth(more) {
      entries += more;
      return entries >= least;
    },
    roots: (range) => ask({ kind: 'roots', range }) as Promise<BundleRoots>,
    run: (check) => ask({ kind: 'run', check }) as Promise<CheckedRun | undefined>,
    close: async () => {
      await Promise.all(threads.map(({ worker }) => worker.terminate()));
    },
  };
}

type Thread = { readonly worker: Worker; readonly link: Link; busy: number };

function start(options: CrewOptions): Thread {
  const entry = `./thread${extname(import.meta.filename)}`;
  const worker = new Worker(new URL(entry, import.meta.url), {
    workerData: options,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  });
  const link = openLink(worker, () => undefined);
  worker.on('error', (cause) => {
    link.fail(new Fault('internal.bug', 'A thread of the verifier stopped.', { cause }));
  });
  return { worker, link, busy: 0 };
}
