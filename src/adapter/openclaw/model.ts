/** OpenClaw's hooks about the model: each request to it, and what a run said and cost. */
import type { Draft } from '../../event/event.ts';
import { draftOf, errorOf, type Seen, type Told } from '../draft.ts';
import { given } from '../record.ts';
import { firstName } from './record.ts';

/** llm_output: the words of a whole run, with the tokens of all its requests. */
export function modelAnswer(seen: Seen): Told {
  const { read } = seen;
  const texts = read.peek('event.assistantTexts');
  const words = Array.isArray(texts) && texts.every((text) => typeof text === 'string');
  if (words) read.told('event.assistantTexts');
  const tokens = {
    ...given('input', read.count('event.usage.input')),
    ...given('output', read.count('event.usage.output')),
    ...given('total', read.count('event.usage.total')),
  };
  const draft = draftOf(seen, {
    type: 'output',
    ...(words ? { content: texts.join('\n') } : {}),
    ...given('model', modelIn(seen)),
    ...(Object.keys(tokens).length > 0 ? { tokens } : {}),
  });
  return [draft];
}

/** model_call_started: a request to the model's API. */
export function modelStarted(seen: Seen): Told {
  return [draftOf(seen, { ...requestFacts(seen), status: 'pending' })];
}

/** model_call_ended. */
export function modelEnded(seen: Seen): Told {
  const { read } = seen;
  const outcome = read.peek('event.outcome');
  const failed = outcome === 'error';
  const facts = requestFacts(seen);
  const draft = draftOf(seen, {
    ...facts,
    status: failed ? 'error' : outcome === 'completed' ? 'success' : 'unknown',
    ...(failed ? { error: errorOf(causeIn(seen), undefined) } : {}),
    ...given('duration_ms', read.count('event.durationMs')),
    ...given('bytes', read.count('event.responseStreamBytes')),
    attributes: {
      ...facts.attributes,
      ...given('request_bytes', read.count('event.requestPayloadBytes')),
      ...given('first_byte_ms', read.count('event.timeToFirstByteMs')),
    },
  });
  return [draft];
}

function requestFacts(seen: Seen) {
  const { read } = seen;
  const call_id = read.name('event.callId');
  return {
    type: 'api_call',
    action: 'network',
    ...given('call_id', call_id),
    ...given('key', call_id),
    ...given('model', modelIn(seen)),
    attributes: given('provider', firstName(read, ['event.provider', 'ctx.modelProviderId'])),
  } as const satisfies Partial<Draft> & { key?: string };
}

function causeIn({ read }: Seen): string | undefined {
  return read.name('event.failureKind') ?? read.name('event.errorCategory');
}

export function modelIn({ read }: Seen): string | undefined {
  return firstName(read, ['event.model', 'ctx.modelId']);
}
