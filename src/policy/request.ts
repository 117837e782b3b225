/** Turns an action, described as an event, into what a policy set is asked. */
import { canonicalText } from '../event/canonical.ts';
import type { Event } from '../event/event.ts';
import { INPUT_CHARS, type PolicyRequest } from './policy.ts';
import { holdsSecret } from './secret.ts';

type Described = Partial<Event> & Pick<Event, 'session_id'>;

/** `event`: the tool call as the front door describes it, with action and resources. */
export function policyRequest(event: Described, at: string): PolicyRequest {
  const { agent, user, attributes } = event;
  const input = event.arguments === undefined ? '' : canonicalText(event.arguments);
  const cwd = attributes?.['cwd'];
  const uncertain = ['action_inferred', 'effects_inferred'].some(
    (name) => attributes?.[name] !== undefined,
  );
  const principal = {
    agent_id: agent?.id,
    agent_name: agent?.name,
    runtime: agent?.runtime,
    version: agent?.version,
    user_id: user?.id,
    on_behalf_of: event.on_behalf_of,
  };
  return {
    principal: given(principal),
    tool: event.tool ?? 'unknown',
    action: event.action ?? 'unknown',
    resources: event.resources ?? [],
    context: {
      session_id: event.session_id,
      ...given({
        task_id: event.task_id,
        environment: event.environment,
        channel: event.channel,
        cwd: typeof cwd === 'string' ? cwd : undefined,
      }),
      input: input.slice(0, INPUT_CHARS).toWellFormed(),
      ...(input.length > INPUT_CHARS ? { input_cut: true as const } : {}),
      at,
      holds_secret: holdsSecret(input),
      uncertain,
    },
  };
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function given<T extends object>(values: T): Given<T> {
  const known: Given<T> = {};
  for (const name in values) {
    const value = values[name];
    if (value !== undefined) known[name] = value as Given<T>[typeof name];
  }
  return known;
}
