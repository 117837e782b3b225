/** Notifications: progress and the end of calls; most others say nothing of what an agent did. */
import { RESOURCE_CHARS } from '../../event/event.ts';
import type { Adapted } from '../adapter.ts';
import { textIn } from '../record.ts';
import { taskEnded } from './answer.ts';
import { type Fields, idText, own, type Side } from './message.ts';
import { cancel } from './outcome.ts';
import { draftOf, keyOf, type Open, type State } from './state.ts';

export type Noticed = {
  readonly from: Side;
  readonly exchange?: number | undefined;
  readonly method: string;
  readonly params: Fields;
};

/** Why a notification adds nothing to the trail. */
const SKIPPED: ReadonlyMap<string, string> = new Map([
  ['notifications/initialized', 'the answer to initialize is recorded'],
  ['notifications/tools/list_changed', 'the new list is recorded when the client reads it'],
  ['notifications/prompts/list_changed', 'the new list is recorded when the client reads it'],
  ['notifications/resources/list_changed', 'the new list is recorded when the client reads it'],
  ['notifications/roots/list_changed', 'the new list is recorded when the server reads it'],
  ['notifications/resources/updated', 'the resource is recorded when the client reads it'],
  ['notifications/subscriptions/acknowledged', 'the subscription itself is recorded'],
  ['notifications/elicitation/complete', 'the elicitation itself is recorded'],
  ['notifications/message', "the server's own log, no act of the agent"],
]);

export function noticed(state: State, notice: Noticed): Adapted {
  const { method, params, from } = notice;
  const why = SKIPPED.get(method);
  if (why !== undefined) return { skipped: why };
  if (method === 'notifications/progress') return progress(state, notice);
  if (method === 'notifications/cancelled') return cancellation(state, notice);
  if (method === 'notifications/tasks/status') {
    const drafts = taskEnded(state, params);
    return drafts.length > 0 ? { drafts } : { skipped: 'the task goes on' };
  }
  const draft = draftOf(state, {
    fact: 'notified',
    type: 'api_call',
    endpoint: method.slice(0, RESOURCE_CHARS),
    arguments: params,
    attributes: { asked_by: from },
  });
  return { drafts: [draft] };
}

/** Kept with its call: how often, and the last word. */
function progress(state: State, { from, params }: Noticed): Adapted {
  const token = idText(own(params, 'progressToken'));
  for (const open of state.open.values()) {
    if (open.from === from || open.progressToken !== token) continue;
    const { progressToken: _, ...last } = params;
    open.progress = { count: (open.progress?.count ?? 0) + 1, last };
    return { skipped: 'progress is recorded with the answer' };
  }
  return { skipped: 'progress of a call that is over, or was never seen' };
}

function cancellation(state: State, notice: Noticed): Adapted {
  const { params } = notice;
  const open = openFor(state, notice);
  const drafts = open ? cancel(state, open, textIn(params, 'reason')) : [];
  if (drafts.length > 0) return { drafts };
  const draft = draftOf(state, {
    fact: 'notified',
    type: 'api_call',
    endpoint: notice.method,
    detail: 'A request that was not open was cancelled.',
    arguments: params,
    attributes: { asked_by: notice.from },
  });
  return { drafts: [draft] };
}

/** Where ids are an exchange's own, a cancellation comes in another one. */
function openFor(state: State, { from, exchange, params }: Noticed): Open | undefined {
  const id = own(params, 'requestId');
  const found = state.open.get(keyOf(state, { from, id, exchange }));
  if (found || state.options.scoped !== true) return found;
  const alike = [...state.open.values()].filter(
    (open) => open.from === from && idText(open.id) === idText(id),
  );
  return alike.length === 1 ? alike[0] : undefined;
}
