/** The schemas of what the server answers about coverage. */
import { z } from 'zod';
import { named, readTo } from '../answer.ts';

const whole = z.int().min(0);
const text = z.string();
const texts = z.array(text);

const session = {
  session_id: text,
  runtimes: texts,
  verdict: z.enum(['complete', 'incomplete', 'unknown']),
  doubts: z.array(z.enum(['one_witness', 'open', 'behind', 'erased', 'partial', 'lost'])),
  witnesses: z.array(
    z.strictObject({
      kind: text,
      prompts: whole,
      outputs: whole,
      asked: whole,
      answered: whole,
      approvals: whole,
      api_calls: whole,
      other: whole,
    }),
  ),
  calls: whole,
  seen_by_all: whole,
  shortfalls: z.array(
    z.strictObject({
      kind: z.enum(['not_recorded', 'no_result', 'no_request', 'gap', 'silent']),
      time: text,
      session_id: text,
      call_id: text.optional(),
      tool: text.optional(),
      detail: text.optional(),
      witnesses: texts,
    }),
  ),
  unseen: z.array(
    z.strictObject({
      by: text,
      what: z.enum(['call', 'request', 'result']),
      call_id: text.optional(),
      tool: text.optional(),
      time: text,
      seen_by: texts,
    }),
  ),
  more: whole,
};

export const coverageSchema = named('Coverage', z.strictObject({ ...session, read_to: readTo }));
export const coveragesSchema = named(
  'Coverages',
  z.strictObject({
    sessions: z.array(z.strictObject(session)),
    cursor: text.optional(),
    read_to: readTo,
  }),
);
