/** What the lifecycle takes and gives: tasks, decisions, approvals; one form on every face. */
import { z } from 'zod';
import {
  ACTIONS,
  eventSchema,
  NAME_CHARS,
  OUTCOMES,
  RESOURCE_CHARS,
  UUID,
} from '../event/event.ts';

export const MODES = ['observe', 'enforce'] as const;
export type Mode = (typeof MODES)[number];

/** The longest that an answer is held for an approval, in seconds. */
export const WAIT_S = 600;
/** Approvals: seconds until one that nobody decided is denied, where none is asked for. */
export const APPROVAL_S = 300;
const APPROVAL_MOST_S = 7 * 86_400;
/** How long a task may stay open, in seconds: the most that its budget may name. */
export const TASK_MOST_S = 31 * 86_400;
const GOAL_CHARS = 16_384;
const REASON_CHARS = 4096;
const PATTERNS = 256;

const word = z.string().min(1).max(NAME_CHARS);
const pattern = z.string().min(1).max(RESOURCE_CHARS);
const patterns = z.array(pattern).max(PATTERNS);
const sentence = z.string().max(REASON_CHARS).regex(/\S/, 'must not be empty');
const whole = z.int().min(0);
const at = z.string().meta({ description: 'RFC 3339 in UTC.' });
const id = z
  .string()
  .regex(UUID, 'must be a UUID in lower case')
  .meta({ description: 'Makes the call idempotent: the same id is done once.' });

/** What a task may do. An absent list allows anything; `*` in a pattern stands for any text. */
export const scopeSchema = z.strictObject({
  actions: z.array(z.enum(ACTIONS)).max(ACTIONS.length).optional(),
  tools: patterns.optional().meta({ description: 'Names of tools.' }),
  resources: patterns.optional().meta({
    description: 'Paths, URLs and hosts: /work/*, file:/work/*, host:*.example.com.',
  }),
});

/** An absent limit is none. */
export const budgetSchema = z.strictObject({
  calls: whole.optional().meta({ description: 'Actions that may be permitted.' }),
  seconds: whole.max(TASK_MOST_S).optional().meta({ description: 'From the declaration on.' }),
  tokens: whole.optional().meta({ description: 'Tokens that its events may report.' }),
});

const acting = {
  agent: eventSchema.shape.agent,
  user: eventSchema.shape.user,
  environment: word.optional(),
  channel: word.optional(),
};

export const declareSchema = z.strictObject({
  task_id: word.optional().meta({ description: 'A new one is made where absent.' }),
  session_id: word.optional().meta({
    description: 'What this session does while the task is open belongs to the task.',
  }),
  goal: z.string().min(1).max(GOAL_CHARS),
  scope: scopeSchema.default({}),
  budget: budgetSchema.default({}),
  on_violation: z.enum(['deny', 'escalate']).default('deny').meta({
    description: 'What becomes of an action outside of scope or budget.',
  }),
  ...acting,
});

export const actionSchema = z.strictObject({
  id: id.optional(),
  session_id: word.optional().meta({ description: "The task's where absent." }),
  parent_session_id: word.optional().meta({
    description: "Of a sub-agent: its acts belong to that session's task where it has none.",
  }),
  task_id: word.optional(),
  call_id: word.optional().meta({ description: "The model's id of the call." }),
  tool: word,
  arguments: z.unknown(),
  action: z.enum(ACTIONS).optional(),
  resources: eventSchema.shape.resources,
  cwd: z.string().min(1).max(RESOURCE_CHARS).optional(),
  ...acting,
  mode: z.enum(MODES).optional().meta({
    description: "Where the agent's own mode is not set: enforce where absent.",
  }),
});

export const validateSchema = actionSchema.extend({
  wait_s: z.number().min(0).max(WAIT_S).default(0).meta({
    description: 'How long to wait for an approval, where one is needed.',
  }),
  approval: z.boolean().default(true).meta({
    description: 'Whether to ask for approval where policy escalates.',
  }),
});

export const requestApprovalSchema = actionSchema.extend({
  reason: sentence.meta({ description: 'Why it should be done.' }),
  expires_s: z.number().min(1).max(APPROVAL_MOST_S).default(APPROVAL_S),
  quorum: z.int().min(1).max(16).default(1),
  wait_s: z.number().min(0).max(WAIT_S).default(0),
});

export const SCOPES = ['once', 'session'] as const;
export const voteSchema = z.strictObject({
  id: id.optional(),
  reason: sentence,
  scope: z.enum(SCOPES).default('once').meta({
    description: 'Whether approval covers one run, or the same action in this session.',
  }),
});
export const denySchema = voteSchema.omit({ scope: true });

