/** What the routes that take a runtime's own records share: read, adapted, recorded. */
import { z } from 'zod';
import type { Adapter } from '../adapter/adapter.ts';
import type { Layered } from '../adapter/memory.ts';
import type { Draft } from '../event/event.ts';
import { asFault, Fault } from '../fault/fault.ts';
import { producerOf, record } from './route/ingest.ts';
import type { Call } from './route.ts';

const CAPTURED_AT = 'x-claw-captured-at';

/** When a spooled record was really seen; its very text tells it apart from an equal one. */
export type Seen = { readonly at_ms: number; readonly nonce: string } | undefined;

export type Capturing = {
  readonly adapter: Adapter;
  readonly seen: Seen;
  readonly call: Call<{ tenant?: unknown }, unknown>;
};

/** Throws `request.invalid`. */
export function capturedAt(headers: Readonly<Record<string, string | string[] | undefined>>): Seen {
  const header = headers[CAPTURED_AT];
  if (header === undefined) return undefined;
  const parsed = z.iso.datetime({ offset: true }).safeParse(header);
  if (parsed.success) return { at_ms: Date.parse(parsed.data), nonce: parsed.data };
  throw new Fault('request.invalid', 'X-Claw-Captured-At is not a time as RFC 3339 writes it.', {
    field: CAPTURED_AT,
  });
}

export type Adapting = Capturing & { readonly known: Layered };

/** The drafts of one record, noted in the batch's own memory. */
export function adapt(
  { adapter, seen, known, call }: Adapting,
  value: unknown,
): readonly Draft[] | Fault {
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
export async function keep(
  call: Call<{ tenant?: unknown }, unknown>,
  drafts: readonly Draft[],
): Promise<readonly Fault[]> {
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
