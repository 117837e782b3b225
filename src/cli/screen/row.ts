/** How one row of an answer looks on a line: who did what, and what came of it. */
import type { Status } from '../../event/event.ts';
import { mainArgument } from '../../search/argument.ts';
import { excerpt, printable } from '../../search/safe.ts';
import { sentence } from '../../search/sentence.ts';
import type { Row } from '../../trail/trail.ts';
import { type Clock, duration } from './clock.ts';
import type { Language, Translate } from './language.ts';
import type { Column, Piece, Style } from './piece.ts';
import type { Terminal } from './terminal.ts';
import { truncate } from './width.ts';

/** Columns of a terminal on which times need not be shortened. */
const WIDE = 140;
/** Columns of a short id, its ellipsis with it. */
const SHORT = 13;
/** Characters of a deed and of a reason, wherever there is room for all of them. */
const DEED_CHARS = 200;
const REASON_CHARS = 160;

export function rowColumns(t: Translate): readonly Column[] {
  return [
    { title: t('label.index'), align: 'right' },
    { title: t('label.time') },
    { title: t('label.session'), most: SHORT },
    { title: t('label.who'), most: 16 },
    { title: t('label.status') },
    { title: t('label.took'), align: 'right' },
    { title: t('label.what') },
  ];
}

export type RowContext = {
  readonly clock: Clock;
  readonly terminal: Terminal;
  readonly language: Language;
};

export function rowCells(row: Row, context: RowContext): readonly Piece[] {
  const { clock, language } = context;
  const { columns } = context.terminal;
  const tight = columns < WIDE;
  const unlimited = columns === Number.POSITIVE_INFINITY;
  return [
    { text: String(row.index), style: 'name' },
    { text: tight ? clock.stamp(row.time).slice(5) : clock.stamp(row.time), style: 'dim' },
    { text: unlimited ? row.session_id : shortId(row.session_id), style: 'dim' },
    who(row),
    statusPiece(row.status),
    row.duration_ms === undefined ? '' : duration(row.duration_ms),
    { text: deed(row, language), style: row.status === 'blocked' ? 'bad' : 'plain' },
  ];
}

/**
 * What was done, short, for a line that has its status and duration beside it; with the reason
 * where it did not come about.
 */
export function deed(row: Row, language: Language): string {
  const done = act(row);
  if (row.erased || done === '') return sentence(row, language);
  const { error, decision, status } = row;
  const failed = status === 'blocked' || status === 'escalated' || status === 'error';
  const reason = failed ? (decision?.reason ?? error?.message ?? error?.code) : undefined;
  return reason ? `${done} — ${excerpt(reason, REASON_CHARS)}` : done;
}

function act(row: Row): string {
  switch (row.type) {
    case 'tool_call':
      return words(row.tool, mainArgument(row));
    case 'api_call':
      return words(row.method, `${row.destination ?? ''}${row.endpoint ?? ''}`, row.status_code);
    case 'file_operation':
      return words(row.operation, row.path);
    case 'access':
    case 'admin':
      return words(row.tool, row.detail ?? mainArgument(row));
    default:
      return '';
  }
}

function words(...parts: readonly (string | number | undefined)[]): string {
  return excerpt(parts.filter((part) => part !== undefined && part !== '').join(' '), DEED_CHARS);
}

/** The agent by its name, or by whatever is known of it. */
export function who(row: Pick<Row, 'agent' | 'user' | 'type'>): string {
  const { agent, user } = row;
  const person = user?.name ?? user?.id;
  if (row.type === 'prompt' || row.type === 'access' || row.type === 'admin') {
    return person ?? agent?.name ?? agent?.id ?? '';
  }
  return agent?.name ?? agent?.id ?? agent?.runtime ?? person ?? '';
}

/** The words of the query language, so that they can be searched for as they are seen. */
export function statusPiece(status: Status | undefined): Piece {
  return { text: status ?? '', style: statusStyle(status) };
}

export function statusStyle(status: Status | undefined): Style {
  switch (status) {
    case 'success':
      return 'good';
    case 'error':
      return 'bad';
    case 'blocked':
      return 'alarm';
    case 'escalated':
    case 'unknown':
      return 'warn';
    case 'pending':
    case undefined:
      return 'dim';
  }
}

/** The first characters of a UUID, which commands take for the whole; other ids a little longer. */
export function shortId(id: string): string {
  // A UUIDv7 begins with its time: those of one minute share their first characters.
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-[1-6]/.test(id)) return id.slice(0, 8);
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-/.test(id)) return id.slice(0, SHORT);
  return truncate(printable(id), SHORT);
}
