/** The contract for the durable order of sealed events. */
import type { SealedEvent } from '../seal/seal.ts';

/** A sealed event with its places: in the journal, and in its tenant's tree. */
export type JournalRecord = SealedEvent & {
  /** Place in the journal over all tenants, from 0. */
  readonly seq: number;
  /** Place among its tenant's records, from 0: its index in that tenant's tree. */
  readonly index: number;
};

export type Position = Pick<JournalRecord, 'seq' | 'index'>;

/**
 * An append-only order. One writer process; any number of followers, each with its own cursor
 * (the `seq` it reads next). Appends of one call keep their order and are contiguous in `seq`.
 */
export type Journal = {
  /**
   * Resolves with each record's place when all are durable (fdatasync or its like). Concurrent
   * calls share one sync. Throws `data.full` while the disk is full (and works again when there is
   * room), `data.unwritable` for ever after a failed sync, `server.closing` after close.
   */
  readonly append: (events: readonly SealedEvent[]) => Promise<readonly Position[]>;
  /** Durable records from `seq` on, at most `limit`; empty at the end. Throws below `first()`. */
  readonly read: (seq: number, limit: ReadLimit) => Promise<readonly JournalRecord[]>;
  /** One record of a tenant by its index, if the journal still holds it. */
  readonly find: (tenant: string, index: number) => Promise<JournalRecord | undefined>;
  /** The oldest `seq` still held. */
  readonly first: () => number;
  /** The next `seq`: every smaller one is durable. */
  readonly head: () => number;
  /** How many records the tenant has ever had: its next index. */
  readonly size: (tenant: string) => number;
  /** Tenants that the journal has seen, in order. */
  readonly tenants: () => readonly string[];
  /** Calls back after each durable append, until the returned function is called. */
  readonly follow: (onAppend: () => void) => () => void;
  /** Lets the journal forget records below `seq`; it may keep more. */
  readonly release: (seq: number) => Promise<void>;
  readonly status: () => JournalStatus;
  readonly close: () => Promise<void>;
};

export type ReadLimit = { readonly records: number; readonly bytes: number };

export type JournalStatus = {
  /** `full`: refusing until there is room. `failed`: a sync failed; restart the server. */
  readonly state: 'open' | 'full' | 'failed' | 'closed';
  readonly first: number;
  readonly head: number;
  readonly bytes: number;
  /** Bytes of a torn last write that opening removed: never acknowledged. */
  readonly recovered_bytes: number;
};

/** Where a journal begins when its older records live only in the archive. */
export type JournalBase = {
  /**
   * Next index of each tenant in the archive. Files must not begin after it: what neither they
   * nor the archive hold is missing, and opening says so.
   */
  readonly sizes: Readonly<Record<string, number>>;
};
