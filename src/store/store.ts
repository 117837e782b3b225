/** The contract for immutable objects and small heads: tiles, checkpoints, segments, keys. */

/**
 * A flat space of keys such as `ledger/acme/tile/0/000`. Keys are relative, use `/`, and hold only
 * `[A-Za-z0-9._-]` between slashes, never `.` or `..`. Every method may throw `data.full` or
 * `data.unwritable`; a store that failed to make bytes durable refuses all further writes.
 */
export type Store = {
  /** The object's bytes, or undefined where there is none. `range` reads a part of it. */
  readonly get: (key: string, range?: Range) => Promise<Buffer | undefined>;
  /** Size in bytes, or undefined where there is none. */
  readonly size: (key: string) => Promise<number | undefined>;
  /** Writes or replaces an object; atomic: a reader sees the old or the new bytes, never a part. */
  readonly put: (key: string, bytes: Uint8Array, options?: PutOptions) => Promise<void>;
  /**
   * Replaces `expected` by `bytes` if the object still equals `expected` (undefined: if there is
   * none), durably. Throws `store.conflict` where it does not.
   */
  readonly swap: (
    key: string,
    expected: Uint8Array | undefined,
    bytes: Uint8Array,
  ) => Promise<void>;
  /**
   * Adds to the end of an object whose key ends in `.log`, durably; the first call makes it. After
   * one that failed or was cut off, the object may end in a part of its bytes.
   */
  readonly append: (key: string, bytes: Uint8Array) => Promise<void>;
  /** Keys below a prefix, in order. */
  readonly list: (prefix: string) => AsyncIterable<string>;
  readonly remove: (key: string) => Promise<void>;
  /** Resolves when every `later` put before this call is durable. */
  readonly flush: () => Promise<void>;
  /**
   * Resolves when all that `get` and `list` show below a folder (`keys/`) is durable, except what
   * was put `later`: an earlier process may have stopped before it said so. To be called before
   * anything is built on what it left.
   */
  readonly settle: (folder: string) => Promise<void>;
  /** Gives back what it holds open; to be called last. */
  readonly close: () => Promise<void>;
};

export type Range = { readonly from: number; readonly bytes: number };

export type PutOptions = {
  /**
   * `now` (default): durable when the promise resolves. `later`: durable after the next `flush`;
   * for what can be rebuilt from the journal if the machine stops before.
   */
  readonly durable?: 'now' | 'later';
  /** Awaited between the parts of a large object: who is in no hurry lets others have the disk. */
  readonly pace?: () => Promise<unknown>;
};
