/** Wall-clock time in an IANA zone to Unix time and back, by Intl, daylight saving included. */

/** Milliseconds a day, where no zone is concerned. */
export const DAY_MS = 86_400_000;

/** Formatters kept: a caller can name only so many zones before the cache begins anew. */
const CACHE = 64;
const formatters = new Map<string, Intl.DateTimeFormat>();

/** Whether the platform knows the zone: an IANA name (`Asia/Tokyo`) or an offset (`+09:00`). */
export function isZone(zone: string): boolean {
  try {
    formatter(zone);
    return true;
  } catch {
    return false;
  }
}

/**
 * The wall-clock time of an instant, as the Unix milliseconds at which UTC clocks show it.
 * Throws RangeError for a zone that `isZone` denies.
 */
export function wallClock(at_ms: number, zone: string): number {
  const part: Record<string, number> = {};
  for (const { type, value } of formatter(zone).formatToParts(at_ms)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  const whole = Date.UTC(year, month - 1, day, hour, minute, second);
  return whole + (((at_ms % 1000) + 1000) % 1000);
}

/**
 * The instant at which clocks of the zone show `wall_ms` (in the form of `wallClock`). Where
 * they show it twice, the earlier; where they skip it, the instant as far after the skip as the
 * time lies in it (02:30 becomes 03:30): as RFC 5545 and Temporal's `compatible` have it.
 */
export function instant(wall_ms: number, zone: string): number {
  const before = offset(wall_ms - DAY_MS, zone);
  const after = offset(wall_ms + DAY_MS, zone);
  const first = wall_ms - Math.max(before, after);
  if (offset(first, zone) === wall_ms - first) return first;
  const second = wall_ms - Math.min(before, after);
  if (offset(second, zone) === wall_ms - second) return second;
  return wall_ms - before;
}

function offset(at_ms: number, zone: string): number {
  return wallClock(at_ms, zone) - at_ms;
}

function formatter(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-US-u-ca-iso8601-nu-latn', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  if (formatters.size >= CACHE) formatters.clear();
  formatters.set(zone, made);
  return made;
}
