/** Requests: what was asked, by the agent of its server or by the server of the agent. */
import { createHash } from 'node:crypto';
import type { Action, Draft, Resource } from '../../event/event.ts';
import { RESOURCE_CHARS } from '../../event/event.ts';
import type { Adapted } from '../adapter.ts';
import { fit, given, nameIn, textIn } from '../record.ts';
import { approvalOf, inputsGiven, relatedTo } from './approval.ts';
import { type Fields, fieldsIn, idText, own, type Side } from './message.ts';
import { unknown } from './outcome.ts';
import { belongingIn, clientIn } from './party.ts';
import {
  draftOf,
  keyOf,
  type Open,
  remember,
  type State,
  serverResource,
  sessionOf,
  toolOf,
  without,
} from './state.ts';

export type Asked = {
  readonly from: Side;
  readonly exchange?: number | undefined;
  readonly id: unknown;
  readonly method: string;
  readonly params: Fields;
};

/** What each method does; all others are known by their name alone. */
const ACTIONS: ReadonlyMap<string, Action> = new Map([
  ['initialize', 'none'],
  ['server/discover', 'query'],
  ['tools/list', 'query'],
  ['prompts/list', 'query'],
  ['resources/list', 'query'],
  ['resources/templates/list', 'query'],
  ['resources/read', 'read'],
  ['prompts/get', 'read'],
  ['completion/complete', 'query'],
  ['logging/setLevel', 'admin'],
  ['resources/subscribe', 'read'],
  ['resources/unsubscribe', 'none'],
  ['subscriptions/listen', 'read'],
  ['sampling/createMessage', 'query'],
  ['roots/list', 'query'],
  ['tasks/list', 'query'],
  ['tasks/get', 'query'],
  ['tasks/result', 'query'],
  ['tasks/cancel', 'execute'],
  ['tasks/update', 'execute'],
]);

const REUSED = { code: 'id_reused', detail: 'Its id was used again before it was answered.' };
const CROWDED = { code: 'too_many_open', detail: 'Too many requests without an answer.' };

/** A retry of a call that waited for input belongs to that call, though its id is a new one. */
export function asked(state: State, request: Asked): Adapted {
  const { from, method, params } = request;
  if (from === 'client') {
    state.client = clientIn(params) ?? state.client;
    state.session_id = belongingIn(params).session_id ?? state.session_id;
  }
  if (method === 'ping') return { skipped: 'a ping only asks whether the other side is there' };
  const before = from === 'client' ? continued(state, request) : undefined;
  const open = before ? resumed(state, request, before) : opened(state, request);
  const given = before ? inputsGiven(state, before, fieldsIn(params, 'inputResponses')) : [];
  const reused = state.open.get(open.key);
  const lost = remember(state.open, open.key, open);
  return {
    drafts: [
      ...(reused ? unknown(state, reused, REUSED) : []),
      ...(lost ? unknown(state, lost, CROWDED) : []),
      ...given,
      draftFor(state, open, { request, fact: before ? 'asked-again' : 'asked' }),
    ],
  };
}

function opened(state: State, request: Asked): Open {
  const { from, exchange, id, method, params } = request;
  // A server has no say in whose session it is, nor in which call of the agent's.
  const belonging = from === 'client' ? belongingIn(params) : {};
  const kind = kindOf(from, method);
  const name = kind === 'tool_call' ? textIn(params, 'name') : undefined;
  const scope = state.options.scoped === true ? `-${exchange ?? ''}` : '';
  const made = `mcp-${state.options.nonce}-${from}${scope}-${idText(id)}`;
  const token = own(fieldsIn(params, '_meta'), 'progressToken');
  return {
    key: keyOf(state, { from, id, exchange }),
    from,
    id,
    method,
    kind,
    at_ms: state.at_ms,
    exchange,
    call_id: fit(belonging.call_id ?? made),
    session_id: fit(belonging.session_id ?? sessionOf(state)),
    client: state.client,
    belonging,
    tool: name === undefined ? undefined : toolOf(state, name),
    name: name === undefined ? undefined : fit(name),
    likeness: likenessOf(request),
    progressToken: token === undefined ? undefined : idText(token),
    task: nameIn(params, 'taskId'),
    round: 0,
    inputs: new Map(),
  };
}

