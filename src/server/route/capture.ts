/** Receives raw records of an agent's runtime, such as Claude Code's hooks, through its adapter. */
import { z } from 'zod';
import type { Adapter } from '../../adapter/adapter.ts';
import { type Layered, layersOf } from '../../adapter/memory.ts';
import { adapterNamed } from '../../adapter/menu.ts';
import type { Draft } from '../../event/event.ts';
import { asFault, Fault } from '../../fault/fault.ts';
import type { Batch } from '../batch.ts';
import * as parameter from '../parameter.ts';
import { type Answer, type Call, route } from '../route.ts';
import { BATCH, inTurn, producerOf, receive, record, split } from './ingest.ts';

const CAPTURED_AT = 'x-claw-captured-at';

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
    const seen = capturedAt(call.request.headers[CAPTURED_AT]);
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
async function keepAll(
  { adapter, seen, call }: Capturing,
  { kind, items }: Batch,
): Promise<Answer> {
  const known = layersOf(call.face.calls.of(call.tenant));
  const records = items.map((item) =>
    'fault' in item ? item.fault : adapt({ adapter, seen, known, call }, item.value),
  );
  const faults = [
    ...records.filter((each) => each instanceof Fault),
    ...(await keep(call, records)),
  ];
  const [first] = faults;
  if (!first) return { kind: 'json', body: {} };
  if (kind === 'one') throw first;
  return refused(first, faults.length, items.length);
}

/** When a spooled record was really seen; its very text tells it apart from an equal one. */
type Seen = { readonly at_ms: number; readonly nonce: string } | undefined;

function capturedAt(header: string | string[] | undefined): Seen {
  if (header === undefined) return undefined;
  const parsed = z.iso.datetime({ offset: true }).safeParse(header);
  if (parsed.success) return { at_ms: Date.parse(parsed.data), nonce: parsed.data };
  throw new Fault('request.invalid', 'X-Claw-Captured-At is not a time as RFC 3339 writes it.', {
    field: CAPTURED_AT,
  });
}

type Capturing = {
  readonly adapter: Adapter;
  readonly seen: Seen;
  readonly call: Call<{ tenant?: unknown }, unknown>;
};

type Adapting = Capturing & { readonly known: Layered };

function adapt({ adapter, seen, known, call }: Adapting, value: unknown): readonly Draft[] | Fault {
  const now_ms = seen?.at_ms ?? call.face.now();
  try {
    const adapted = adapter.adapt(value, { now_ms, nonce: seen?.nonce, calls: known.known });
    if ('skipped' in adapted) {
      call.face.metrics.events.inc({ outcome: 'skipped', code: '' });
      return [];
    }
    for (const draft of adapted.drafts) known.batch.note('', draft);
    return adapted.drafts;
  } catch (error) {
    const fault = asFault(error);
    if (fault.blame === 'internal') throw fault;
    return fault;
  }
}

/** Records the drafts and remembers those that were; gives back why others were not. */
async function keep(
  call: Call<{ tenant?: unknown }, unknown>,
  records: readonly (readonly Draft[] | Fault)[],
): Promise<readonly Fault[]> {
  const drafts = records.flatMap((each) => (each instanceof Fault ? [] : each));
  const items = drafts.map((value) => ({ value }));
  const receipts = await record(call, items, producerOf(call));
  return receipts.flatMap((receipt, i) => {
    if (receipt.status === 'rejected') {
      const { code, message, ...detail } = receipt.error;
      return [new Fault(code, message, detail)];
    }
    const draft = drafts[i];
    if (draft) call.face.calls.note(call.tenant, draft);
    return [];
  });
}

/** The others were recorded: sending all again adds only what is missing. */
function refused(first: Fault, rejected: number, records: number): Answer {
  const body = { error: first.toJSON(), rejected, records };
  return { kind: 'json', status: first.status, body };
}
