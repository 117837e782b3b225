/** Tells rows as a story: when, who, what, what came of it, and the words that were said. */

import type { Told } from '../../search/echo.ts';
import { isNotice, sentence } from '../../search/sentence.ts';
import type { Row } from '../../trail/trail.ts';
import type { Context } from '../command/command.ts';
import type { Piece, Style } from './piece.ts';
import { statusStyle, who } from './row.ts';
import { valueLines } from './value.ts';
import { wrap } from './width.ts';

export type Story = { readonly tell: (told: Told<Row>) => void };

/** Columns of the time and the sign before what happened. */
const MARGIN = 12;
const INDENT = 4;
/** Indentations beyond which a narrow terminal would hold nothing. */
const DEPTHS = 6;
/** Lines of a prompt or an output that are shown. */
const EXCERPT_LINES = 8;
/** Columns that are pleasant to read. */
const READABLE = 110;

/** Rows must come oldest first: a sub-agent is indented below the session that started it. */
export function openStory(context: Context, root: string): Story {
  const { clock, terminal, language } = context;
  const depths = new Map<string, number>([[root, 0]]);
  let day = '';
  return {
    tell: ({ row, witnesses }) => {
      const today = clock.day(row.time);
      if (today !== day) {
        terminal.line();
        terminal.line({ text: `${today} · ${clock.zone}`, style: 'bold' });
        day = today;
      }
      const depth = Math.min(depthOf(row, depths), DEPTHS);
      const indent = ' '.repeat(depth * INDENT);
      const room = Math.min(terminal.columns, READABLE) - MARGIN - indent.length;
      const shade = shadeOf(row);
      const spoken = isSpoken(row);
      const text = spoken && !row.erased ? speech(context, row) : sentence(row, language);
      const [first = '', ...rest] = wrap(text, Math.max(room, 20));
      const when = { text: `${clock.time(row.time)}  `, style: 'dim' } as const;
      const last = rest.length - 1;
      const behind = (at: number) => (at === last ? seen(witnesses) : []);
      terminal.line(when, indent, sign(row), { text: first, style: shade }, ...behind(-1));
      const margin = ' '.repeat(MARGIN) + indent;
      for (const [at, line] of rest.entries()) {
        terminal.line(margin, { text: line, style: shade }, ...behind(at));
      }
      for (const { text: line, style: below } of said(context, row, room)) {
        terminal.line(margin, { text: line, style: below });
      }
    },
  };
}

/** Who saw it, where that was more than one kind of witness. */
function seen(witnesses: readonly string[]): readonly Piece[] {
  return witnesses.length < 2 ? [] : [{ text: `  (${witnesses.join(', ')})`, style: 'dim' }];
}

function depthOf({ session_id, parent_session_id }: Row, depths: Map<string, number>): number {
  const known = depths.get(session_id);
  if (known !== undefined) return known;
  const depth = (depths.get(parent_session_id ?? '') ?? 0) + 1;
  depths.set(session_id, depth);
  return depth;
}

function speech({ t }: Context, row: Row): string {
  // A sub-agent's prompt is of the agent that started it.
  if (row.type === 'prompt' && row.channel === 'agent') {
    return t('timeline.prompt', { who: t('timeline.agent') });
  }
  if (row.type === 'prompt')
    return t('timeline.prompt', { who: who(row) || t('timeline.someone') });
  if (row.channel === 'reasoning') {
    return t('timeline.thought', { who: who(row) || t('timeline.agent') });
  }
  return t('timeline.output', { who: who(row) || t('timeline.agent') });
}

/** What was said, and what was stopped, stand out of what went well. */
function shadeOf(row: Row): Style {
  const { status } = row;
  if (isSpoken(row)) return 'bold';
  return status === 'blocked' || status === 'error' ? statusStyle(status) : 'plain';
}

function sign(row: Row): Piece {
  if (row.type === 'prompt' && isSpoken(row)) return { text: '▶ ', style: 'name' };
  if (row.type === 'output') return { text: '◀ ', style: 'name' };
  const style = statusStyle(row.status);
  return { text: `${SIGNS[row.status ?? 'none']} `, style };
}

const SIGNS = {
  success: '✓',
  error: '✗',
  blocked: '■',
  escalated: '▲',
  pending: '…',
  unknown: '?',
  none: '·',
} as const;

type Below = { readonly text: string; readonly style: Style };

function said(context: Context, row: Row, room: number): readonly Below[] {
  if (row.erased) return [{ text: context.t('timeline.erased'), style: 'warn' }];
  return isSpoken(row) ? excerpt(context, row, room) : [];
}

/** Words between a user and an agent; a runtime's own message is told like an act. */
function isSpoken(row: Row): boolean {
  return (row.type === 'prompt' && !isNotice(row)) || row.type === 'output';
}

function excerpt({ t }: Context, row: Row, room: number): readonly Below[] {
  const lines = valueLines((row.content ?? '').trim(), Math.max(room - 2, 20));
  const shown = lines.slice(0, EXCERPT_LINES);
  const more = lines.length - shown.length;
  const told: Below[] = shown.map((line) => ({ text: `│ ${line}`, style: 'plain' }));
  if (more > 0) {
    const text = t('timeline.more', { count: more, index: row.index });
    told.push({ text: `│ ${text}`, style: 'dim' });
  }
  return told;
}
