/** Reads what all of Codex's hook records have in common. */
import { PART_MARK } from '../../event/part.ts';
import type { AdaptContext } from '../adapter.ts';
import { missing, objectIn, type Seen } from '../draft.ts';
import { readerOf } from '../reader.ts';
import { fit, given, jsonOf } from '../record.ts';

export const RUNTIME = 'codex';

/**
 * Throws `event.invalid` where the record is no object or has no session. A sub-agent's records
 * form a session of their own, below the session that started it.
 */
export function readHook(record: unknown, context: AdaptContext): Seen {
  const fields = objectIn(record, 'Codex hook');
  const text = jsonOf(fields);
  const read = readerOf(fields);
  const whole = read.name('session_id');
  if (whole === undefined) throw missing('session_id', 'Codex hook');
  const agent_id = read.name('agent_id');
  const part = agent_id !== undefined;
  const origin = {
    runtime: RUNTIME,
    kind: 'hook' as const,
    hook: read.name('hook_event_name') ?? '',
    text,
    at_ms: context.now_ms,
    nonce: context.nonce ?? String(context.now_ms),
    session_id: part ? fit(`${whole}${PART_MARK}${agent_id}`) : whole,
    common: {
      ...(part ? { parent_session_id: whole } : {}),
      ...given('turn_id', read.name('turn_id')),
      ...given('model', read.name('model')),
      agent: { ...given('id', agent_id), ...given('name', read.name('agent_type')) },
    },
    attributes: {
      ...given('cwd', read.text('cwd')),
      ...given('permission_mode', read.name('permission_mode')),
    },
  };
  return { origin, read, context };
}
