/** Rows as readers get them: facts read back, folded, with the documents' names. */
import type { Hit } from '../engine/engine.ts';
import { foldCall } from '../engine/fold.ts';
import type { Event } from '../event/event.ts';
import { withNames } from '../event/name.ts';
import { type Content, type ContentOptions, eventOf, readContents } from './content.ts';
import type { Fact, Row } from './trail.ts';

/** Bytes of events after which a page ends, so that none fills the memory. */
export const PAGE_BYTES = 2 * 1024 * 1024;
/** Rows that are read at the same time. */
const READS = 64;

type Facts = Pick<Hit, 'facts' | 'status'>;

/**
 * The rows of hits, in order, until they are `PAGE_BYTES` large; at least one. Their facts are
 * read back and folded, in the state that the engine knows.
 */
export async function readRows(
  options: ContentOptions,
  tenant: string,
  hits: readonly Facts[],
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  let size_bytes = 0;
  for (let at = 0; at < hits.length; at += READS) {
    const some = hits.slice(at, at + READS);
    const indices = some.flatMap(({ facts }) => facts);
    const contents = await readContents(options, tenant, indices);
    for (const { facts, status } of some) {
      if (size_bytes >= PAGE_BYTES) return rows;
      const held = facts.map((index) => contents.get(index)).filter((one) => one !== undefined);
      size_bytes += held.reduce((sum, { bytes }) => sum + bytes.length, 0);
      rows.push(rowOf(held, status));
    }
  }
  return rows;
}

/** The row of facts that were read; `status` overrides theirs where the engine knows better. */
export function rowOf(contents: readonly Content[], status?: Hit['status']): Row {
  const events = contents.map((content) => eventOf(content));
  const folded = foldCall(events);
  return asRow(status === undefined ? folded : { ...folded, status }, contents, events);
}

/** A row that shows `event`, behind which stand these facts. */
export function asRow(event: Event, contents: readonly Content[], events: readonly Event[]): Row {
  const facts = events.map((one, i) => factOf(one, { index: contents[i]?.index ?? 0, row: event }));
  const witnesses = [...new Set(events.flatMap(({ source }) => source?.kind ?? []))].sort();
  const erased = contents.some(({ problem }) => problem === 'erased');
  return {
    ...withNames(event),
    index: facts[0]?.index ?? 0,
    facts,
    ...(witnesses.length > 1 ? { witnesses } : {}),
    ...(erased ? { erased: true as const } : {}),
  };
}

type Behind = { readonly index: number; readonly row: Event };

function factOf(event: Event, { index, row }: Behind): Fact {
  const { id, time, recorded_at, type, status, source } = event;
  return {
    id,
    index,
    time,
    recorded_at,
    ...(type === row.type ? {} : { type }),
    ...(status === undefined ? {} : { status }),
    ...(source === undefined ? {} : { source }),
  };
}
