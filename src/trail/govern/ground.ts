/** What every step of the lifecycle stands on: recording, time, ids, state, and what to look up. */
import type { Draft, Event } from '../../event/event.ts';
import { type LifecycleTool, OWN_ATTRIBUTE } from '../../event/lifecycle.ts';
import type { Decision } from '../../policy/lifecycle.ts';
import type { Door } from '../door.ts';
import type { Own } from '../own.ts';
import type { Actor } from './govern.ts';
import type { Past } from './load.ts';
import type { RuledState, TenantState } from './state.ts';

export type Ground = {
  readonly record: Door['record'];
  /** Fills in action and resources. */
  readonly describe: (event: Partial<Event>) => Partial<Event>;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly newId: () => string;
  /** The tenant's state, once it was read from the trail. */
  readonly stateOf: (tenant: string) => Promise<TenantState>;
  /** The same, with policies in force. */
  readonly ruledState: (tenant: string) => Promise<RuledState>;
  /** What memory no longer holds. */
  readonly past: Pick<Past, 'task' | 'approval' | 'event'>;
};

export function timeOf({ now }: Pick<Ground, 'now'>): string {
  return new Date(now()).toISOString();
}

type Said = Pick<Draft, 'type' | 'session_id'> &
  Partial<Draft> & {
    readonly tool: LifecycleTool;
    readonly own: Readonly<Record<string, unknown>>;
  };

/** A step of the lifecycle as Claw records it. */
export function ownEvent(tenant_id: string, { own, ...said }: Said): Own {
  return {
    ...said,
    tenant_id,
    source: { kind: 'api', runtime: 'claw' },
    attributes: { ...said.attributes, [OWN_ATTRIBUTE]: own },
  };
}

/** Who acts: what the credential says wins, as an agent may not choose its own rules. */
export function actingAs(
  { producer }: Pick<Actor, 'producer'>,
  named: {
    readonly agent?: Event['agent'];
    readonly user?: Event['user'];
    readonly environment?: string | undefined;
  },
): Pick<Draft, 'agent' | 'user' | 'environment'> {
  const agent = { ...named.agent, ...producer.agent };
  const user = producer.user ?? named.user;
  const environment = producer.environment ?? named.environment;
  return {
    ...(Object.keys(agent).length === 0 ? {} : { agent }),
    ...(user === undefined ? {} : { user }),
    ...(environment === undefined ? {} : { environment }),
  };
}

/** How the documents call what a policy refused. */
export function violationIn({ outcome, mode }: Pick<Decision, 'outcome' | 'mode'>) {
  return outcome === 'deny' && mode === 'enforce' ? ({ status: 'POLICY_VIOLATION' } as const) : {};
}
