/** One file that a call changed: what it held before and after, as far as the record tells. */
import type { Image } from './image.ts';

/** One file of one call; what is not there is not known. */
export type Change = {
  /** Absolute. */
  readonly path: string;
  readonly before?: Image | undefined;
  readonly after?: Image | undefined;
  /** What the call made of the text that was there; undefined where it cannot have. */
  readonly edit?: ((text: string) => string | undefined) | undefined;
  /** The file that `edit` starts from, where it is another: it was moved. */
  readonly from?: string;
};

/** What a reader of changes is given: fields of an event, hostile as any. */
export type Told = {
  readonly args: Readonly<Record<string, unknown>>;
  /** The arguments as they are, for tools that take text alone. */
  readonly given: unknown;
  readonly result: Readonly<Record<string, unknown>>;
};
