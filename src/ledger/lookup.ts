/** Finds an archived event by its id: by time, by a filter, by its print, then by the record. */
import { type Bloom, bloomBytes, openBloom } from '../engine/sqlite/bloom.ts';
import type { Store } from '../store/store.ts';
import {
  idPrint,
  idTime,
  PRINT_BYTES,
  placesBytes,
  printPlaces,
  printRange,
  type SegmentFooter,
  type SegmentName,
  segmentKey,
} from './segment.ts';
import { type SegmentTables, segmentDamaged } from './segment-table.ts';
import { inTurn } from './turn.ts';

export type Lookup = {
  /** The index of an archived event. Throws `ledger.damaged`. */
  readonly find: (tenant: string, id: string) => Promise<number | undefined>;
  /** A tenant has a new segment, whose ids have these prints. */
  readonly added: (tenant: string, prints: Buffer) => void;
};

export type LookupOptions = {
  readonly store: Store;
  readonly tables: SegmentTables;
  readonly segments: (tenant: string) => readonly SegmentName[];
  /** The id of a segment's record. */
  readonly idAt: (segment: SegmentName, index: number) => Promise<string | undefined>;
};

/** The times of ids: of a segment's, or of all that a tenant has archived. */
type Span = Pick<SegmentFooter, 'earliest_ms' | 'latest_ms' | 'untimed'>;

/** All prints of segments with ids that tell no time, and for how many more there is room. */
type Filter = { readonly bloom: Bloom; room: number };

const NO_IDS: Span = { earliest_ms: 2 ** 48, latest_ms: 0, untimed: 0 };

/** Every new event comes by here, and hardly one was archived before. */
export function openLookup(options: LookupOptions): Lookup {
  const { tables, segments } = options;
  const spans = openSpans(options);
  const filters = openFilters(options);
  return {
    async find(tenant, id) {
      const held = segments(tenant);
      if (held.length === 0) return undefined;
      const time = idTime(id);
      if (!mayHold(spans.known(tenant) ?? (await spans.of(tenant)), time)) return undefined;
      const print = idPrint(id);
      if (time === undefined && !has(await filters.of(tenant), print)) return undefined;
      for (const segment of held.toReversed()) {
        if (!mayHold(await tables.footer(segment), time)) continue;
        const index = await findIn(options, segment, { id, print });
        if (index !== undefined) return index;
      }
      return undefined;
    },
    added(tenant, prints) {
      spans.forget(tenant);
      filters.add(tenant, prints);
    },
  };
}

/** The times of all ids of a tenant, which most new ids are beyond. */
function openSpans({ tables, segments }: LookupOptions) {
  const spans = new Map<string, Span>();
  return {
    known: (tenant: string) => spans.get(tenant),
    async of(tenant: string): Promise<Span> {
      const held = segments(tenant);
      let span = NO_IDS;
      for (const segment of held) span = joined(span, await tables.footer(segment));
      // What was added in the meantime would be missing from it for ever.
      if (segments(tenant) === held) spans.set(tenant, span);
      return span;
    },
    forget: (tenant: string) => spans.delete(tenant),
  };
}

/** Made when first needed; what is added while one is being made is added to it after that. */
function openFilters(options: LookupOptions) {
  const filters = new Map<string, Promise<Filter>>();
  const keep = (tenant: string, made: Promise<Filter>) => {
    filters.set(tenant, made);
    made.catch(() => {
      if (filters.get(tenant) === made) filters.delete(tenant);
    });
    return made;
  };
  return {
    async of(tenant: string): Promise<Bloom> {
      const made = filters.get(tenant);
      return (await (made ?? keep(tenant, makeFilter(options, tenant)))).bloom;
    },
    add(tenant: string, prints: Buffer): void {
      const known = filters.get(tenant);
      if (known === undefined) return;
      const grown = known.then(async (filter) => {
        await addPrints(filter.bloom, prints);
        filter.room -= prints.length / PRINT_BYTES;
        // It still tells, but worse and worse: the next one has room.
        if (filter.room < 0 && filters.get(tenant) === grown) filters.delete(tenant);
        return filter;
      });
      keep(tenant, grown);
    },
  };
}

function joined(one: Span, other: Span): Span {
  return {
    earliest_ms: Math.min(one.earliest_ms, other.earliest_ms),
    latest_ms: Math.max(one.latest_ms, other.latest_ms),
    untimed: one.untimed + other.untimed,
  };
}

function mayHold({ earliest_ms, latest_ms, untimed }: Span, time: number | undefined): boolean {
  return time === undefined ? untimed > 0 : time >= earliest_ms && time <= latest_ms;
}

/** Without it each event whose id tells no time would be looked for in every segment. */
async function makeFilter(
  { store, tables, segments }: LookupOptions,
  tenant: string,
): Promise<Filter> {
  const untimed: { readonly segment: SegmentName; readonly tables_at: number }[] = [];
  for (const segment of segments(tenant)) {
    const footer = await tables.footer(segment);
    if (footer.untimed > 0) untimed.push({ segment, tables_at: footer.tables_at });
  }
  const ids = untimed.reduce((sum, { segment }) => sum + segment.count, 0);
  const room = Math.ceil(ids / 2);
  const bloom = openBloom(Buffer.alloc(bloomBytes(ids + room)));
  for (const { segment, tables_at } of untimed) {
    const range = {
      from: tables_at + placesBytes(segment.count),
      bytes: PRINT_BYTES * segment.count,
    };
    await addPrints(bloom, (await store.get(segmentKey(segment), range)) ?? Buffer.of());
  }
  return { bloom, room };
}

/** Prints that are added in one turn of the event loop. */
const STEP = 16_384;

async function addPrints(bloom: Bloom, prints: Buffer): Promise<void> {
  for (let i = 0; i + 1 <= prints.length / PRINT_BYTES; i++) {
    if (i % STEP === STEP - 1) await inTurn();
    bloom.add(hashOf(prints, PRINT_BYTES * i));
  }
}

function has(bloom: Bloom, print: Buffer): boolean {
  return bloom.has(hashOf(print, 0));
}

/** A print is a hash already. */
function hashOf(prints: Buffer, at: number): readonly [number, number] {
  return [prints.readInt32LE(at), prints.readInt32LE(at + 4) | 1];
}

type Sought = { readonly id: string; readonly print: Buffer };

async function findIn(
  { store, tables, idAt }: LookupOptions,
  segment: SegmentName,
  { id, print }: Sought,
): Promise<number | undefined> {
  const footer = await tables.footer(segment);
  const places = await tables.places(segment);
  const [from, to] = printRange(places, print);
  if (from === to) return undefined;
  const at = footer.tables_at + places.length + PRINT_BYTES * from;
  const range = { from: at, bytes: PRINT_BYTES * (to - from) };
  const prints = (await store.get(segmentKey(segment), range)) ?? Buffer.alloc(0);
  for (const place of printPlaces(prints, print)) {
    if (place >= segment.count) throw segmentDamaged(segmentKey(segment), 'has a damaged table');
    const index = segment.first + place;
    if ((await idAt(segment, index)) === id) return index;
  }
  return undefined;
}