export const TASK_OUTCOMES = ['success', 'failed', 'abandoned'] as const;
export const closeSchema = z.strictObject({
  outcome: z.enum(TASK_OUTCOMES).default('success'),
  summary: z.string().max(GOAL_CHARS).optional(),
});

export const taskSchema = z.strictObject({
  task_id: z.string(),
  session_id: z.string(),
  state: z.enum(['open', 'closed']),
  goal: z.string(),
  scope: scopeSchema,
  budget: budgetSchema,
  on_violation: z.enum(['deny', 'escalate']),
  used: z.strictObject({ calls: whole, tokens: whole }),
  agent: eventSchema.shape.agent,
  user: eventSchema.shape.user,
  environment: z.string().optional(),
  declared_by: z.string(),
  declared_at: at,
  outcome: z.enum(TASK_OUTCOMES).optional(),
  summary: z.string().optional(),
  closed_at: at.optional(),
});

const vote = z.strictObject({
  id: z.string().optional(),
  by: z.string().meta({ description: "Name of the approver's credential, or of the link." }),
  vote: z.enum(['approve', 'deny']),
  scope: z.enum(SCOPES).optional(),
  reason: z.string(),
  at,
});

export const APPROVAL_STATES = ['pending', 'approved', 'denied', 'expired', 'used'] as const;
export const approvalSchema = z.strictObject({
  approval_id: z.string(),
  state: z.enum(APPROVAL_STATES),
  session_id: z.string(),
  task_id: z.string().optional(),
  call_id: z.string().optional(),
  decision_id: z.string().optional().meta({ description: 'The decision that escalated.' }),
  tool: z.string(),
  arguments: z.unknown(),
  arguments_cut: z.literal(true).optional().meta({
    description: 'Only their beginning, as text: the event of the decision holds them whole.',
  }),
  cwd: z.string().optional(),
  action: eventSchema.shape.action,
  resources: eventSchema.shape.resources,
  action_hash: z.string().meta({ description: 'Of the exact action that it covers.' }),
  policy_ids: z.array(z.string()),
  policy_version: z.string().optional(),
  reason: z.string().meta({ description: 'Why approval is needed.' }),
  conditions: z.array(z.string()).optional().meta({
    description: 'What policies tell whoever decides: `@constraint`.',
  }),
  request_reason: z.string().optional().meta({ description: 'Why the requester wants it.' }),
  separation: z.literal(true).optional().meta({
    description: 'The user whom the agent acts for may not approve it.',
  }),
  agent: eventSchema.shape.agent,
  user: eventSchema.shape.user,
  environment: z.string().optional(),
  requested_by: z.string().meta({ description: "Name of the requester's credential." }),
  requester_id: z.string().meta({ description: "Id of the requester's credential." }),
  requested_at: at,
  expires_at: at,
  quorum: z.int(),
  votes: z.array(vote),
  scope: z.enum(SCOPES).optional(),
  decided_at: at.optional(),
});

export const decisionSchema = z.strictObject({
  decision_id: z.string().meta({ description: 'Id of the event that records it.' }),
  outcome: z.enum(OUTCOMES),
  allowed: z.boolean().meta({
    description: 'Whether the agent may act: permitted, or only observed.',
  }),
  mode: z.enum(MODES),
  status: z.literal('POLICY_VIOLATION').optional(),
  policy_id: z.string().optional(),
  policy_ids: z.array(z.string()),
  policy_version: z.string(),
  reason: z.string(),
  constraints: z.unknown().optional(),
  session_id: z.string(),
  task_id: z.string().optional(),
  call_id: z.string().optional(),
  tool: z.string(),
  action_hash: z.string(),
  created_at: at,
  approval: approvalSchema.optional(),
  recorded: z.literal(false).optional().meta({
    description: 'It could not be recorded: so it denies, and counts nowhere.',
  }),
});

/** Who is observed and who is held to the decisions; the first line that matches counts. */
export const enforcementSchema = z.strictObject({
  default: z.enum(MODES).optional(),
  agents: z
    .array(
      z.strictObject({
        agent: pattern.optional().meta({ description: 'Id of the agent; * for any text.' }),
        runtime: pattern.optional(),
        environment: pattern.optional(),
        mode: z.enum(MODES),
      }),
    )
    .max(1000)
    .default([]),
});

export type Declare = z.input<typeof declareSchema>;
export type Validate = z.input<typeof validateSchema>;
export type RequestApproval = z.input<typeof requestApprovalSchema>;
export type Vote = z.input<typeof voteSchema>;
export type CloseTask = z.input<typeof closeSchema>;
export type Task = z.infer<typeof taskSchema>;
export type Approval = z.infer<typeof approvalSchema>;
export type Decision = z.infer<typeof decisionSchema>;
export type Enforcement = z.infer<typeof enforcementSchema>;
