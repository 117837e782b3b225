/** The contract of the whole: what the faces (server, command line) may ask of a trail. */
import type { Bar, Bucket, EngineStatus, SessionRow } from '../engine/engine.ts';
import type { Event, Status } from '../event/event.ts';
import type { NamedEvent } from '../event/name.ts';
import type { Producer } from '../event/normalise.ts';
import type { FaultBody } from '../fault/fault.ts';
import type { JournalStatus } from '../journal/journal.ts';
import type { AuditEntry } from '../search/audit.ts';
import type { SessionCoverage } from '../search/coverage.ts';
import type { Language } from '../search/sentence.ts';
import type { Explanation, Reader } from '../search/why.ts';
import type { Govern } from './govern/govern.ts';

/** What became of one event of a batch, in the batch's order. */
export type Receipt =
  | { readonly status: 'accepted'; readonly id: string; readonly index: number }
  /** The id was recorded before: nothing was added. */
  | { readonly status: 'duplicate'; readonly id: string; readonly index: number }
  | { readonly status: 'rejected'; readonly id?: string; readonly error: FaultBody };

/** One fact behind a row. */
export type Fact = {
  readonly id: string;
  readonly index: number;
  readonly time: string;
  readonly recorded_at: string;
  /** Where it is another than the row's: an approval of a call. */
  readonly type?: Event['type'];
  readonly status?: Status;
  readonly source?: Event['source'];
};

/** A row of an answer: the event, a call folded from its facts, and where its facts are. */
export type Row = NamedEvent & {
  /** Index of its first fact in the tenant's tree. */
  readonly index: number;
  readonly facts: readonly Fact[];
  /** Kinds of source that reported it, where there are several. */
  readonly witnesses?: readonly string[];
  /** Its content was erased: only what the entry itself says is left. */
  readonly erased?: true;
};

/** Up to where an answer had read, so that a lagging index never lies. */
export type ReadTo = {
  /** Events of the tenant that the index had read. */
  readonly indexed: number;
  /** Events of the tenant that were recorded. */
  readonly recorded: number;
  readonly complete: boolean;
};

export type SearchRequest = {
  readonly tenant: string;
  /** The query language; empty means everything. */
  readonly query?: string;
  /** Date, time, `-2h`, `yesterday`; inclusive. */
  readonly from?: string;
  /** The same; exclusive. */
  readonly to?: string;
  /** IANA zone in which dates without a zone are read; UTC where absent. */
  readonly zone?: string;
  /** Aborts when nobody waits for the answer any more: the work for it ends. */
  readonly signal?: AbortSignal;
};

export type PageRequest = SearchRequest & {
  /** The most rows; a page ends before where its rows are large. */
  readonly limit?: number;
  readonly cursor?: string;
  readonly order?: 'newest' | 'oldest';
};

export type SearchResult = {
  readonly events: readonly Row[];
  /** Where the next page begins; absent on the last. */
  readonly cursor?: string;
  readonly read_to: ReadTo;
};

export type SessionSummary = SessionRow & {
  /** First words of its first prompt. */
  readonly title?: string;
};

export type SessionsResult = {
  readonly sessions: readonly SessionSummary[];
  readonly cursor?: string;
  readonly read_to: ReadTo;
};

/** One session's rows, oldest first, sub-agents' sessions with them, and its summary. */
export type TimelineResult = {
  readonly session: SessionSummary;
  readonly events: readonly Row[];
  readonly cursor?: string;
  readonly read_to: ReadTo;
};

/** What was seen of one session and by whom, and what was not. */
export type CoverageResult = SessionCoverage & { readonly read_to: ReadTo };

export type CoveragesResult = {
  readonly sessions: readonly SessionCoverage[];
  readonly cursor?: string;
  readonly read_to: ReadTo;
};

export type WhyRequest = {
  readonly tenant: string;
  /** Id of any event; of a call, of any of its facts. */
  readonly id: string;
  readonly language?: Language;
  readonly for?: Reader;
  /** IANA zone of the times in sentences; UTC where absent. */
  readonly zone?: string;
  readonly signal?: AbortSignal;
};

/** `zone`: of the times in sentences. */
export type WhyResult = Explanation & { readonly zone: string; readonly read_to: ReadTo };

/** What an export covers: printed with it, so that a reader knows what it holds. */
export type Coverage = {
  readonly tenant: string;
  readonly query: string;
  readonly from?: string;
  readonly to?: string;
  /** Size and root (base64) of the checkpoint that covers every row, and the note itself. */
  readonly tree_size: number;
  readonly root: string;
  readonly checkpoint: string;
  readonly exported_at: string;
};

export type ProofFile = {
  /** A C2SP tlog-proof: index, inclusion path, signed checkpoint. */
  readonly proof: string;
  /** The entry's exact bytes, as text, to hash as the leaf. */
  readonly entry: string;
  readonly vkey: string;
  /** Opens the entry's commitment: base64 salt, and the canonical event text. */
  readonly opening?: { readonly salt: string; readonly event: string };
};

