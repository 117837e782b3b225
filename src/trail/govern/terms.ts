/** An approval as it is asked for: of exactly one action, on the terms that the policies set. */
import { given } from '../../adapter/record.ts';
import { canonicalText } from '../../event/canonical.ts';
import { APPROVAL_S, type Approval, type Decision } from '../../policy/lifecycle.ts';
import { type Asked, judge } from './decide.ts';
import type { Actor } from './govern.ts';
import type { Ground } from './ground.ts';

type Wish = { readonly reason: string; readonly expires_s: number; readonly quorum: number };
export type For = {
  readonly asked: Asked;
  readonly actor: Actor;
  readonly decision?: Decision;
  readonly wish?: Wish;
};

/** A request for approval of exactly this action, on the terms that the policies set. */
export function approvalFor(ground: Ground, { asked, actor, decision, wish }: For): Approval {
  const { acting, action_hash, task } = asked;
  const { verdict } = judge(ground, asked);
  const terms = termsIn(verdict.constraints);
  const now_ms = ground.now();
  const asked_s = wish?.expires_s ?? terms.expires_s ?? APPROVAL_S;
  const lasts_s = Math.min(asked_s, terms.expires_s ?? asked_s);
  const { session_id, call_id, agent, user, environment, resources, action } = acting;
  const cwd = acting.attributes?.['cwd'];
  const escalates = verdict.outcome === 'escalate';
  return {
    approval_id: ground.newId(),
    state: 'pending',
    session_id,
    ...(task ? { task_id: task.task.task_id } : {}),
    ...(call_id === undefined ? {} : { call_id }),
    ...(decision ? { decision_id: decision.decision_id } : {}),
    tool: acting.tool ?? 'unknown',
    ...shownArguments(acting.arguments),
    ...(typeof cwd === 'string' ? { cwd } : {}),
    ...(action === undefined ? {} : { action }),
    ...(resources === undefined ? {} : { resources }),
    action_hash,
    policy_ids: escalates ? [...verdict.policy_ids] : [],
    policy_version: verdict.policy_version,
    reason: escalates ? verdict.reason : (wish?.reason ?? verdict.reason),
    ...(terms.conditions.length === 0 ? {} : { conditions: terms.conditions }),
    ...(wish ? { request_reason: wish.reason } : {}),
    ...(terms.separation ? { separation: true as const } : {}),
    ...given('agent', agent),
    ...given('user', user),
    ...given('environment', environment),
    requested_by: actor.name,
    requester_id: actor.credential_id,
    requested_at: new Date(now_ms).toISOString(),
    expires_at: new Date(now_ms + lasts_s * 1000).toISOString(),
    quorum: Math.max(wish?.quorum ?? 1, terms.quorum),
    votes: [],
  };
}

/** Characters of arguments that an approval itself holds: those that wait are kept in memory. */
const SHOWN_CHARS = 64 * 1024;

function shownArguments(args: unknown): Pick<Approval, 'arguments' | 'arguments_cut'> {
  const text = args === undefined ? '' : canonicalText(args);
  if (text.length <= SHOWN_CHARS) return { arguments: args };
  return { arguments: text.slice(0, SHOWN_CHARS).toWellFormed(), arguments_cut: true };
}

/** What policies ask of an approval: `quorum`, `expires_s`, `separation`, `conditions`. */
function termsIn(constraints: Readonly<Record<string, unknown>> = {}) {
  const { quorum, expires_s, separation, conditions } = constraints;
  return {
    quorum: typeof quorum === 'number' && quorum >= 1 ? Math.min(16, Math.floor(quorum)) : 1,
    expires_s: typeof expires_s === 'number' && expires_s > 0 ? expires_s : undefined,
    separation: separation === true,
    conditions: Array.isArray(conditions)
      ? conditions.filter((one) => typeof one === 'string')
      : [],
  };
}
