/** The gap that the model proxy leaves for what it passed on and could not read. */
import type { Fields } from '../adapter/model/api.ts';
import type { Client } from '../adapter/model/client.ts';
import type { Draft } from '../event/event.ts';

export type Gap = {
  readonly session_id: string;
  readonly at_ms: number;
  readonly detail: string;
  readonly attributes: Fields;
};

export function gapOf({ runtime }: Client, { at_ms, ...gap }: Gap): Draft {
  return {
    ...gap,
    type: 'gap',
    time: new Date(at_ms).toISOString(),
    status: 'unknown',
    ...(runtime === undefined ? {} : { agent: { runtime } }),
    source: { kind: 'model_proxy', ...(runtime === undefined ? {} : { runtime }) },
  };
}
