/** What another policy set would have said of a recorded decision. */
import { z } from 'zod';
import { ACCESSES, type Event, OUTCOMES } from '../event/event.ts';
import { OWN_ATTRIBUTE } from '../event/lifecycle.ts';
import type { PolicyRequest, PolicySet, Verdict } from './policy.ts';
import { POLICY_ACTIONS } from './schema.ts';

type Said = Pick<Verdict, 'outcome' | 'policy_ids'>;

/** A decision that would come out otherwise. */
export type Difference = {
  readonly decision_id: string;
  readonly created_at: string;
  readonly session_id: string;
  readonly tool: string;
  /** The beginning of the arguments, as JSON text. */
  readonly input: string;
  readonly before: Said & { readonly policy_version: string };
  readonly after: Said & { readonly reason: string };
};

export type Compared =
  | { readonly kind: 'same' }
  /** The same outcome, by other policies. */
  | { readonly kind: 'otherwise'; readonly difference: Difference }
  | { readonly kind: 'different'; readonly difference: Difference }
  /** It holds no request that could be asked again. */
  | { readonly kind: 'unreadable' };

/** `event`: one that records a decision. */
export function decideAgain(set: PolicySet, event: Partial<Event>): Compared {
  const read = recorded(event);
  if (!read) return { kind: 'unreadable' };
  const { decision, request, lifted } = read;
  const verdict = set.decide(request, new Set(lifted));
  const after = withTask(decision, verdict);
  const same = decision.policy_ids.join('\n') === after.policy_ids.join('\n');
  if (after.outcome === decision.outcome && same) return { kind: 'same' };
  return {
    kind: after.outcome === decision.outcome ? 'otherwise' : 'different',
    difference: {
      decision_id: event.id ?? '',
      created_at: request.context.at,
      session_id: request.context.session_id,
      tool: request.tool,
      input: request.context.input.slice(0, INPUT_SHOWN).toWellFormed(),
      before: decision,
      after: { ...after, reason: verdict.reason },
    },
  };
}

const INPUT_SHOWN = 400;
/** What a task's own limits say is no policy's: it would be said again. */
const TASK_IDS: readonly string[] = ['task-scope', 'task-budget'];
const GRAVITY = { permit: 0, escalate: 1, deny: 2 } as const;

/** The graver of what the set says now and of what the task said then. */
function withTask(before: Said, { outcome, policy_ids }: Verdict): Said {
  const ofTask = before.policy_ids.filter((id) => TASK_IDS.includes(id));
  const weight = GRAVITY[outcome] - GRAVITY[before.outcome];
  if (ofTask.length === 0 || weight > 0) return { outcome, policy_ids };
  const both = weight === 0 ? policy_ids : [];
  return { outcome: before.outcome, policy_ids: [...both, ...ofTask] };
}

const text = z.string();
const optional = text.optional();

/** As `policyRequest` makes it; what a later version adds is taken as well. */
const requestSchema = z.object({
  principal: z.object({
    agent_id: optional,
    agent_name: optional,
    runtime: optional,
    version: optional,
    user_id: optional,
    on_behalf_of: optional,
  }),
  tool: text,
  action: z.enum(POLICY_ACTIONS as [(typeof POLICY_ACTIONS)[number]]),
  resources: z.array(z.object({ kind: text, id: text, access: z.enum(ACCESSES) })),
  context: z.object({
    session_id: text,
    task_id: optional,
    environment: optional,
    channel: optional,
    cwd: optional,
    input: text,
    input_cut: z.literal(true).optional(),
    at: text,
    holds_secret: z.boolean(),
    uncertain: z.boolean(),
  }),
});

const ownSchema = z.object({
  decision: z.object({ request: requestSchema, lifted: z.array(text).default([]) }),
});

const decisionSchema = z.object({
  outcome: z.enum(OUTCOMES),
  policy_ids: z.array(text).default([]),
  policy_version: text,
});

function recorded({ attributes, decision }: Partial<Event>) {
  const own = ownSchema.safeParse(attributes?.[OWN_ATTRIBUTE]);
  const said = decisionSchema.safeParse(decision);
  if (!own.success || !said.success) return undefined;
  const { request, lifted } = own.data.decision;
  return { decision: said.data, request: request as PolicyRequest, lifted };
}
