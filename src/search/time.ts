/** Times and intervals as people write them: dates, times, `-2h`, `yesterday`, `1h`. */
import { Fault } from '../fault/fault.ts';
import { DAY_MS, instant, isZone, wallClock } from './zone.ts';

/** What a text about time is read against: the core takes its clock from outside. */
export type Clock = {
  /** Unix milliseconds. */
  readonly now_ms: number;
  /** IANA zone in which times without a zone are read; `UTC` where nobody said. */
  readonly zone: string;
};

/** What a text about time covers: a date its day, `14:30` its minute; `to_ms` is exclusive. */
export type Span = { readonly from_ms: number; readonly to_ms: number };

/** Why a text is no time, as a clause to follow the text, and the way out. */
export type NotATime = { readonly reason: string; readonly hint: string };

const ACCEPTED =
  'Write 2026-01-31, 2026-01-31T14:22, 2026-01-31T14:22:33.456Z, 14:30, -2h, -30m, -7d, -1w, ' +
  'now, today, yesterday or tomorrow.';
/** The bounds of an event's time: 1970 to 2200. */
const LATEST_MS = Date.UTC(2200, 0, 1);
const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: DAY_MS, w: 7 * DAY_MS } as const;
const RELATIVE = /^([+-])(\d{1,9})(ms|s|m|h|d|w)$/;
const INTERVAL = /^(\d{1,9})(ms|s|m|h|d|w)$/;
const DAY = /^(today|yesterday|tomorrow)$/;
const DATE = '(\\d{4})-(\\d{2})-(\\d{2})';
const TIME = '(\\d{2}):(\\d{2})(?::(\\d{2})(?:\\.(\\d{1,9}))?)?';
const DATE_TIME = new RegExp(`^(?:${DATE})?(?:(?:^|(?<=\\d)[t ])${TIME}(z|[+-]\\d{2}:\\d{2})?)?$`);

/**
 * The instant that a text names, in Unix milliseconds; for a date, the start of its day. Days
 * and weeks of `-7d` and `-1w` are 24 hours each. A time that daylight saving skips or repeats
 * is resolved as `instant` of `zone.ts` says. Throws `query.invalid`.
 */
export function parseTime(text: string, clock: Clock): number {
  const span = readSpan(text, clock);
  if ('from_ms' in span) return span.from_ms;
  throw new Fault('query.invalid', `${quote(text)} ${span.reason}.`, { hint: span.hint });
}

/** A length of time such as `30s`, `5m`, `1h`, `7d`, in milliseconds. Throws `query.invalid`. */
export function parseInterval(text: string): number {
  const [, amount, unit] = INTERVAL.exec(text.trim()) ?? [];
  const length_ms = Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
  if (length_ms > 0 && length_ms <= LATEST_MS) return length_ms;
  throw new Fault('query.invalid', `${quote(text)} is not a length of time.`, {
    hint: 'Write a number above zero and a unit: 30s, 5m, 1h, 7d or 1w.',
  });
}

/** What a text covers, or why it is no time. The same texts as `parseTime`. */
export function readSpan(text: string, clock: Clock): Span | NotATime {
  if (!isZone(clock.zone)) {
    return {
      reason: `cannot be read in the zone ${quote(clock.zone)}, which does not exist`,
      hint: 'Name an IANA zone such as UTC, Asia/Tokyo or Europe/Berlin.',
    };
  }
  const span = spanOf(text.trim().toLowerCase(), clock);
  if (span === undefined || Number.isNaN(span.from_ms)) {
    return { reason: 'is not a time', hint: ACCEPTED };
  }
  if (span.from_ms >= 0 && span.from_ms <= LATEST_MS) {
    return { from_ms: span.from_ms, to_ms: Math.min(span.to_ms, LATEST_MS + 1) };
  }
  return { reason: 'is outside the years 1970 to 2199', hint: ACCEPTED };
}

function spanOf(text: string, { now_ms, zone }: Clock): Span | undefined {
  if (text === 'now') return moment(now_ms);
  const [, sign, amount, unit] = RELATIVE.exec(text) ?? [];
  if (unit !== undefined) {
    return moment(now_ms + Number(`${sign}${amount}`) * UNIT_MS[unit as keyof typeof UNIT_MS]);
  }
  const day = startOfDay(wallClock(now_ms, zone));
  switch (DAY.exec(text)?.[1]) {
    case 'today':
      return dayOf(day, zone);
    case 'yesterday':
      return dayOf(day - DAY_MS, zone);
    case 'tomorrow':
      return dayOf(day + DAY_MS, zone);
  }
  return calendarSpan(text, day, zone);
}

function calendarSpan(text: string, today_ms: number, zone: string): Span | undefined {
  const match = text === '' ? null : DATE_TIME.exec(text);
  if (match === null) return undefined;
  const [, year, month, date, hour, minute, second, fraction, suffix] = match;
  const day = year === undefined ? today_ms : dayNumber(`${year}-${month}-${date}`);
  if (Number.isNaN(day)) return undefined;
  if (hour === undefined) return dayOf(day, zone);
  if (year === undefined && suffix !== undefined) return undefined;
  const wall_ms = day + timeOfDay({ hour, minute, second, fraction });
  if (Number.isNaN(wall_ms)) return undefined;
  const from_ms = suffix === undefined ? instant(wall_ms, zone) : wall_ms - offsetOf(suffix);
  const length_ms = second === undefined ? 60_000 : fraction === undefined ? 1000 : 1;
  return { from_ms, to_ms: from_ms + length_ms };
}

function moment(at_ms: number): Span {
  return { from_ms: at_ms, to_ms: at_ms + 1 };
}

function dayOf(day_ms: number, zone: string): Span {
  return { from_ms: instant(day_ms, zone), to_ms: instant(day_ms + DAY_MS, zone) };
}

function startOfDay(wall_ms: number): number {
  return Math.floor(wall_ms / DAY_MS) * DAY_MS;
}

/** NaN for a day that the calendar lacks, which Date.parse would roll into the next month. */
function dayNumber(date: string): number {
  const at = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(date) ? at : Number.NaN;
}

type TimeOfDay = {
  readonly hour: string;
  readonly minute: string | undefined;
  readonly second?: string | undefined;
  readonly fraction?: string | undefined;
};

/** Milliseconds since midnight; NaN where no clock shows the time. */
function timeOfDay({ hour, minute = '0', second = '0', fraction = '' }: TimeOfDay): number {
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return Number.NaN;
  const ms = Number(fraction.slice(0, 3).padEnd(3, '0'));
  return ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000 + ms;
}

function offsetOf(suffix: string): number {
  if (suffix === 'z') return 0;
  const [hours = '', minutes] = suffix.slice(1).split(':');
  return (suffix.startsWith('-') ? -1 : 1) * timeOfDay({ hour: hours, minute: minutes });
}

function quote(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}
