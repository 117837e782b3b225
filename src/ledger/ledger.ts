/** The contract of the ledger: trees, checkpoints, proofs and archive over a journal. */
import type { JournalRecord } from '../journal/journal.ts';

/** The last signed tree of a tenant. */
export type SignedTree = {
  readonly size: number;
  readonly root: Buffer;
  /** The checkpoint as a signed note. */
  readonly note: string;
  /** When it was signed, Unix milliseconds. */
  readonly at_ms: number;
};

/** A proof that an entry is in a signed tree, with what it takes to check it. */
export type EntryProof = {
  /** A C2SP tlog-proof. */
  readonly proof: string;
  /** The entry's exact bytes, as text. */
  readonly entry: string;
  readonly vkey: string;
};

export type LedgerSizes = {
  /** Records that the journal ever took. */
  readonly recorded: number;
  /** Entries that the published checkpoint covers. */
  readonly tree: number;
  /** Records that archive segments hold. */
  readonly archived: number;
};

/**
 * A follower of the journal. Every method but `integrate`, `archive`, `signNow` and `close` only
 * reads. A tree only ever grows: what was signed is a prefix of all that will be signed.
 */
export type Ledger = {
  /** Signs and publishes all that is durable at the call. Throws what stopped the ledger. */
  readonly integrate: () => Promise<void>;
  /** Moves what exceeds the segment limits from the journal to the archive. */
  readonly archive: () => Promise<void>;
  /** A sealed record from archive or journal. Throws `ledger.damaged`. */
  readonly record: (tenant: string, index: number) => Promise<JournalRecord | undefined>;
  /** Records [from, from + count) as far as there are any. Throws `ledger.damaged`. */
  readonly records: (
    tenant: string,
    from: number,
    count: number,
  ) => Promise<readonly JournalRecord[]>;
  /** Records at these indices, ascending, those that there are. Throws `ledger.damaged`. */
  readonly recordsAt: (
    tenant: string,
    indices: readonly number[],
  ) => Promise<readonly JournalRecord[]>;
  /** The index of an archived event by its id; the journal's own are the caller's to know. */
  readonly lookup: (tenant: string, id: string) => Promise<number | undefined>;
  /** The published checkpoint; undefined where the tenant has none yet. */
  readonly checkpoint: (tenant: string) => SignedTree | undefined;
  /** A checkpoint that covers everything durable at the call. */
  readonly signNow: (tenant: string) => Promise<SignedTree | undefined>;
  /** Throws `ledger.not_yet` where no checkpoint covers the index. */
  readonly prove: (tenant: string, index: number) => Promise<EntryProof>;
  /** Shows the first `from` entries to begin the first `to`. Throws `ledger.not_yet`. */
  readonly consistency: (tenant: string, from: number, to: number) => Promise<readonly Buffer[]>;
  /** A published file: `checkpoint`, `vkey`, `tile/…`; undefined for what is none. */
  readonly file: (tenant: string, path: string) => Promise<Buffer | undefined>;
  /** By tenant. */
  readonly sizes: () => ReadonlyMap<string, LedgerSizes>;
  /** Integrates a last time and stops; the journal must still be open. */
  readonly close: () => Promise<void>;
};