/**
 * The call that this one continues: it brings back the server's state, or answers to what was
 * asked for where the server gave none. Servers may give the same state to many calls, so a call
 * of the same tool with the same arguments comes first.
 */
function continued(state: State, request: Asked): Open | undefined {
  const { params } = request;
  const brought = own(params, 'requestState');
  if (brought === undefined && own(params, 'inputResponses') === undefined) return undefined;
  const text = brought === undefined ? '' : idText(brought);
  const likeness = likenessOf(request);
  const waiting = [...state.waiting.values()].filter((open) => open.state_text === text);
  const alike = waiting.find((open) => open.likeness === likeness);
  const found = alike ?? (text !== '' && waiting.length === 1 ? waiting[0] : undefined);
  if (found) state.waiting.delete(found.key);
  return found;
}

function resumed(state: State, { from, id, exchange }: Asked, before: Open): Open {
  const key = keyOf(state, { from, id, exchange });
  return { ...before, key, id, exchange, round: before.round + 1, inputs: new Map() };
}

/** Method, name and arguments. */
function likenessOf({ method, params }: Asked): string {
  const parts = [method, own(params, 'name'), own(params, 'uri'), own(params, 'arguments')];
  const hash = createHash('sha256');
  try {
    return hash.update(JSON.stringify(parts)).digest('hex');
  } catch {
    return method;
  }
}

/** Only clients call tools, and only servers ask people. */
function kindOf(from: Side, method: string): Open['kind'] {
  if (from === 'client') return method === 'tools/call' ? 'tool_call' : 'api_call';
  return method === 'elicitation/create' ? 'approval' : 'api_call';
}

type About = { readonly request: Asked; readonly fact: string };

function draftFor(state: State, open: Open, { request, fact }: About): Draft {
  const about = { about: open, fact };
  if (open.kind === 'tool_call') {
    return draftOf(state, { ...about, ...toolCall(state, open, request.params) });
  }
  if (open.kind === 'approval') {
    return draftOf(state, { ...about, ...elicitation(state, open, request.params) });
  }
  return draftOf(state, { ...about, ...otherCall(state, request) });
}

type Said = Partial<Draft> & Pick<Draft, 'type'>;

function toolCall(state: State, { tool, name }: Open, params: Fields): Said {
  return {
    type: 'tool_call',
    status: 'pending',
    ...given('tool', tool),
    ...given('arguments', own(params, 'arguments')),
    ...given('raw', without(params, name === undefined ? ['arguments'] : ['name', 'arguments'])),
    attributes: { ...given('mcp_tool', name), ...given('cwd', state.options.cwd) },
  };
}

function elicitation(state: State, open: Open, params: Fields): Said {
  const related = relatedTo(state, open);
  return {
    type: 'approval',
    ...approvalOf(params),
    ...given('tool', related?.tool),
    attributes: { asked_by: 'server', ...given('mcp_call', related?.call_id) },
  };
}

/** Any other request, in either direction: to the trail it is a call of an interface. */
function otherCall(state: State, { from, method, params }: Asked): Said {
  const uri = textIn(params, 'uri');
  const action = ACTIONS.get(method);
  const touched: Resource[] = [serverResource(state, action === 'read' ? 'read' : 'execute')];
  if (uri) touched.push({ kind: 'url', id: uri.slice(0, RESOURCE_CHARS), access: 'read' });
  const sampling = from === 'server' && method === 'sampling/createMessage';
  return {
    type: 'api_call',
    status: 'pending',
    endpoint: method.slice(0, RESOURCE_CHARS),
    ...(Object.keys(params).length > 0 ? { arguments: params } : {}),
    ...given('action', action),
    resources: touched,
    ...given('detail', sampling ? 'The server asked the client for a model call.' : undefined),
    attributes: { asked_by: from },
  };
}
