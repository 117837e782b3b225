/** The live tail: each fact as it becomes durable, for whoever listens. */
import { docOf } from '../engine/doc.ts';
import type { Query } from '../engine/engine.ts';
import { matcher } from '../engine/match.ts';
import type { Event } from '../event/event.ts';
import type { Journal } from '../journal/journal.ts';
import { type ContentOptions, contentOf, eventOf } from './content.ts';
import { openReplay } from './replay.ts';
import { toQuery } from './request.ts';
import { rowOf } from './row.ts';
import type { Row, Trail } from './trail.ts';

export type TailOptions = ContentOptions & {
  readonly journal: Journal;
  readonly now: () => number;
  /** Aborts when the trail closes. */
  readonly closing: AbortSignal;
};

export function openTail(options: TailOptions): Trail['tail'] {
  return (request, signal) => {
    // Parsed before the first fact is awaited: a wrong query fails at once.
    const query = toQuery(request, options.now());
    return follow(options, query, AbortSignal.any([signal, options.closing]));
  };
}

async function* follow(
  options: TailOptions,
  query: Query,
  signal: AbortSignal,
): AsyncGenerator<Row> {
  const { journal } = options;
  const matches = matcher(query.filter);
  // A reader who falls behind what the journal still holds goes on from the archive.
  const replay = openReplay(options, journal.head());
  let wake = Promise.withResolvers<void>();
  const stir = () => wake.resolve();
  const unfollow = journal.follow(stir);
  signal.addEventListener('abort', stir);
  try {
    while (!signal.aborted) {
      const records = await replay.next();
      for (const record of records) {
        if (record.tenant !== query.tenant) continue;
        const content = contentOf(options, record);
        const event = eventOf(content);
        if (within(query, event) && matches(docOf(event))) yield rowOf([content]);
        if (signal.aborted) return;
      }
      if (records.length > 0) continue;
      await wake.promise;
      wake = Promise.withResolvers();
    }
  } finally {
    unfollow();
    signal.removeEventListener('abort', stir);
  }
}

function within({ from_ms = 0, to_ms = Number.POSITIVE_INFINITY }: Query, event: Event): boolean {
  const at_ms = Date.parse(event.time);
  return at_ms >= from_ms && at_ms < to_ms;
}
