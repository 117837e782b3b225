/** Has each tool that a model asks for decided, as the call that its agent would make. */
import { madeCallId } from '../adapter/model/call.ts';
import { contained } from '../adapter/record.ts';
import type { Gate } from './gate.ts';
import type { ModelHoldOptions } from './model-line.ts';
import type { ModelTap } from './watch.ts';

/**
 * Session and call are those that are recorded, and that the agent's own hooks name: what was
 * decided there for the same call is not decided anew.
 */
export function decider(
  gate: Gate,
  tap: ModelTap,
  signal: AbortSignal,
): ModelHoldOptions['decide'] {
  return async ({ call, place, answer_id }) => {
    const { session_id, agent, started_ms } = await tap.whose();
    const { tool } = call;
    const call_id = call.call_id ?? madeCallId({ session_id, answer_id, started_ms, place });
    const named = agent === undefined ? {} : { agent };
    const asked = { session_id, call_id, tool, arguments: contained(call.arguments ?? {}) };
    const ruling = await gate.decide({ ...asked, ...named }, { signal });
    if (ruling.allowed) return undefined;
    tap.refused(call_id, { tool, decision: ruling.decision });
    return ruling.text;
  };
}
