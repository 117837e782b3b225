/** Reads a request's body that is one JSON value. */
import { formOf, splitBatch } from './batch.ts';
import { readBody } from './body.ts';
import type { RawCall } from './call.ts';

/** Undefined where it is no single value; throws what `readBody` and `splitBatch` throw. */
export async function jsonBody(call: RawCall, max_bytes: number): Promise<unknown> {
  if (call.body !== undefined) return call.body;
  const { face, request } = call;
  const lease = face.budget.lease();
  try {
    const form = formOf(request.headers['content-type']);
    const body = await readBody(request, { max_bytes, lease });
    const { items } = await splitBatch(body, form, face.limits);
    const [item] = items;
    if (items.length === 1 && item && 'fault' in item) throw item.fault;
    return items.length === 1 && item && 'value' in item ? item.value : undefined;
  } finally {
    lease.end();
  }
}
