/** The documents' `audit_log` entry: one flat line of the audit trail per row. */
import type { Event } from '../event/event.ts';
import { type NamedEvent, POLICY_VIOLATION } from '../event/name.ts';
import { sentence } from './sentence.ts';

/** The documents' `audit_log` entry. */
export type AuditEntry = {
  readonly id: string;
  readonly session_id: string;
  readonly policy_id: string | null;
  readonly tool: string | null;
  /** `POLICY_VIOLATION` for what a policy blocked, else the status, else a word for the type. */
  readonly status: string;
  readonly created_at: string;
  /** The producer's own sentence, as recorded, else `sentence` in English. */
  readonly detail: string;
  readonly type: string;
};

/** The entry of a row. Its texts are as recorded: print them through `printable`. */
export function auditEntry(row: NamedEvent): AuditEntry {
  return {
    id: row.id,
    session_id: row.session_id,
    policy_id: row.policy_id ?? null,
    tool: row.tool ?? null,
    status: auditStatus(row),
    created_at: row.created_at,
    detail: row.detail ?? sentence(row, 'en'),
    type: row.type,
  };
}

function auditStatus(event: Event): string {
  if (isViolation(event)) return POLICY_VIOLATION;
  return event.status ?? event.decision?.outcome ?? naturalWord(event);
}

/** A denial that was not carried out (a policy on trial) is no violation, but what it became. */
function isViolation({ status, decision }: Event): boolean {
  const byPolicy = decision?.by === 'policy' || (decision?.policy_ids?.length ?? 0) > 0;
  const stopped = status === undefined || status === 'blocked';
  return stopped && byPolicy && decision?.outcome === 'deny';
}

function naturalWord({ type, status_code }: Event): string {
  switch (type) {
    case 'prompt':
      return 'received';
    case 'output':
      return 'sent';
    case 'api_call':
      if (status_code === undefined) return 'unknown';
      return status_code < 400 ? 'success' : 'error';
    case 'tool_call':
    case 'file_operation':
    case 'decision':
    case 'approval':
    case 'task':
      return 'unknown';
    case 'session':
    case 'access':
    case 'admin':
      return 'recorded';
    case 'finding':
      return 'found';
    case 'gap':
      return 'missing';
  }
}
