/** Times as the reader reads them: in their zone and language, and lengths of time. */
import { refuse } from '../problem.ts';

export type Clock = {
  /** The IANA zone, as it is sent to the server and shown. */
  readonly zone: string;
  /** `2026-01-31 14:22:33`: sortable, the same in every language. */
  readonly stamp: (time: string | number) => string;
  /** `14:22:33`. */
  readonly time: (time: string | number) => string;
  /** `2026-01-31 14:22:33.456 UTC+09:00`: for one event. */
  readonly exact: (time: string | number) => string;
  /** The day in words, in the reader's language. */
  readonly day: (time: string | number) => string;
};

export type ClockOptions = { readonly language: string; readonly zone?: string };

/** Throws `usage.invalid` for a zone that does not exist. */
export function openClock({ language, zone }: ClockOptions): Clock {
  const shown = zone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const base = format(shown, { hourCycle: 'h23', ...DATE, ...TIME });
  const fine = format(shown, {
    hourCycle: 'h23',
    ...DATE,
    ...TIME,
    fractionalSecondDigits: 3,
    timeZoneName: 'longOffset',
  });
  const words = new Intl.DateTimeFormat(language, { timeZone: shown, dateStyle: 'full' });
  return {
    zone: shown,
    stamp: (time) => guard(time, (at) => `${date(base, at)} ${clock(base, at)}`),
    time: (time) => guard(time, (at) => clock(base, at)),
    exact: (time) => guard(time, (at) => exact(fine, at)),
    day: (time) => guard(time, (at) => words.format(at)),
  };
}

/** `850 ms`, `12.3 s`, `4 min 05 s`, `2 h 07 min`: the units of science, in any language. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const s = Math.round(ms / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  if (s < 3600) return `${Math.floor(s / 60)} min ${two(s % 60)} s`;
  return `${Math.floor(s / 3600)} h ${two(Math.floor((s % 3600) / 60))} min`;
}

const DATE = { year: 'numeric', month: '2-digit', day: '2-digit' } as const;
const TIME = { hour: '2-digit', minute: '2-digit', second: '2-digit' } as const;

function format(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zone });
  } catch {
    throw refuse('usage.invalid', 'zone', { zone });
  }
}

/** What a producer wrote is shown as it is where it is no time. */
function guard(time: string | number, write: (at: Date) => string): string {
  const at = new Date(time);
  return Number.isNaN(at.getTime()) ? String(time ?? '') : write(at);
}

function parts(formatter: Intl.DateTimeFormat, at: Date): Record<string, string> {
  return Object.fromEntries(formatter.formatToParts(at).map(({ type, value }) => [type, value]));
}

function date(formatter: Intl.DateTimeFormat, at: Date): string {
  const { year, month, day } = parts(formatter, at);
  return `${year}-${month}-${day}`;
}

function clock(formatter: Intl.DateTimeFormat, at: Date): string {
  const { hour, minute, second } = parts(formatter, at);
  return `${hour}:${minute}:${second}`;
}

function exact(formatter: Intl.DateTimeFormat, at: Date): string {
  const { fractionalSecond, timeZoneName } = parts(formatter, at);
  const zone = timeZoneName === 'GMT+00:00' ? 'UTC' : timeZoneName?.replace('GMT', 'UTC');
  return `${date(formatter, at)} ${clock(formatter, at)}.${fractionalSecond} ${zone}`;
}
