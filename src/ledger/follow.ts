/** The ledger as a follower of the journal: a timer drives it, tests call its steps. */
import { asFault, type Fault } from '../fault/fault.ts';
import type { Journal } from '../journal/journal.ts';
import type { Signer } from '../seal/seal.ts';
import type { Store } from '../store/store.ts';
import { openArchive } from './archive.ts';
import { openArchiver, type SegmentLimit } from './archiver.ts';
import { readProgress } from './head.ts';
import { openIntegrator } from './integrator.ts';
import type { Ledger, LedgerSizes } from './ledger.ts';
import { openReader } from './reader.ts';
import { startLogs } from './start.ts';
import { coalesce, startTimer } from './turn.ts';

export type LedgerOptions = {
  readonly store: Store;
  /** Opened with `journalBase(store)`. */
  readonly journal: Journal;
  /** Must give the same signer for a tenant each time. */
  readonly signerFor: (tenant: string) => Promise<Signer>;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** How often new records are integrated, in milliseconds; 0 for never by itself. */
  readonly interval_ms: number;
  /** What the journal may hold before records move to the archive. */
  readonly archive: SegmentLimit;
  /** The oldest seq that other followers still have to read from the journal. */
  readonly keepFrom?: () => number;
  /** Told of each failure of the timer's steps, `data.full` among them. */
  readonly onFault?: (fault: Fault) => void;
};

/**
 * Checks what was signed against what is held, catches up with the journal, and follows it.
 * Throws what `startLogs` throws: `ledger.cut`, `ledger.forked`, `ledger.damaged`.
 */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const { store, journal, signerFor } = options;
  /** Callers for whom the archiver hurries. */
  let waiting = 0;
  const archive = await openArchive(store);
  const progress = await readProgress(store);
  const { bytes, ...started } = await startLogs({ ...options, archive, progress });
  const archiver = openArchiver({
    ...{ ...options, limit: options.archive, archive, progress },
    hurries: () => waiting > 0,
  });
  archiver.seen(bytes);
  const { integrate, logs } = await openIntegrator({ ...options, archiver, ...started });
  const published = (tenant: string) => logs.get(tenant)?.published();
  const { archived } = archiver;
  const archiveDue = coalesce(archiver.run);
  const stop = startSteps({ integrate, archive: archiveDue }, options);

  return {
    ...openReader({ store, journal, archive, signerFor, archived, published }),
    integrate,
    async archive() {
      waiting++;
      await archiveDue().finally(() => waiting--);
    },
    async signNow(tenant) {
      await integrate();
      return published(tenant);
    },
    sizes() {
      const of = (tenant: string): LedgerSizes => ({
        recorded: journal.size(tenant),
        tree: published(tenant)?.size ?? 0,
        archived: archived(tenant),
      });
      return new Map([...logs.keys()].map((tenant) => [tenant, of(tenant)]));
    },
    async close() {
      waiting++;
      await stop();
      await integrate();
    },
  };
}

/** Takes the steps at their interval; the returned function resolves when the last has ended. */
function startSteps(
  { integrate, archive }: Pick<Ledger, 'integrate' | 'archive'>,
  { interval_ms, onFault }: LedgerOptions,
): () => Promise<void> {
  const onError = (error: unknown) => onFault?.(asFault(error));
  let archiving: Promise<unknown> | undefined;
  const timer = startTimer(
    async () => {
      await integrate();
      // Trees are signed while it goes on.
      archiving = archive().catch(onError);
    },
    { interval_ms, onError },
  );
  return async () => {
    timer.stop();
    await timer.idle();
    await archiving;
  };
}
