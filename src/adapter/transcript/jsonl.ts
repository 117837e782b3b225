/** Claw's own events, a line each: what `logs export` wrote, or drafts that others made. */
import type { Draft } from '../../event/event.ts';
import { UUID } from '../../event/event.ts';
import { isObject } from '../../event/name.ts';
import { Fault } from '../../fault/fault.ts';
import type { Adapted } from '../adapter.ts';
import { eventId } from '../identity.ts';
import { jsonOf, nameIn } from '../record.ts';
import { type Fields, kept, objectIn } from './row.ts';
import type { Origin, Reader, Transcript } from './transcript.ts';

export const jsonlTranscript: Transcript = { format: 'jsonl', open };

function open(origin: Origin): Reader {
  return (record, line): Adapted => {
    const fields = objectIn(record);
    // `{"export": …, "events": […]}`: the whole export as one document.
    if (isObject(fields['export']) && Array.isArray(fields['events'])) {
      return { drafts: fields['events'].flatMap((row, i) => listed(row, i, origin)) };
    }
    if (isObject(fields['export'])) return { skipped: 'it says what the export covers' };
    if (isObject(fields['end'])) return { skipped: 'it counts what the export holds' };
    const why = whyNot(fields);
    return why === undefined ? { drafts: [draftOf(fields, line, origin)] } : { skipped: why };
  };
}

function listed(row: unknown, at: number, origin: Origin): readonly Draft[] {
  const fields = objectIn(row);
  return whyNot(fields) === undefined ? [draftOf(fields, at, origin)] : [];
}

function whyNot(fields: Fields): string | undefined {
  if (fields['erased'] === true) return 'its content was erased before the export';
  const session = nameIn(fields, 'session_id');
  if (session === undefined) {
    throw new Fault('event.invalid', 'The event names no session.', { field: 'session_id' });
  }
  const own = session === 'claw' || session.startsWith('claw:');
  return own ? 'what a trail says of itself stays in that trail' : undefined;
}

/** What the trail it came from had set: it is kept, and never taken for this trail's own. */
const SET_BY_TRAIL = ['index', 'facts', 'witnesses', 'recorded_at', 'overflow', 'tenant_id'];
/** Names that readers get beside the event's own: the front door would take them as given. */
const BESIDE = ['created_at', 'user_id', 'agent_id', 'tokens_used', 'policy_id'];

/**
 * The event with its own id, so that the trail that it came from knows it again. An exported row
 * is a call folded from its facts: it becomes one fact, in the call's last state; the others'
 * times and witnesses stand in `attributes.exported.facts`. A value over the inline limit comes
 * as the export has it.
 */
function draftOf(fields: Fields, line: number, { stem }: Origin): Draft {
  const exported: Record<string, unknown> = Object.fromEntries(
    SET_BY_TRAIL.flatMap((key) => (fields[key] === undefined ? [] : [[key, fields[key]]])),
  );
  const { id: given } = fields;
  if (given !== undefined && !isId(given)) exported['id'] = given;
  const row = 'recorded_at' in exported;
  const own = kept(fields, row ? [...SET_BY_TRAIL, ...BESIDE] : SET_BY_TRAIL);
  const { attributes } = own;
  const origin = Object.keys(exported).length === 0 ? {} : { exported };
  const joined = isObject(attributes) ? { ...attributes, ...origin } : origin;
  const session_id = nameIn(fields, 'session_id') ?? '';
  return {
    source: { kind: 'transcript' },
    ...own,
    id: idOf(fields, { session_id, line, stem }),
    ...(attributes !== undefined && !isObject(attributes) ? {} : { attributes: joined }),
  } as Draft;
}

type Place = { readonly session_id: string; readonly line: number; readonly stem: string };

/** An event without an id gets one of its place and words: a second import adds nothing. */
function idOf(fields: Fields, { session_id, line, stem }: Place): string {
  const { id } = fields;
  if (isId(id)) return id.toLowerCase();
  return eventId({
    scheme: 'jsonl/transcript/v1',
    session_id,
    hook: stem,
    key: `line ${line}`,
    part: undefined,
    nonce: '',
    text: jsonOf(fields),
  });
}

function isId(id: unknown): id is string {
  return typeof id === 'string' && UUID.test(id.toLowerCase());
}
