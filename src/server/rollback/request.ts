/** What the routes of a rollback take and give. */
import { z } from 'zod';
import { NAME_CHARS, UUID } from '../../event/event.ts';
import { REASONS } from '../../search/rollback/left.ts';
import { named, readTo } from '../answer.ts';

const word = z.string().min(1).max(NAME_CHARS);
const text = z.string();
const whole = z.int().min(0);

export const requestSchema = named(
  'NewRollback',
  z
    .strictObject({
      session_id: word.optional(),
      task_id: word.optional(),
      call_id: word.optional().meta({ description: 'A call of the session, where it is named.' }),
      id: z.string().regex(UUID, 'must be a UUID in lower case').optional().meta({
        description: 'Becomes rollback_id; the same id is recorded once.',
      }),
    })
    .refine(({ session_id, task_id, call_id }) => session_id ?? task_id ?? call_id, {
      message: 'must name a session, a task or a call',
      path: ['session_id'],
    }),
);
export type RollbackRequest = z.infer<typeof requestSchema>;

const hashed = z.strictObject({ sha256: text, bytes: whole });
const stepSchema = z.strictObject({
  n: whole,
  kind: z.enum(['restore', 'delete', 'create', 'compensate', 'manual']),
  path: text.optional(),
  tool: text,
  event_id: text,
  session_id: text,
  call_id: text.optional(),
  calls: whole.meta({ description: 'Calls that the step undoes at once.' }),
  expect: z
    .union([z.literal('absent'), hashed])
    .optional()
    .meta({ description: 'What the agent left: the step is taken only while it is there.' }),
  to: hashed.optional(),
  content: text.optional().meta({ description: 'What the file held before.' }),
  encoding: z.enum(['utf8', 'base64']).optional(),
  mode: whole.optional(),
  exact: z.boolean().optional().meta({
    description: 'Known to the byte; else as text, as the runtime told it.',
  }),
  reason: z.enum(REASONS).optional(),
  what: text.optional(),
  call: z.strictObject({ arguments: z.unknown(), result: z.unknown().optional() }).optional(),
  advice: text.optional().meta({ description: 'What a person must do.' }),
});

export const planSchema = named(
  'Rollback',
  z.strictObject({
    rollback_id: text,
    session_id: text,
    task_id: text.optional(),
    call_id: text.optional(),
    steps: z.array(stepSchema),
    read_to: readTo,
  }),
);

const RESULTS = ['restored', 'already', 'conflict', 'failed', 'skipped', 'done'] as const;
/** Steps of one plan. */
const STEPS = 10_000;
export const resultsSchema = named(
  'RollbackResults',
  z.strictObject({
    results: z
      .array(
        z.strictObject({
          n: whole,
          status: z.enum(RESULTS),
          detail: z.string().max(1000).optional(),
        }),
      )
      .max(STEPS),
  }),
);
export type Results = z.infer<typeof resultsSchema>['results'];

export const recordedSchema = named(
  'RollbackRecorded',
  z.strictObject({ rollback_id: text, recorded: whole }),
);
