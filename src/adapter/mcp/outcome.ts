/** How a request ended: answered, cancelled, or never seen to end. */
import type { Draft } from '../../event/event.ts';
import { RESOURCE_CHARS } from '../../event/event.ts';
import { given } from '../record.ts';
import { cutText, draftOf, type Open, type State } from './state.ts';

export type Reason = { readonly code: string; readonly detail: string };

type Ending = Partial<Draft> & Pick<Draft, 'status'>;

/** The fact that a request ended, with how long it took and how far it had come. */
export function outcome(state: State, open: Open, ending: Ending): Draft {
  const { progress, cancelled } = open;
  const attributes = {
    ...given('mcp_tool', open.name),
    ...given('progress', progress),
    ...(cancelled === true ? { late: true } : {}),
    ...ending.attributes,
  };
  return draftOf(state, {
    about: open,
    fact: 'answered',
    type: open.kind,
    ...given('tool', open.tool),
    ...(open.kind === 'api_call' ? { endpoint: open.method.slice(0, RESOURCE_CHARS) } : {}),
    duration_ms: Math.max(0, state.at_ms - open.at_ms),
    ...ending,
    attributes,
  });
}

/** Nobody saw how it ended. A call that was cancelled has its outcome already. */
export function unknown(state: State, open: Open, { code, detail }: Reason): Draft[] {
  if (open.cancelled === true) return [];
  return [outcome(state, open, { status: 'unknown', detail, attributes: { reason: code } })];
}

/**
 * The asker wants it no more. That is an error and not `blocked`: nobody refused it, it may have
 * done some or all of its work, and the asker goes on without a result.
 */
export function cancel(state: State, open: Open, reason: string | undefined): Draft[] {
  if (open.cancelled === true) return [];
  const error = { code: 'cancelled', ...given('message', reason && cutText(reason)) };
  const draft = outcome(state, open, { status: 'error', error });
  open.cancelled = true;
  return [draft];
}
