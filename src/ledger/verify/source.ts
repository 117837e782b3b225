/** The contract of what a verifier reads: a trail in a data folder, or behind a server. */
import type { JournalRecord } from '../../journal/journal.ts';
import type { Opened } from '../../seal/seal.ts';
import type { SegmentName } from '../segment.ts';
import type { Discrepancy } from './finding.ts';

/** Where a trail is read from: a data folder, or a server. */
export type Source = {
  readonly tenants: () => Promise<readonly string[]>;
  /** A published file of a tenant: `checkpoint`, `vkey`, `tile/…`. */
  readonly file: (tenant: string, path: string) => Promise<Buffer | undefined>;
  /** All published files that are stored, where the source can list them. */
  readonly paths?: (tenant: string) => AsyncIterable<string>;
  /** The stored head, where the source can see it. */
  readonly head?: (tenant: string) => Promise<Buffer | undefined>;
  /** Sealed records from each tenant's index `from` on: its archive, then the whole journal. */
  readonly records?: (from: (tenant: string) => number) => AsyncIterable<SourcePart | Segment>;
  /** A stored object by its key: large values that events keep apart. */
  readonly object?: (key: string) => Promise<Buffer | undefined>;
  /** What entries [0, size) open to, in order. */
  readonly openings?: (tenant: string, size: number) => AsyncIterable<SourceOpening>;
};

/** What was read at once. The next part may overwrite the bytes of its records. */
export type SourcePart = readonly SourceRecord[];

/** A segment of the archive, to be read here or where `name` is sent. */
export type Segment = {
  readonly name: SegmentName;
  readonly read: () => AsyncIterable<SourcePart>;
};

/** A record and the file that it was read from, or what that file holds instead. */
export type SourceRecord =
  | { readonly record: JournalRecord; readonly file: string; readonly place: Place }
  | { readonly damage: Discrepancy };

export type Place = 'archive' | 'journal';

export type SourceOpening = {
  readonly index: number;
  readonly opened: Opened | { readonly problem: 'erased' | 'tampered' | 'missing' };
};
