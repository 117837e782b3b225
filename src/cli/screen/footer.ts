/** Remarks below an answer: how complete it is, what it leaves out, how to go on. */
import type { ReadTo } from '../../trail/trail.ts';
import type { Context } from '../command/command.ts';

export type Footer = {
  readonly read_to: ReadTo;
  /** What was left out, if anything. */
  readonly hidden: 'search.hidden' | 'sessions.hidden' | undefined;
  readonly cursor: string | undefined;
};

export function footer({ t, terminal, clock }: Context, { read_to, hidden, cursor }: Footer): void {
  if (!read_to.complete) {
    const { indexed, recorded } = read_to;
    terminal.note({ text: t('search.lagging', { indexed, recorded }), style: 'warn' });
  }
  if (cursor !== undefined) terminal.note({ text: t('search.next', { cursor }), style: 'dim' });
  if (hidden) terminal.note({ text: t(hidden), style: 'dim' });
  terminal.note({ text: t('search.zone', { zone: clock.zone }), style: 'dim' });
}
