/** The end of an HTTP exchange: what its requests came to where no message says so. */
import type { Draft } from '../../event/event.ts';
import type { Side } from './message.ts';
import { cancel, outcome, unknown } from './outcome.ts';
import type { Open, State } from './state.ts';

export type ExchangeEnd = {
  readonly exchange: number;
  /** Who broke it off; undefined where it ended as it should. */
  readonly by?: Side | undefined;
  /** Undefined where no answer came at all. */
  readonly status_code?: number | undefined;
};

/**
 * With a session, a broken stream may be taken up again, so its requests stay open. Without one
 * (2026-07-28) nothing can follow: the client that closes the stream has cancelled the call.
 */
export function ended(state: State, end: ExchangeEnd): Draft[] {
  const { exchange, by, status_code } = end;
  const opens = [...state.open.values()].filter(
    (open) => open.from === 'client' && open.exchange === exchange,
  );
  const refused = status_code === undefined ? by === 'server' : status_code >= 400;
  if (!refused && state.options.scoped !== true) return [];
  return opens.flatMap((open) => {
    state.open.delete(open.key);
    if (refused) return refusal(state, open, status_code);
    if (open.method === 'subscriptions/listen') {
      return outcome(state, open, { status: 'success', detail: 'The subscription ended.' });
    }
    if (by === 'client') return cancel(state, open, 'The client closed the stream.');
    return unknown(state, open, {
      code: 'no_answer',
      detail: 'The stream ended without an answer.',
    });
  });
}

/** The server, or the way to it, failed: no message of MCP came back. */
function refusal(state: State, open: Open, status_code: number | undefined): Draft[] {
  if (open.cancelled === true) return [];
  const code = status_code === undefined ? 'unreachable' : `http_${status_code}`;
  const seen = status_code === undefined ? {} : { status_code };
  return [outcome(state, open, { status: 'error', error: { code }, ...seen })];
}
