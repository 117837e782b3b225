/** The contract of what takes an answer in the client's stead, and decides what passes when. */
import type { RawHeaders } from './header.ts';

export type Head = {
  readonly status: number;
  readonly words: string;
  readonly headers: RawHeaders;
};

/** The way to the client. Each may be called when the client is gone: then nothing happens. */
export type Outlet = {
  /** Once, first. Headers of the connection itself are left out. */
  readonly begin: (head: Head) => void;
  readonly write: (bytes: Buffer) => void;
  /** All was written: the answer is complete. */
  readonly end: () => void;
  /** The answer ends here, and the upstream is let go. */
  readonly refuse: (message: string) => void;
};

export type Holding = {
  readonly push: (chunk: Buffer) => void;
  /** The upstream's answer was complete. One that is cut is never ended. */
  readonly end: () => void;
};

/** Undefined for an answer that passes as it comes. */
export type Hold = (head: Head, outlet: Outlet) => Holding | undefined;
