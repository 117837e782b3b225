/** What an exchange with a model's API is, and how each fact of it becomes a draft. */
import type { Draft } from '../../event/event.ts';
import { eventId } from '../identity.ts';
import { given } from '../record.ts';
import type { ModelAnswer, ModelApi, ModelRequest } from './api.ts';
import type { Client } from './client.ts';
import type { ExchangeMemory } from './memory.ts';
import { bounded } from './size.ts';

/** How the exchange went, as the wire showed it. Times in Unix milliseconds. */
export type Passage = {
  readonly method: string;
  /** Host of the upstream, with its port where that is not the scheme's own. */
  readonly host: string;
  /** Path without query. */
  readonly endpoint: string;
  readonly started_ms: number;
  readonly first_byte_ms?: number;
  readonly ended_ms: number;
  readonly status_code?: number;
  /** The vendor's own id of the request, from the answer's headers. */
  readonly request_id?: string;
  readonly sent_bytes: number;
  readonly received_bytes: number;
  /** What ended it too early, as far as the proxy saw. */
  readonly failure?: { readonly code: string; readonly message: string };
};

export type Exchange = {
  readonly api: ModelApi;
  readonly client: Client;
  /** Where the client's connection came from. */
  readonly address: string;
  /** The session for requests that name none. */
  readonly session_id?: string;
  readonly passage: Passage;
  readonly request: ModelRequest | undefined;
  readonly answer: ModelAnswer | undefined;
  /** Calls that were taken out of the answer, by their id. */
  readonly refused?: ReadonlyMap<string, RefusedCall>;
};

export type RefusedCall = {
  readonly tool: string;
  readonly decision: NonNullable<Draft['decision']>;
};

/** What every draft of an exchange is made with. */
export type Telling = {
  readonly exchange: Exchange;
  readonly session_id: string;
  readonly memory: ExchangeMemory;
  readonly draft: (facts: Facts) => Draft;
};

export type Facts = Partial<Draft> &
  Pick<Draft, 'type'> & {
    /** What tells this fact apart for ever, within its session. */
    readonly key: readonly [kind: string, ...parts: readonly string[]];
    /** Unix milliseconds; default: when the answer had come. */
    readonly at_ms?: number | undefined;
  };

/** The means to tell an exchange, whose session is known by now. */
export function tellingOf(exchange: Exchange, session_id: string, memory: ExchangeMemory): Telling {
  const draft = (facts: Facts) => bounded(draftOf(exchange, session_id, facts));
  return { exchange, session_id, memory, draft };
}

function draftOf(exchange: Exchange, session_id: string, { key, at_ms, ...facts }: Facts): Draft {
  const { client, api, passage } = exchange;
  const { runtime, version, turn_id, trace, parent_session_id } = client;
  const [kind, ...parts] = key;
  const from =
    client.session_id === session_id ? given('parent_session_id', parent_session_id) : {};
  const attributes = Object.entries({ api: api.name, ...facts.attributes });
  return {
    id: eventId({
      scheme: 'model/id/v1',
      session_id,
      hook: kind,
      key: JSON.stringify(parts),
      part: undefined,
      nonce: '',
      text: '',
    }),
    time: new Date(at_ms ?? passage.ended_ms).toISOString(),
    session_id,
    ...from,
    ...given('turn_id', turn_id),
    ...given('trace', trace),
    ...given('agent', agentOf(client)),
    source: { kind: 'model_proxy', ...given('runtime', runtime), ...given('version', version) },
    ...facts,
    attributes: Object.fromEntries(attributes.filter(([, value]) => value !== undefined)),
  };
}

/** As its events name it. */
export function agentOf({ runtime, version, agent_id }: Client): Draft['agent'] {
  if (runtime === undefined && agent_id === undefined) return undefined;
  return { ...given('id', agent_id), ...given('runtime', runtime), ...given('version', version) };
}
