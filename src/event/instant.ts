/** Times: RFC 3339 in any zone, as producers send it, to the one form that is stored. */

/** A year is written with four digits in `TIME`, and nothing recorded is from before 1970. */
export const LATEST_MS = Date.UTC(2200, 0, 1);
const RFC3339 =
  /^(\d{4}-\d{2}-\d{2})[Tt ]([01]\d|2[0-3]):\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;

/** Every day of the calendar but 29 February. */
const DAY =
  '(?:0[1-9]|1[0-2])-(?:0[1-9]|1\\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31';
/** Times that are in the stored form already: most are, and reading them as a date costs more. */
const STORED = new RegExp(
  `^(?:19[7-9]\\d|2[01]\\d\\d)-(?:${DAY})T(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d\\.\\d{3}Z$`,
);

/** The time in UTC with milliseconds (finer digits are cut), or why there is none. */
export function utc(value: unknown): { readonly time: string } | { readonly reason: string } {
  if (typeof value === 'string' && STORED.test(value)) return { time: value };
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

let lastMs = Number.NaN;
let lastText = '';

/** Unix milliseconds as the stored form; the same time again, as in a batch, costs nothing. */
export function timeText(time_ms: number): string {
  if (time_ms !== lastMs) {
    lastText = new Date(time_ms).toISOString();
    lastMs = time_ms;
  }
  return lastText;
}
