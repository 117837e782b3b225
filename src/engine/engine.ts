/** The contract for the derived search index: events in, rows found. A tool call is one row. */
import type { Event } from '../event/event.ts';

/** A plaintext event with its places. */
export type EngineRecord = {
  readonly tenant: string;
  /** Index in the tenant's tree. */
  readonly index: number;
  /** Place in the journal. */
  readonly seq: number;
  /** Canonical event bytes. */
  readonly event: Uint8Array;
};

/**
 * What to look for. Words are matched as `engine/token.ts` cuts them; keywords regardless of
 * ASCII case; `*` in a pattern stands for any characters, also none.
 */
export type Filter =
  | { readonly kind: 'all' }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Filter[] }
  | { readonly kind: 'not'; readonly of: Filter }
  /** All tokens of the text next to each other, in `field` (a text field) or in any. */
  | {
      readonly kind: 'text';
      readonly field?: TextField;
      readonly text: string;
      readonly prefix: boolean;
    }
  | { readonly kind: 'keyword'; readonly field: KeywordField; readonly value: string }
  | { readonly kind: 'pattern'; readonly field: KeywordField; readonly pattern: string }
  /** The row has some value for the field. */
  | { readonly kind: 'exists'; readonly field: IndexedField }
  | {
      readonly kind: 'range';
      readonly field: NumberField;
      readonly op: RangeOp;
      readonly value: number;
    };

export type RangeOp = '=' | '<' | '<=' | '>' | '>=';

/** Dotted names of searchable fields, derived from the event's declaration in `engine/field.ts`. */
export type KeywordField = string;
export type NumberField = string;
export type TextField = string;
export type IndexedField = string;

/** One tenant's rows that match, by event time: `from_ms` inclusive, `to_ms` exclusive. */
export type Query = {
  readonly tenant: string;
  readonly filter: Filter;
  readonly from_ms?: number;
  readonly to_ms?: number;
  /** Aborts when nobody waits for the answer any more: an engine may end its work then. */
  readonly signal?: AbortSignal;
};

/** A place in the answer's order: by time, then by `seq` of the row's first fact. */
export type RowPlace = { readonly time_ms: number; readonly seq: number };

/** A row found: where its facts are in the tenant's tree, oldest first. */
export type Hit = RowPlace & {
  readonly facts: readonly number[];
  /** The row's status; `unknown` too where a call can no longer get its result. */
  readonly status?: NonNullable<Event['status']>;
};

export type Page = {
  readonly limit: number;
  readonly order: 'newest' | 'oldest';
  /** The last place of the page before; absent for the first page. */
  readonly after?: RowPlace;
};

export type Bucket = { readonly value: string; readonly count: number };
/** `from_ms` is the start of the interval; intervals without rows are left out. */
export type Bar = { readonly from_ms: number; readonly count: number };

/** One session as a fold over its rows. */
export type SessionRow = {
  readonly session_id: string;
  readonly parent_session_id?: string;
  readonly agent?: Event['agent'];
  readonly user?: Event['user'];
  readonly first_ms: number;
  readonly last_ms: number;
  /** Whether a `session` event said that it ended. */
  readonly ended: boolean;
  readonly rows: number;
  readonly prompts: number;
  readonly calls: number;
  /** Rows by status; rows without a status are not in it. */
  readonly statuses: Readonly<Partial<Record<NonNullable<Event['status']>, number>>>;
  /** Index of its first prompt, for a title. */
  readonly prompt_index?: number;
};

export type SessionPage = {
  readonly limit: number;
  /** Sessions before this place in order of their last event, newest first. */
  readonly after?: { readonly last_ms: number; readonly session_id: string };
};

/** Every answer says up to which `seq` (exclusive) the index had read when it was made. */
export type Answer<T> = { readonly value: T; readonly read_to: number };

/** `calm` where nobody waits for the rows: who records and decides has the processor first. */
export type Haste = 'calm' | 'soon';

/**
 * A follower's store. `apply` is idempotent by `seq`: a record below the cursor is passed over.
 * Facts of one call (same tenant, whole session and `call_id`) become one row by
 * `engine/fold.ts`, whatever the order in which they come.
 */
export type Engine = {
  /** Resolves when the rows are searchable and durable. Records come in order of `seq`. */
  readonly apply: (records: readonly EngineRecord[], haste?: Haste) => Promise<void>;
  /** The `seq` to read next. */
  readonly cursor: () => Promise<number>;
  readonly search: (query: Query, page: Page) => Promise<Answer<readonly Hit[]>>;
  readonly count: (query: Query) => Promise<Answer<number>>;
  /** Most frequent values of a keyword field, largest first, then by value. */
  readonly facets: (
    query: Query,
    field: KeywordField,
    limit: number,
  ) => Promise<Answer<readonly Bucket[]>>;
  readonly histogram: (query: Query, interval_ms: number) => Promise<Answer<readonly Bar[]>>;
  /** Sessions that have a matching row. */
  readonly sessions: (query: Query, page: SessionPage) => Promise<Answer<readonly SessionRow[]>>;
  readonly session: (tenant: string, session_id: string) => Promise<Answer<SessionRow | undefined>>;
  /** The index of an event by its id, for ids that were applied. */
  readonly locate: (tenant: string, id: string) => Promise<number | undefined>;
  readonly status: () => Promise<EngineStatus>;
  readonly close: () => Promise<void>;
};

export type EngineStatus = {
  readonly rows: number;
  readonly bytes: number;
  readonly files: number;
  readonly cursor: number;
  /** Calls without a result that may still get one. */
  readonly open_calls: number;
  /** Rows with more text than `TEXT_CHARS` of `engine/doc.ts`: the rest is not searchable. */
  readonly cut_rows: number;
};

export type EngineOptions = {
  /** Reads facts again by index, for a late fact of a call whose row was already closed. */
  readonly fetch: (tenant: string, indices: readonly number[]) => Promise<readonly EngineRecord[]>;
  /** A call without a result for longer than this becomes `unknown`, in milliseconds. */
  readonly call_timeout_ms: number;
  /** Unix milliseconds. */
  readonly now: () => number;
};
