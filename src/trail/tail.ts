/** The live tail: each fact as it becomes durable, for whoever listens. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Query } from '../engine/engine.ts';
import { matcher } from '../engine/match.ts';
import type { Event } from '../event/event.ts';
import type { Journal, JournalRecord } from '../journal/journal.ts';
import type { ContentOptions } from './content.ts';
import { openReplay } from './replay.ts';
import { toQuery } from './request.ts';
import type { Row, Trail } from './trail.ts';
import { openViews, type View } from './view.ts';

export type TailOptions = ContentOptions & {
  readonly journal: Journal;
  readonly now: () => number;
  /** Aborts when the trail closes. */
  readonly closing: AbortSignal;
};

/** Records after which a tail that catches up lets others have their turn. */
const SLICE = 64;

export function openTail(options: TailOptions): Trail['tail'] {
  const viewOf = openViews(options);
  return (request, signal) => {
    // Parsed before the first fact is awaited: a wrong query fails at once.
    const query = toQuery(request, options.now());
    const follower = { ...options, viewOf, query };
    return follow(follower, AbortSignal.any([signal, options.closing]));
  };
}

type Follower = TailOptions & {
  readonly viewOf: (record: JournalRecord) => View;
  readonly query: Query;
};

async function* follow(options: Follower, signal: AbortSignal): AsyncGenerator<Row> {
  const { journal, viewOf, query } = options;
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
      for (const [i, record] of records.entries()) {
        if (i % SLICE === SLICE - 1) await nextTurn();
        if (record.tenant !== query.tenant) continue;
        const view = viewOf(record);
        if (within(query, view.event()) && matches(view.doc())) yield view.row();
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
