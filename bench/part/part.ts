/** The contract of a part: a few figures that are measured together, each part also alone. */
import type { Corpus } from '../corpus/corpus.ts';
import type { Values } from '../measure.ts';
import type { Progress } from '../progress.ts';
import type { Place, Server } from '../server.ts';

export type Part = {
  readonly name: string;
  /** For `--help`. */
  readonly about: string;
  readonly run: (ground: Ground) => Promise<void>;
};

/** What is said of a figure. */
export type Said = {
  readonly values: Values;
  readonly cpu_s?: Values;
  readonly note?: string;
};

/** What parts share: the folder of the run, its events, the server over its trail, the results. */
export type Ground = Place & {
  readonly events: number;
  /** Everything of the run is in it. */
  readonly folder: string;
  readonly corpus: Corpus;
  /** The same server for whoever asks, started where none is up. */
  readonly serving: () => Promise<Server>;
  /** Stops the server, where one is up. */
  readonly resting: () => Promise<void>;
  readonly isEmpty: () => boolean;
  /** Records the corpus, where that was not done yet, and its figures. */
  readonly filled: () => Promise<void>;
  /** Other events than the corpus's, of the last minute; others at each call. */
  readonly extra: (count: number) => Promise<Corpus>;
  readonly note: (id: string, said: Said) => void;
  readonly notePeer: (peer: string, id: string, said: Said) => void;
  /** A peer that cannot run, and why. */
  readonly missing: (peer: string, id: string, reason: string) => void;
  readonly progress: (label: string, total: number) => Progress;
};
