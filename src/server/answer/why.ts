/** The schema of what the server answers when an event is to be explained. */
import { z } from 'zod';
import { TYPES } from '../../event/event.ts';
import { PLAIN_UNKNOWN } from '../../search/why/plain.ts';
import { STEPS } from '../../search/why/step.ts';
import { UNKNOWN } from '../../search/why/wording.ts';
import { READERS } from '../../search/why.ts';
import { named, readTo } from '../answer.ts';

const text = z.string();

const step = z.strictObject({
  kind: z.enum(STEPS),
  at: text,
  event_id: text,
  sentence: text.meta({ description: 'One printable line.' }),
  evidence: z.record(text, z.unknown()).meta({ description: 'What the sentence rests on.' }),
});

export const whySchema = named(
  'Why',
  z.strictObject({
    event: z.strictObject({
      id: text,
      type: z.enum(TYPES),
      time: text,
      sentence: text.optional(),
    }),
    session_id: text.optional(),
    parent_session_id: text.optional(),
    task_id: text.optional(),
    language: z.enum(['en', 'ja']),
    for: z.enum(READERS),
    zone: text.meta({ description: 'IANA zone of the times in sentences.' }),
    steps: z.array(step),
    unknown: z
      .array(z.strictObject({ code: z.enum([...UNKNOWN, ...PLAIN_UNKNOWN]), sentence: text }))
      .meta({ description: 'What is not known, and what was not read.' }),
    read_to: readTo,
  }),
);
