/** Roots of a tenant's full bundles in order, read ahead: by threads for a long tree, else here. */
import { TILE_WIDTH, type Tile, tilePath } from '../tile.ts';
import { HASH_BYTES } from '../tree.ts';
import { agreedRoot } from './bundle.ts';
import type { BundleRoots, Crew } from './crew.ts';
import type { Source } from './source.ts';

export type Roots = {
  /** The root of the next bundle, if it is full and its files agree with each other. */
  readonly next: () => Promise<Buffer | undefined>;
  /** Resolves when nothing is being read any more. */
  readonly end: () => Promise<void>;
};

export type RootsOptions = {
  readonly source: Source;
  readonly tenant: string;
  readonly crew?: Crew | undefined;
  /** How many full bundles there are. */
  readonly full: number;
};

/** Bundles, each with its tile of leaves, that are read ahead here. */
const AHEAD = 16;
/** Bundles that a thread reads at once. */
const STEP = 16;

export function openRoots(options: RootsOptions): Roots {
  const { full } = options;
  const { read, step, jobs } = readerOf(options);
  const ahead: Promise<readonly (Buffer | undefined)[]>[] = [];
  let asked = 0;
  let held: (Buffer | undefined)[] = [];

  function readAhead(): void {
    while (ahead.length < jobs && asked < full) {
      const to = Math.min(full, asked + step);
      const reading = read(asked, to);
      // Whoever awaits it sees the failure; nobody may, after an earlier one.
      reading.catch(() => undefined);
      ahead.push(reading);
      asked = to;
    }
  }

  return {
    async next() {
      readAhead();
      if (held.length === 0) held = [...((await ahead.shift()) ?? [])];
      return held.shift();
    },
    end: async () => void (await Promise.allSettled(ahead)),
  };
}

function readerOf({ source, tenant, crew, full }: RootsOptions) {
  const file = (level: Tile['level'], n: number) =>
    source.file(tenant, tilePath({ level, n, width: TILE_WIDTH }));

  async function readHere(n: number): Promise<readonly (Buffer | undefined)[]> {
    const [bundle, tile] = await Promise.all([file('entries', n), file(0, n)]);
    return [bundle && tile && agreedRoot(bundle, tile)];
  }

  if (!crew?.worth(full * TILE_WIDTH)) return { read: readHere, step: 1, jobs: AHEAD };
  const read = async (from: number, to: number) => unpack(await crew.roots({ tenant, from, to }));
  return { read, step: STEP, jobs: crew.jobs };
}

function unpack({ hashes, agreed }: BundleRoots): readonly (Buffer | undefined)[] {
  const { buffer, byteOffset } = hashes;
  return agreed.map((there, i) =>
    there ? Buffer.from(buffer, byteOffset + i * HASH_BYTES, HASH_BYTES) : undefined,
  );
}
