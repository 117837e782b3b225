/** Times as producers send them: RFC 3339 in any zone, to the one form that is stored. */

/** A year is written with four digits in `TIME`, and nothing recorded is from before 1970. */
const LATEST_MS = Date.UTC(2200, 0, 1);
const RFC3339 =
  /^(\d{4}-\d{2}-\d{2})[Tt ]([01]\d|2[0-3]):\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;

/** The time in UTC with milliseconds (finer digits are cut), or why there is none. */
export function utc(value: unknown): { readonly time: string } | { readonly reason: string } {
  const date = typeof value === 'string' ? RFC3339.exec(value)?.[1] : undefined;
  const at = date === undefined || !isDay(date) ? Number.NaN : Date.parse(String(value));
  if (Number.isNaN(at)) {
    return { reason: 'must be RFC 3339 with a zone: 2026-01-31T14:22:33.456Z' };
  }
  if (at < 0 || at >= LATEST_MS) return { reason: 'must lie between 1970 and 2200' };
  return { time: new Date(at).toISOString() };
}

/** Date.parse would read 30 February as 2 March. */
function isDay(date: string): boolean {
  const at = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(date);
}
