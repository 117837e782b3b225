/** The contract of a transcript's reader: one record of a file in, drafts or a reason out. */
import type { Adapted } from '../adapter.ts';

/** What is known of a file before its first record. */
export type Origin = {
  /** The file's name without its last ending. */
  readonly stem: string;
  /** The name of the folder that it lies in. */
  readonly folder: string;
  /** Where times begin for records that have none, in Unix milliseconds. */
  readonly from_ms: number;
  /** What a small file beside it says of it, as `agent-7.meta.json` does. */
  readonly beside?: unknown;
};

/**
 * Takes the records of one file in their order: `line` is the record's place, from 1. Pure but
 * for what it remembers of the records before. Throws `event.invalid` for what is no record of
 * this format; the next record is read as if that one had not been there.
 */
export type Reader = (record: unknown, line: number) => Adapted;

export type Transcript = {
  /** As the command line names it. */
  readonly format: string;
  readonly open: (origin: Origin) => Reader;
};
