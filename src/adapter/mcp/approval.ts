/** A person is asked through the client: elicitation, in a request of its own or in a result. */
import type { Draft } from '../../event/event.ts';
import { isObject } from '../../event/name.ts';
import { fit, given, textIn } from '../record.ts';
import { type Fields, fieldsIn, own } from './message.ts';
import { cutText, draftOf, type Open, type State } from './state.ts';

/** Inputs of one round that are told one by one; the messages keep them all. */
const INPUTS = 100;

/** A request for input: the form and its sentence. */
export function approvalOf(params: Fields): Partial<Draft> {
  const message = textIn(params, 'message');
  const url = textIn(params, 'url');
  // What follows `?` in a link that a person is to open is often a secret.
  const form = url === undefined ? params : { ...params, url: url.replace(/[?#].*$/s, '?…') };
  return {
    ...given('detail', message === undefined ? undefined : cutText(message)),
    arguments: form,
    decision: { outcome: 'escalate' },
    status: 'escalated',
  };
}

/** The call in whose course a server asks: of its exchange, else the only one that is open. */
export function relatedTo(state: State, { exchange }: Open): Open | undefined {
  const calls = [...state.open.values()].filter(({ kind }) => kind === 'tool_call');
  const own = calls.filter((call) => exchange !== undefined && call.exchange === exchange);
  if (own.length === 1) return own[0];
  return calls.length === 1 ? calls[0] : undefined;
}

/**
 * What came of an elicitation. `accept` means that the form was sent, not that its answer is yes:
 * with a `false` in it the decision stays unknown. Who answered is not told: a person or a hook.
 */
export function elicited(result: unknown): Partial<Draft> {
  const fields = isObject(result) ? result : {};
  const action = textIn(fields, 'action');
  if (action === 'decline') {
    return { status: 'blocked', decision: { outcome: 'deny', reason: 'decline' }, result };
  }
  if (action === 'cancel') {
    return { status: 'error', error: { code: 'cancelled' }, decision: { reason: action }, result };
  }
  if (action !== 'accept') return { status: 'unknown', result };
  const refused = Object.values(fieldsIn(fields, 'content')).includes(false);
  const decision = refused ? { reason: action } : { outcome: 'permit' as const, reason: action };
  return { status: 'success', decision, result };
}

/** `input_required` (2026-07-28): what the server wants to know before it goes on. */
export function inputsRequired(state: State, open: Open, requests: Fields): Draft[] {
  return Object.keys(requests)
    .slice(0, INPUTS)
    .map((name) => {
      const request = fieldsIn(requests, name);
      const method = textIn(request, 'method') ?? '';
      open.inputs.set(name, method);
      const params = fieldsIn(request, 'params');
      const asks = method === 'elicitation/create';
      const facts: Partial<Draft> = asks
        ? approvalOf(params)
        : { status: 'pending', arguments: params, endpoint: method };
      return inputDraft(state, open, { name, facts, asks, fact: 'input-required' });
    });
}

/** The retry: what each of those was answered with. */
export function inputsGiven(state: State, open: Open, responses: Fields): Draft[] {
  return Object.keys(responses)
    .slice(0, INPUTS)
    .map((name) => {
      const asks = (open.inputs.get(name) ?? 'elicitation/create') === 'elicitation/create';
      const response = own(responses, name);
      const facts: Partial<Draft> = asks
        ? elicited(response)
        : { status: 'success', result: response };
      return inputDraft(state, open, { name, facts, asks, fact: 'input-given' });
    });
}

type Input = {
  readonly name: string;
  readonly facts: Partial<Draft>;
  /** Whether a person is asked. */
  readonly asks: boolean;
  readonly fact: string;
};

function inputDraft(state: State, open: Open, { name, facts, asks, fact }: Input): Draft {
  return draftOf(state, {
    about: open,
    fact,
    type: asks ? 'approval' : 'api_call',
    ...given('tool', asks ? open.tool : undefined),
    ...facts,
    call_id: fit(`${open.call_id}/${open.round}/${name}`),
    attributes: { asked_by: 'server', mcp_call: open.call_id, input: fit(name) },
  });
}
