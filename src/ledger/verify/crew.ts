/** The contract of who checks what needs no neighbours: full bundles, and archive segments. */
import type { SegmentName } from '../segment.ts';
import type { Found } from './finding.ts';

export type Crew = {
  /** Jobs that are worth having under way at once. */
  readonly jobs: number;
  /** Whether so many more entries, with all before them, are worth asking for. */
  readonly worth: (entries: number) => boolean;
  readonly roots: (range: BundleRange) => Promise<BundleRoots>;
  /** Undefined where something is wrong that only the whole trail can tell the meaning of. */
  readonly run: (check: RunCheck) => Promise<CheckedRun | undefined>;
  readonly close: () => Promise<void>;
};

/** A tenant's full bundles [from, to). */
export type BundleRange = { readonly tenant: string; readonly from: number; readonly to: number };

/** One hash after the other, and which of them there are. */
export type BundleRoots = { readonly hashes: Uint8Array; readonly agreed: readonly boolean[] };

export type RunCheck = {
  readonly segment: SegmentName;
  /** Size of the published tree, whose bundles are whole where the segment's records are. */
  readonly published: number;
  /** Discrepancies of each kind that are kept. */
  readonly limit: number;
};

/** A run of archived records that was checked elsewhere: all there, and what was found in them. */
export type CheckedRun = {
  /** The index after the last. */
  readonly end: number;
  readonly records: number;
  readonly opened: number;
  readonly erased: number;
  readonly found: Found;
};
