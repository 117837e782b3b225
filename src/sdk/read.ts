/** Thin reads of the trail; each throws the Fault that the server named. */
import type { AuditEntry } from '../search/audit.ts';
import type { SearchResult, TimelineResult } from '../trail/trail.ts';
import type { Wire } from './wire.ts';

export type AuditLogRequest = {
  readonly session_id?: string;
  readonly limit?: number;
  readonly query?: string;
  readonly from?: string;
  readonly to?: string;
};

export type ReadRequest = {
  /** The query language; empty means everything. */
  readonly query?: string;
  /** Date, time, `-2h`, `yesterday`; inclusive. */
  readonly from?: string;
  /** The same; exclusive. */
  readonly to?: string;
  readonly zone?: string;
  /** 1 to 1000; 50 where absent. */
  readonly limit?: number;
  readonly cursor?: string;
  readonly order?: 'newest' | 'oldest';
};

export type Reader = {
  readonly audit_log: (request?: AuditLogRequest) => Promise<AuditEntry[]>;
  readonly search: (request?: ReadRequest) => Promise<SearchResult>;
  readonly timeline: (
    session_id: string,
    page?: Pick<ReadRequest, 'limit' | 'cursor'>,
  ) => Promise<TimelineResult>;
};

export function openReader(wire: Wire): Reader {
  return {
    audit_log: async (request = {}) => {
      const body = await wire.read('v1/audit_log', request);
      return (body as { entries: AuditEntry[] }).entries;
    },
    search: async (request = {}) => (await wire.read('v1/events', request)) as SearchResult,
    timeline: async (session_id, page = {}) => {
      const id = encodeURIComponent(session_id.toWellFormed()).replaceAll('.', '%2E');
      const path = `v1/sessions/${id}/timeline`;
      return (await wire.read(path, page)) as TimelineResult;
    },
  };
}
