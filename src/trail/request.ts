/** What readers ask, in words, as what the engine takes: queries, pages, cursors. */
import { z } from 'zod';
import type { Page, Query, RowPlace, SessionPage } from '../engine/engine.ts';
import { Fault } from '../fault/fault.ts';
import { parseQuery } from '../search/query.ts';
import { type Clock, parseTime } from '../search/time.ts';
import type { PageRequest, SearchRequest } from './trail.ts';

/** Rows of a page where none was asked for, and the most that may be. */
export const PAGE_ROWS = 50;
export const PAGE_MOST = 1000;

export function clockOf({ zone }: SearchRequest, now_ms: number): Clock {
  return { now_ms, zone: zone ?? 'UTC' };
}

/** Throws `query.invalid`. */
export function toQuery(request: SearchRequest, now_ms: number): Query {
  const clock = clockOf(request, now_ms);
  const { from, to, signal } = request;
  return {
    tenant: request.tenant,
    filter: parseQuery(request.query ?? '', clock),
    ...(from === undefined ? {} : { from_ms: parseTime(from, clock) }),
    ...(to === undefined ? {} : { to_ms: parseTime(to, clock) }),
    ...(signal === undefined ? {} : { signal }),
  };
}

/** Throws `request.invalid` for a limit or a cursor that is none. */
export function toPage({ limit, cursor, order }: PageRequest): Page {
  const after = cursor === undefined ? {} : { after: decode(cursor, rowPlace) };
  return { limit: rowLimit(limit), order: order ?? 'newest', ...after };
}

export function toSessionPage({ limit, cursor }: PageRequest): SessionPage {
  const after = cursor === undefined ? {} : { after: decode(cursor, sessionPlace) };
  return { limit: rowLimit(limit), ...after };
}

export function rowLimit(limit = PAGE_ROWS): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= PAGE_MOST) return limit;
  throw new Fault('request.invalid', `limit must be a whole number from 1 to ${PAGE_MOST}.`, {
    field: 'limit',
    limit: PAGE_MOST,
  });
}

/** Bounded as rows are: what no page ends with is no cursor. */
const natural = z.int().min(0);
const rowPlace = z.strictObject({ time_ms: natural, seq: natural });
const sessionPlace = z.strictObject({ last_ms: natural, session_id: z.string() });

/** A place as an opaque word for URLs. */
export function encodeCursor(place: RowPlace | NonNullable<SessionPage['after']>): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

function decode<T>(cursor: string, shape: z.ZodType<T>): T {
  try {
    return shape.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch (cause) {
    throw new Fault('request.invalid', 'cursor is not one that an earlier page gave.', {
      field: 'cursor',
      hint: 'Leave cursor out to begin with the first page.',
      cause,
    });
  }
}
