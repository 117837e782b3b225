/** The schemas of what the server takes and answers about policies. */
import { z } from 'zod';
import { OUTCOMES } from '../../event/event.ts';
import { named } from '../answer.ts';

const text = z.string();
const whole = z.int().min(0);
const outcome = z.enum(OUTCOMES);

const file = z.strictObject({ name: text.min(1).max(200), text });
const files = z.array(file).min(1).max(256);

export const filesSchema = named('PolicyFiles', z.strictObject({ files }));

export const applySchema = named(
  'ApplyPolicies',
  z.strictObject({ files, reason: text.min(1).max(4096).optional() }),
);

export const replaySchema = named(
  'ReplayPolicies',
  z.strictObject({
    files,
    query: text.max(8192).optional(),
    from: text.max(64).optional(),
    to: text.max(64).optional(),
    zone: text.max(64).optional(),
    limit: z.int().min(1).max(100_000).optional(),
  }),
);

const applied = z.strictObject({
  version: text,
  author: text,
  applied_at: text,
  brought: z.literal(true).optional().meta({ description: 'By Claw or its configuration.' }),
  reason: text.optional(),
  event_id: text,
});

export const versionSchema = named('PolicyVersion', applied.extend({ files: z.array(file) }));

export const versionsSchema = named(
  'PolicyVersions',
  z.strictObject({ versions: z.array(applied) }),
);

const policy = z.strictObject({
  id: text,
  file: text,
  line: whole,
  effect: z.enum(['permit', 'forbid']),
  text,
  annotations: z.record(text, text),
  escalate: text.optional(),
  constraints: z.looseObject({}),
  zone: text,
});

const problem = z.strictObject({
  severity: z.enum(['error', 'warning']),
  file: text,
  line: whole,
  column: whole,
  policy_id: text.optional(),
  message: text,
  hint: text.optional(),
});

export const inForceSchema = named(
  'PoliciesInForce',
  versionSchema.extend({ policies: z.array(policy), warnings: z.array(problem) }),
);

export const checkedSchema = named(
  'PoliciesChecked',
  z.strictObject({
    ok: z.boolean(),
    version: text.optional(),
    policies: z.array(policy),
    problems: z.array(problem),
  }),
);

const said = z.strictObject({ outcome, policy_ids: z.array(text) });

export const replayedSchema = named(
  'PoliciesReplayed',
  z.strictObject({
    version: text,
    in_force: text,
    decisions: whole,
    same: whole,
    otherwise: whole,
    different: whole,
    unreadable: whole,
    differences: z.array(
      z.strictObject({
        decision_id: text,
        created_at: text,
        session_id: text,
        tool: text,
        input: text,
        before: said.extend({ policy_version: text }),
        after: said.extend({ reason: text }),
      }),
    ),
    more: z.boolean(),
  }),
);
