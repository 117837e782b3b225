/** Prints one entry of the trail as one line that is safe to show on any terminal. */

/** Of an audit log entry or of a row: whatever it has is shown. */
export type Renderable = {
  readonly created_at?: unknown;
  readonly tool?: unknown;
  readonly type?: unknown;
  readonly status?: unknown;
  readonly detail?: unknown;
  readonly policy_id?: unknown;
};

const DETAIL_CHARS = 400;
const NAME_CHARS = 60;
/** Control characters, and those that reorder, hide or break text: C0, C1, bidi, zero width. */
const HARMFUL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/gu;
const COLOURS: Readonly<Record<string, number>> = {
  success: 32,
  error: 31,
  blocked: 31,
  POLICY_VIOLATION: 31,
  escalated: 33,
  pending: 33,
  unknown: 33,
};

/**
 * `entries.forEach(renderTimeline)`: time in the reader's zone, tool or type, status, detail.
 * Colours only on a terminal. Returns the line, without colours.
 */
export function renderTimeline(entry: Renderable): string {
  const line = lineOf(entry, (text) => text);
  console.log(coloured() ? lineOf(entry, paint) : line);
  return line;
}

type Paint = (text: string, what: 'time' | 'status') => string;

/** The line alone, with each part as `paint` leaves it. */
export function lineOf(entry: Renderable, paint: Paint): string {
  const time = paint(localTime(entry.created_at), 'time');
  const what = clean(entry.tool ?? entry.type ?? 'event', NAME_CHARS).padEnd(20);
  const status = paint(clean(entry.status ?? '', NAME_CHARS).padEnd(9), 'status');
  const policy = isEmpty(entry.policy_id) ? '' : `[${clean(entry.policy_id, NAME_CHARS)}]`;
  const detail = clean(entry.detail ?? '', DETAIL_CHARS);
  const end = [policy, detail].filter((part) => part !== '').join(' ');
  return `${time}  ${what}  ${status}  ${end}`.trimEnd();
}

function paint(text: string, what: 'time' | 'status'): string {
  if (what === 'time') return `\x1b[2m${text}\x1b[22m`;
  const colour = COLOURS[text.trim()];
  return colour === undefined ? text : `\x1b[${colour}m${text}\x1b[39m`;
}

function coloured(): boolean {
  return process.stdout.isTTY === true && !process.env['NO_COLOR'];
}

function localTime(value: unknown): string {
  const at = new Date(typeof value === 'string' ? value : Number.NaN);
  if (Number.isNaN(at.getTime())) return 'unknown time'.padEnd(19);
  const two = (part: number) => String(part).padStart(2, '0');
  const date = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-');
  return `${date} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** White space becomes one space; what could steer a terminal is shown as its code point. */
function clean(value: unknown, chars: number): string {
  const whole = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  const text = whole.slice(0, chars).replace(/[\t\n\r ]+/g, ' ');
  const harmless = text.replace(HARMFUL, (char) => {
    const code = (char.codePointAt(0) ?? 0).toString(16).padStart(4, '0');
    return `\\u{${code}}`;
  });
  return whole.length > chars ? `${harmless}…` : harmless;
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}
