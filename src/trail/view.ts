/** What live tails show of records: made once for all of them, while it is new. */
import { type Doc, docOf } from '../engine/doc.ts';
import type { Event } from '../event/event.ts';
import type { JournalRecord } from '../journal/journal.ts';
import { type ContentOptions, contentOf, eventOf } from './content.ts';
import { rowOf } from './row.ts';
import type { Row } from './trail.ts';

/** Each is made when it is first asked for. */
export type View = {
  readonly event: () => Event;
  readonly doc: () => Doc;
  readonly row: () => Row;
};

/** Bytes of events whose views are kept. */
const KEPT_BYTES = 4 * 1024 * 1024;

export function openViews(options: ContentOptions): (record: JournalRecord) => View {
  const kept = new Map<number, { readonly view: View; readonly size_bytes: number }>();
  let size = 0;
  return (record) => {
    const known = kept.get(record.seq);
    if (known) return known.view;
    const content = contentOf(options, record);
    const event = once(() => eventOf(content));
    const view = {
      event,
      doc: once(() => docOf(event())),
      row: once(() => rowOf([content])),
    };
    kept.set(record.seq, { view, size_bytes: content.bytes.length });
    size += content.bytes.length;
    for (const [seq, { size_bytes }] of kept) {
      if (size <= KEPT_BYTES) break;
      kept.delete(seq);
      size -= size_bytes;
    }
    return view;
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
