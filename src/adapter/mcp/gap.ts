/** What passed and was not understood: told as gaps, of which the first have their own event. */
import type { Draft } from '../../event/event.ts';
import { given } from '../record.ts';
import type { Side } from './message.ts';
import { unknown } from './outcome.ts';
import { draftOf, keyOf, remember, type State } from './state.ts';

export type Unread = {
  readonly from: Side;
  readonly reason: 'not_json' | 'too_long' | 'not_text' | 'failed';
  readonly size_bytes: number;
  /** Its beginning. */
  readonly head?: string | undefined;
  /** Of an answer that is too long: where its id could be read all the same. */
  readonly id?: unknown;
  readonly exchange?: number | undefined;
};

/** Gaps that are told one by one; the rest are counted. */
const GAPS = 20;
const HEAD_CHARS = 400;

/** An answer that is too long to be read ends its request, nobody saw how. */
export function unread(state: State, { id, head, exchange, ...about }: Unread): Draft[] {
  const open = about.reason === 'too_long' ? askedBy(state, { ...about, id, exchange }) : undefined;
  if (open === undefined) {
    return gap(state, { ...about, ...given('head', head?.slice(0, HEAD_CHARS)) });
  }
  state.open.delete(open.key);
  remember(state.answered, open.key, about.reason);
  const detail = `Its answer has ${about.size_bytes} bytes, too many to be looked at.`;
  return unknown(state, open, { code: about.reason, detail });
}

/** By its id, else the only one that is open in the exchange. */
function askedBy(state: State, { from, id, exchange }: Omit<Unread, 'size_bytes'>) {
  const asker = from === 'client' ? 'server' : 'client';
  if (id !== undefined) return state.open.get(keyOf(state, { from: asker, id, exchange }));
  if (exchange === undefined || asker === 'server') return undefined;
  const open = [...state.open.values()].filter((one) => one.exchange === exchange);
  return open.length === 1 ? open[0] : undefined;
}

export type Gap = {
  readonly from: Side;
  readonly reason: string;
  readonly size_bytes?: number;
  readonly head?: string;
  /** Messages that were not looked at. */
  readonly more?: number;
  readonly raw?: unknown;
};

export function gap(state: State, { raw, ...about }: Gap): Draft[] {
  state.gaps++;
  if (state.gaps > GAPS) return [];
  const detail = `A message of the ${about.from} passed and was not understood: ${about.reason}.`;
  return [
    draftOf(state, { type: 'gap', fact: 'gap', detail, ...given('raw', raw), attributes: about }),
  ];
}

/** Those beyond the first, in one. */
export function uncounted(state: State): Draft[] {
  const count = state.gaps - GAPS;
  if (count <= 0) return [];
  const detail = `${count} more messages passed and were not understood.`;
  return [
    draftOf(state, { type: 'gap', fact: 'gap', detail, attributes: { reason: 'more', count } }),
  ];
}
