/** Rows as readers get them: facts read back, folded, with the documents' names. */
import type { Hit } from '../engine/engine.ts';
import { foldCall } from '../engine/fold.ts';
import type { Event } from '../event/event.ts';
import { withNames } from '../event/name.ts';
import { type Content, type ContentOptions, eventOf, readContent } from './content.ts';
import type { Fact, Row } from './trail.ts';

/** The row of a hit: its facts read back and folded, in the state that the engine knows. */
export async function readRow(
  options: ContentOptions,
  tenant: string,
  { facts, status }: Pick<Hit, 'facts' | 'status'>,
): Promise<Row> {
  const contents = await Promise.all(facts.map((index) => readContent(options, tenant, index)));
  return rowOf(contents, status);
}

/** The row of facts that were read; `status` overrides theirs where the engine knows better. */
export function rowOf(contents: readonly Content[], status?: Hit['status']): Row {
  const events = contents.map((content) => eventOf(content));
  const folded = foldCall(events);
  return asRow(status === undefined ? folded : { ...folded, status }, contents, events);
}

/** A row that shows `event`, behind which stand these facts. */
export function asRow(event: Event, contents: readonly Content[], events: readonly Event[]): Row {
  const facts = events.map((one, i): Fact => factOf(one, contents[i]?.index ?? 0));
  const erased = contents.some(({ problem }) => problem === 'erased');
  return {
    ...withNames(event),
    index: facts[0]?.index ?? 0,
    facts,
    ...(erased ? { erased: true as const } : {}),
  };
}

function factOf(event: Event, index: number): Fact {
  const { id, time, recorded_at, status, source } = event;
  return {
    id,
    index,
    time,
    recorded_at,
    ...(status === undefined ? {} : { status }),
    ...(source === undefined ? {} : { source }),
  };
}
