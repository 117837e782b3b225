/** Explains an event in sentences: from the prompt to what followed. */
import { z } from 'zod';
import { READERS } from '../../search/why.ts';
import { whySchema } from '../answer/why.ts';
import * as parameter from '../parameter.ts';
import { noteReading } from '../reading.ts';
import { route } from '../route.ts';

const { given } = parameter;

export const whyRoute = route({
  method: 'GET',
  access: 'viewer',
  path: '/v1/events/:id/why',
  summary: 'Why: the chain from prompt through decision and act to what followed, in sentences.',
  faults: ['event.not_found'],
  query: z.strictObject({
    ...parameter.tenant,
    language: z.enum(['en', 'ja']).default('en'),
    for: z.enum(READERS).default('responder').meta({
      description: 'subject: for the person concerned, without internals and other people.',
    }),
    zone: parameter.search.zone,
  }),
  params: parameter.eventId,
  answer: { types: ['application/json'], schema: whySchema },
  handle: async (call) => {
    const { face, tenant, query, params, signal } = call;
    const body = await face.trail.why(given({ ...query, tenant, id: params.id, signal }));
    const asked = { id: params.id, ...query };
    const result = { steps: body.steps.length, unknown: body.unknown.length };
    noteReading(call, { tool: 'why', arguments: asked, result });
    return { kind: 'json', body };
  },
});
