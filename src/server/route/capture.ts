/** Receives raw records of an agent's runtime, such as Claude Code's hooks, through its adapter. */
import { z } from 'zod';
import { layersOf } from '../../adapter/memory.ts';
import { adapterNamed } from '../../adapter/menu.ts';
import type { Draft } from '../../event/event.ts';
import { Fault } from '../../fault/fault.ts';
import type { Batch } from '../batch.ts';
import { undecidedFact, whyUndecided } from '../blocked.ts';
import { adapt, type Capturing, capturedAt, keep } from '../capturing.ts';
import * as parameter from '../parameter.ts';
import { type Answer, route } from '../route.ts';
import { BATCH, inTurn, receive, split } from './ingest.ts';

export const capture = route({
  method: 'POST',
  path: '/v1/capture/:runtime',
  access: 'recorder',
  summary: 'Records what a runtime hands over. The agent reads the answer, which is always {}.',
  faults: ['adapter.unknown', 'batch.invalid', 'batch.too_large', 'event.invalid', 'queue.full'],
  body: BATCH,
  query: z.strictObject(parameter.tenant),
  params: z.strictObject({ runtime: z.string().min(1).max(64) }),
  answer: { types: ['application/json'], schema: z.strictObject({}) },
  handle: async (call) => {
    const adapter = adapterNamed(call.params.runtime);
    const seen = capturedAt(call.request.headers);
    const lease = call.face.budget.lease();
    try {
      const body = await receive(call, lease);
      return await inTurn(call, body, async () =>
        keepAll({ adapter, seen, call }, await split(call, body)),
      );
    } finally {
      lease.end();
    }
  },
});

/** Records what the adapter makes of a batch. */
async function keepAll(capturing: Capturing, { kind, items }: Batch): Promise<Answer> {
  const { call } = capturing;
  const known = layersOf(call.face.calls.of(call.tenant));
  const records = items.map((item) =>
    'fault' in item ? item.fault : adapt({ ...capturing, known }, item.value),
  );
  const drafts = records.flatMap((each) => (each instanceof Fault ? [] : each));
  const faults = [
    ...records.filter((each) => each instanceof Fault),
    ...(await keep(call, [...drafts, ...blocked(capturing, items, drafts)])),
  ];
  const [first] = faults;
  if (!first) return { kind: 'json', body: {} };
  if (kind === 'one') throw first;
  return refused(first, faults.length, items.length);
}

/** A call that its hook blocked, as Claw could not be asked: the hook says so when it can. */
function blocked(
  { call, adapter, seen }: Capturing,
  items: Batch['items'],
  drafts: readonly Draft[],
): readonly Draft[] {
  const why = whyUndecided(call.request.headers);
  const [item] = items;
  if (why === undefined || item === undefined || !('value' in item)) return [];
  if (!adapter.gate?.asks(item.value)) return [];
  const asked = drafts.find(({ type }) => type === 'tool_call');
  return asked ? [undecidedFact(asked, why, seen?.at_ms ?? call.face.now())] : [];
}

/** The others were recorded: sending all again adds only what is missing. */
function refused(first: Fault, rejected: number, records: number): Answer {
  const body = { error: first.toJSON(), rejected, records };
  return { kind: 'json', status: first.status, body };
}
