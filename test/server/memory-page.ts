/** Pages and session summaries over rows in memory. */
import { Fault } from '../../src/fault/fault.ts';
import type { PageRequest, Row } from '../../src/trail/trail.ts';

export function paged<T>(rows: readonly T[], { limit = 50, cursor = '0' }: Partial<PageRequest>) {
  const from = Number(cursor);
  if (!Number.isInteger(from)) {
    throw new Fault('query.invalid', 'The cursor is not one of ours.', { field: 'cursor' });
  }
  const next = from + limit;
  return {
    rows: rows.slice(from, next),
    cursor: next < rows.length ? String(next) : undefined,
  };
}

export function summary(session_id: string, rows: readonly Row[]) {
  const times = rows.map((row) => Date.parse(row.time));
  return {
    session_id,
    first_ms: Math.min(...times),
    last_ms: Math.max(...times),
    ended: false,
    rows: rows.length,
    prompts: rows.filter((row) => row.type === 'prompt').length,
    calls: rows.filter((row) => row.type === 'tool_call').length,
    statuses: {},
  };
}
