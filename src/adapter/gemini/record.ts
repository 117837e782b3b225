/** Reads what all of Gemini CLI's hook records have in common. */
import type { AdaptContext } from '../adapter.ts';
import { missing, momentIn, nonceIn, objectIn, type Seen } from '../draft.ts';
import { readerOf } from '../reader.ts';
import { given, jsonOf } from '../record.ts';

export const RUNTIME = 'gemini';

/** Throws `event.invalid` where the record is no object or has no session. */
export function readHook(record: unknown, context: AdaptContext): Seen {
  const fields = objectIn(record, 'Gemini hook');
  const text = jsonOf(fields);
  const read = readerOf(fields);
  const session_id = read.name('session_id');
  if (session_id === undefined) throw missing('session_id', 'Gemini hook');
  const claimed = read.text('timestamp');
  const origin = {
    runtime: RUNTIME,
    kind: 'hook' as const,
    hook: read.name('hook_event_name') ?? '',
    text,
    at_ms: momentIn(claimed, context),
    // Two equal calls may begin in one millisecond: the moment of capture tells them apart.
    nonce: JSON.stringify([nonceIn(claimed, context), context.nonce ?? null]),
    session_id,
    attributes: given('cwd', read.text('cwd')),
  };
  return { origin, read, context };
}
