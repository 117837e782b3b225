/** Reads the journal in order, grows each tenant's tree, and has what grew signed and published. */
import { asFault, Fault } from '../fault/fault.ts';
import { frameBytes } from '../journal/frame.ts';
import type { Journal, JournalRecord } from '../journal/journal.ts';
import type { Signer } from '../seal/seal.ts';
import type { Store } from '../store/store.ts';
import type { Archiver } from './archiver.ts';
import { type Log, type LogStart, openLog } from './log.ts';
import { READ_LIMIT } from './start.ts';
import { coalesce, inTurn } from './turn.ts';

export type IntegratorOptions = {
  readonly store: Store;
  readonly journal: Journal;
  readonly signerFor: (tenant: string) => Promise<Signer>;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly archiver: Pick<Archiver, 'seen' | 'allow'>;
  /** The seq to read first, and each tenant's log there. */
  readonly cursor: number;
  readonly logs: Map<string, Log>;
};

export type Integrator = {
  /** See `Ledger.integrate`; a failure other than `data.full` is for ever. */
  readonly integrate: () => Promise<void>;
  readonly logs: ReadonlyMap<string, Log>;
};

/** Records that are signed in one step, so that a long backlog fits in memory. */
const STEP_RECORDS = 32_768;
/** Records that are read at once: less than a millisecond of work, then others have their turn. */
const READ_RECORDS = 64;
/** Tenants that publish at the same time: few, as producers wait for the same disk. */
const PUBLISHERS = 2;
const NEW: LogStart = { edge: { size: 0, partials: [] }, bundle: [], sizes: [] };

/** An integrator that has caught up with the journal. */
export async function openIntegrator(options: IntegratorOptions): Promise<Integrator> {
  const { store, journal, archiver, now, logs } = options;
  let { cursor } = options;
  let failed: Fault | undefined;

  async function addLog(tenant: string): Promise<Log> {
    const signer = await options.signerFor(tenant);
    const log = openLog({ store, tenant, signer, now, start: NEW });
    logs.set(tenant, log);
    return log;
  }

  async function publish(): Promise<void> {
    await publishAll([...logs.values()]);
    archiver.allow(cursor);
  }

  async function appendStep(end: number): Promise<void> {
    const stop = Math.min(end, cursor + STEP_RECORDS);
    while (cursor < stop) {
      const limit = { ...READ_LIMIT, records: Math.min(READ_RECORDS, stop - cursor) };
      for (const record of await journal.read(cursor, limit)) {
        const log = logs.get(record.tenant) ?? (await addLog(record.tenant));
        if (log.size() !== record.index) throw misplaced(record);
        log.append(record);
        archiver.seen(frameBytes(record));
        cursor = record.seq + 1;
      }
      await inTurn();
    }
  }

  async function step(): Promise<void> {
    if (failed !== undefined) throw failed;
    try {
      // What an earlier step failed to publish goes first, so that waiting tiles stay bounded.
      await publish();
      for (const end = journal.head(); cursor < end; await publish()) await appendStep(end);
    } catch (error) {
      const fault = asFault(error);
      if (fault.code !== 'data.full') failed = fault;
      throw fault;
    }
  }

  // Old files can be many, so a start does not wait for them.
  const repair = repairing(logs.values());
  await step();
  return { integrate: coalesce(() => step().then(repair)), logs };
}

/** Repairs each log once; what fails is tried again at the next call. */
function repairing(logs: Iterable<Log>): () => Promise<void> {
  const torn = new Set(logs);
  return async () => {
    for (const log of torn) {
      await log.repair();
      torn.delete(log);
    }
  };
}

async function publishAll(logs: readonly Log[]): Promise<void> {
  for (let i = 0; i < logs.length; i += PUBLISHERS) {
    await Promise.all(logs.slice(i, i + PUBLISHERS).map((log) => log.publish()));
  }
}

function misplaced({ tenant, index, seq }: JournalRecord): Fault {
  const message = `The record at seq ${seq} is out of place at index ${index} of ${tenant}.`;
  return new Fault('ledger.damaged', message, {
    hint: 'Run `clawctl verify` for what is wrong with the journal.',
  });
}
