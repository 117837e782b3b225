/** Reads a tenant's events back by index: from journal or archive, opened, or why not. */
import { canonicalBytes } from '../event/canonical.ts';
import type { Event } from '../event/event.ts';
import type { JournalRecord } from '../journal/journal.ts';
import type { Opener } from '../seal/seal.ts';
import type { Fresh } from './fresh.ts';
import { OWN_SESSION } from './own.ts';

/** Sealed records wherever they are now: what the ledger answers. */
export type Records = {
  readonly record: (tenant: string, index: number) => Promise<JournalRecord | undefined>;
  readonly records: (
    tenant: string,
    from: number,
    count: number,
  ) => Promise<readonly JournalRecord[]>;
  /** Those at these indices, ascending, that there are. */
  readonly recordsAt: (
    tenant: string,
    indices: readonly number[],
  ) => Promise<readonly JournalRecord[]>;
};

export type Problem = 'erased' | 'tampered' | 'missing';

/** An event's exact bytes, or a stand-in that says what is wrong with its entry. */
export type Content = {
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly problem?: Problem;
};

export type ContentOptions = {
  readonly records: Records;
  readonly opener: Opener;
  readonly fresh: Fresh;
};

/** The content of one sealed record. */
export function contentOf({ opener, fresh }: ContentOptions, record: JournalRecord): Content {
  const { index } = record;
  const held = fresh.get(record.seq);
  if (held) return { index, bytes: held };
  const opened = opener.open(record);
  if ('bytes' in opened) return { index, bytes: opened.bytes };
  return { index, bytes: standIn(record, opened.problem), problem: opened.problem };
}

/** The content at an index; an index that nothing holds is `missing`. */
export async function readContent(
  options: ContentOptions,
  tenant: string,
  index: number,
): Promise<Content> {
  const contents = await readContents(options, tenant, [index]);
  return contents.get(index) ?? missing(tenant, index);
}

/** The contents at indices, in any order: what is stored together is read together. */
export async function readContents(
  options: ContentOptions,
  tenant: string,
  indices: readonly number[],
): Promise<ReadonlyMap<number, Content>> {
  const ascending = [...new Set(indices)].sort((a, b) => a - b);
  const contents = new Map<number, Content>();
  for (const record of await options.records.recordsAt(tenant, ascending)) {
    contents.set(record.index, contentOf(options, record));
  }
  for (const index of ascending) {
    if (!contents.has(index)) contents.set(index, missing(tenant, index));
  }
  return contents;
}

function missing(tenant: string, index: number): Content {
  const nowhere = { tenant, index, id: '00000000-0000-0000-0000-000000000000', at_ms: 0 };
  return { index, bytes: standIn(nowhere, 'missing'), problem: 'missing' };
}

/** The event of a content: stored bytes parsed, never checked again against today's schema. */
export function eventOf({ bytes }: Pick<Content, 'bytes'>): Event {
  const { buffer, byteOffset, length } = bytes;
  return JSON.parse(Buffer.from(buffer, byteOffset, length).toString());
}

type Place = Pick<JournalRecord, 'tenant' | 'index' | 'id' | 'at_ms'>;

/** Shown and indexed in place of what cannot be read: a hole in the trail is never invisible. */
function standIn({ tenant, index, id, at_ms }: Place, problem: Problem): Buffer {
  const at = new Date(at_ms).toISOString();
  const said = {
    erased: 'was erased: its key was destroyed.',
    tampered: 'does not open: its bytes or its key were changed.',
    missing: 'is missing from journal and archive.',
  };
  const event: Event = {
    id,
    time: at,
    recorded_at: at,
    type: 'gap',
    tenant_id: tenant,
    session_id: OWN_SESSION,
    status: 'unknown',
    detail: `Entry ${index} ${said[problem]}`,
    attributes: { problem, index },
  };
  return canonicalBytes(event);
}