/** One entry's opening, for verification over HTTP; `erased` where the key is gone. */
export type Opening =
  | { readonly index: number; readonly salt: string; readonly event: string }
  | { readonly index: number; readonly problem: 'erased' | 'tampered' | 'missing' };

export type TrailStatus = {
  readonly version: string;
  readonly data: string;
  readonly started_at: string;
  readonly journal: JournalStatus;
  /** `failure`: why the index stopped; recording goes on, searches are refused. */
  readonly engine: EngineStatus & { readonly lag: number; readonly failure?: FaultBody };
  readonly tenants: readonly TenantStatus[];
  /** Events in the queue before the journal, and the most that it takes. */
  readonly queue: { readonly events: number; readonly limit: number };
};

export type TenantStatus = {
  readonly tenant: string;
  readonly recorded: number;
  readonly tree_size: number;
  readonly checkpoint_at?: string;
};

export type Trail = {
  /** One receipt an input, in order; one bad event never loses the others. Throws for the whole
   * batch only where nothing was recorded: `queue.full`, `data.full`, `data.unwritable`. */
  readonly ingest: (inputs: readonly unknown[], producer: Producer) => Promise<readonly Receipt[]>;
  readonly search: (request: PageRequest) => Promise<SearchResult>;
  readonly count: (request: SearchRequest) => Promise<{ count: number; read_to: ReadTo }>;
  readonly facets: (
    request: SearchRequest & { readonly field: string; readonly limit?: number },
  ) => Promise<{ buckets: readonly Bucket[]; read_to: ReadTo }>;
  readonly histogram: (
    request: SearchRequest & { readonly interval_ms?: number },
  ) => Promise<{ bars: readonly Bar[]; interval_ms: number; read_to: ReadTo }>;
  readonly sessions: (request: PageRequest) => Promise<SessionsResult>;
  /** Throws `session.not_found`. */
  readonly timeline: (
    request: { readonly tenant: string; readonly session_id: string } & Pick<
      PageRequest,
      'limit' | 'cursor' | 'signal'
    >,
  ) => Promise<TimelineResult>;
  /** Throws `session.not_found`. */
  readonly coverage: (request: {
    readonly tenant: string;
    readonly session_id: string;
    readonly signal?: AbortSignal;
  }) => Promise<CoverageResult>;
  /** Of sessions with a row that matches, those with the latest event first. */
  readonly coverages: (request: PageRequest) => Promise<CoveragesResult>;
  /**
   * The chain from prompt to what followed, around any event, in sentences. Throws
   * `event.not_found`.
   */
  readonly why: (request: WhyRequest) => Promise<WhyResult>;
  /** One event with its whole content, over-long values put back. Throws `event.not_found`. */
  readonly event: (tenant: string, id: string) => Promise<Row>;
  /** Every matching row, newest first unless asked otherwise, up to a checkpoint made for it. */
  readonly export: (
    request: SearchRequest & { readonly order?: 'newest' | 'oldest' },
  ) => Promise<{ coverage: Coverage; rows: AsyncIterable<Row> }>;
  /**
   * Rows as they become durable, from now on; ends when the signal aborts or the trail closes.
   * Throws `query.invalid` at once, before the first row is awaited.
   */
  readonly tail: (request: SearchRequest, signal: AbortSignal) => AsyncIterable<Row>;
  readonly auditLog: (
    request: PageRequest & { readonly session_id?: string },
  ) => Promise<readonly AuditEntry[]>;
  /** Throws `event.not_found`, or `ledger.not_yet` where no checkpoint covers the event. */
  readonly proof: (tenant: string, id: string) => Promise<ProofFile>;
  /** Openings of entries from `from` on, at most `count`, for a reader who may see content. */
  readonly openings: (tenant: string, from: number, count: number) => Promise<readonly Opening[]>;
  /** A published ledger file: `checkpoint`, `vkey`, `tile/…`; undefined where there is none. */
  readonly ledgerFile: (tenant: string, path: string) => Promise<Buffer | undefined>;
  /** Records that somebody read the trail, or changed its administration. */
  readonly note: (note: Note) => Promise<void>;
  /** Tasks, decisions, approvals, policies: the lifecycle, each step recorded. */
  readonly govern: Govern;
  /** Signs links by which a person may vote on an approval; a secret. */
  readonly linkKey: Buffer;
  readonly status: () => Promise<TrailStatus>;
  readonly close: () => Promise<void>;
};

/** A reading (`access`) or an administrative change (`admin`), to be recorded as an event. */
export type Note = {
  readonly type: 'access' | 'admin';
  readonly tenant: string;
  /** Whose credential: its name, never the token. */
  readonly user: string;
  /** What was done: `logs.search`, `logs.export`, `token.create`. */
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
};
