/** Codex's rollouts (`rollout-*.jsonl`), as version 0.169.0 writes them, and older ones. */
import { isObject } from '../../event/name.ts';
import { PART_MARK } from '../../event/part.ts';
import { Fault } from '../../fault/fault.ts';
import type { Adapted } from '../adapter.ts';
import { fit, given, nameIn, textIn } from '../record.ts';
import { type Call, itemDone, legacyEnd, requested, returned } from './codex-call.ts';
import { type Meter, openMeter } from './codex-token.ts';
import { turnNote, words } from './codex-turn.ts';
import {
  type Base,
  draftOf,
  type Fields,
  kept,
  note,
  objectAt,
  objectIn,
  openTimes,
  raw,
  type Said,
} from './row.ts';
import type { Origin, Reader, Transcript } from './transcript.ts';

const RUNTIME = 'codex';

export const codexTranscript: Transcript = { format: RUNTIME, open };

/** What later rows need of earlier ones. */
type State = {
  session: { readonly id: string; readonly parent?: string } | undefined;
  version: string | undefined;
  model: string | undefined;
  cwd: string | undefined;
  turn: string | undefined;
  /** The settings of the turn before, as JSON text. */
  settings: string;
  /** Calls asked for and not answered, the latest: what is asked says how to read the answer. */
  readonly calls: Map<string, Call>;
  readonly meter: Meter;
};

/** Calls that may wait for their answers at once. */
const OPEN_CALLS = 1000;

function open(origin: Origin): Reader {
  const times = openTimes(origin.from_ms);
  const state: State = {
    ...{ session: undefined, version: undefined, model: undefined, cwd: undefined },
    ...{ turn: undefined, settings: '', calls: new Map() },
    meter: openMeter(),
  };
  return (record, line): Adapted => {
    const fields = objectIn(record);
    const time = times(fields['timestamp']);
    const type = nameIn(fields, 'type') ?? '';
    // Before 2026 a rollout's items stood in its rows themselves.
    const payload = isObject(fields['payload']) ? fields['payload'] : fields;
    learn(state, type, payload);
    const told = tell(state, type, payload);
    if (typeof told === 'string') return { skipped: told };
    const { ordinal } = fields;
    const place = typeof ordinal === 'number' ? `row ${ordinal}` : `line ${line}`;
    const base = { ...baseOf(state, origin), key: place, time };
    return { drafts: told.map((one) => draftOf(base, one)) };
  };
}

function learn(state: State, type: string, payload: Fields): void {
  // A thread that was forked off another begins with the other's rows, its head among them.
  if (type === 'session_meta' && state.session === undefined) {
    state.session = sessionIn(payload);
    state.version = nameIn(payload, 'cli_version');
  }
  state.cwd = textIn(payload, 'cwd') ?? state.cwd;
  if (type === 'turn_context') state.model = nameIn(payload, 'model') ?? state.model;
  const passed = objectAt(payload, 'internal_chat_message_metadata_passthrough');
  state.turn = nameIn(payload, 'turn_id') ?? nameIn(passed, 'turn_id') ?? state.turn;
}

/** A sub-agent's thread names the session that it belongs to, or the thread that started it. */
function sessionIn(meta: Fields): State['session'] {
  const thread = nameIn(meta, 'id');
  const whole = nameIn(meta, 'session_id');
  const spawn = objectAt(objectAt(objectAt(meta, 'source'), 'subagent'), 'thread_spawn');
  const parent = nameIn(spawn, 'parent_thread_id') ?? nameIn(meta, 'parent_thread_id');
  if (whole !== undefined && thread !== undefined && whole !== thread) {
    return { id: fit(`${whole}${PART_MARK}${thread}`), parent: whole };
  }
  const id = whole ?? thread;
  return id === undefined ? undefined : { id, ...given('parent', parent) };
}

/** What a row tells, or why it adds nothing. */
function tell(state: State, type: string, payload: Fields): readonly Said[] | string {
  switch (type) {
    case 'session_meta':
      return [begins(payload)];
    case 'turn_context':
      return settings(state, payload);
    case 'response_item':
      return respond(state, payload);
    case 'event_msg':
      return happen(state, payload);
    case 'compacted': {
      const content = given('content', textIn(payload, 'message'));
      const left = raw(kept(payload, ['message']));
      return [{ ...note('The conversation was compacted.', content), ...left }];
    }
    case 'world_state':
      return 'context that Codex gave the model';
    default:
      if (state.meter.read(type, payload)) return TOKENS;
      // The oldest rollouts have items as rows.
      return ITEMS.has(type) ? respond(state, payload) : [unknown(type, payload)];
  }
}

const TOKENS = 'the end of the turn tells its tokens';

const ITEMS: ReadonlySet<string> = new Set([
  ...['message', 'reasoning', 'function_call', 'function_call_output', 'local_shell_call'],
  ...['custom_tool_call', 'custom_tool_call_output'],
]);

function begins(payload: Fields): Said {
  const from = nameIn(payload, 'originator');
  const detail = `Codex starts${from === undefined ? '' : ` (${from})`}.`;
  const used = ['id', 'session_id', 'cwd', 'cli_version'];
  return { type: 'session', operation: 'start', detail, ...raw(kept(payload, used)) };
}

/** What the agent was allowed to do in this turn; told where it is new. */
function settings(state: State, payload: Fields): readonly Said[] | string {
  const { turn_id: _, root_turn_id: __, ...settings } = payload;
  const text = JSON.stringify(settings);
  if (text === state.settings) return 'the settings are those of the turn before';
  state.settings = text;
  const approval = nameIn(payload, 'approval_policy') ?? 'unknown';
  const policy = objectAt(payload, 'sandbox_policy');
  const sandbox =
    nameIn(policy, 'type') ?? nameIn(policy, 'mode') ?? nameIn(payload, 'sandbox_policy');
  const detail = `Approval: ${approval}; sandbox: ${sandbox ?? 'unknown'}.`;
  return [{ ...note(detail), ...given('model', state.model), ...raw(settings) }];
}

function respond(state: State, item: Fields): readonly Said[] | string {
  const type = nameIn(item, 'type') ?? '';
  const call = requested(item, type);
  if (call !== undefined) {
    state.calls.set(call.call_id, call);
    const [oldest = ''] = state.calls.keys();
    if (state.calls.size > OPEN_CALLS) state.calls.delete(oldest);
    return [call.said];
  }
  if (type.endsWith('_call_output') || type === 'tool_search_output') {
    return returned(item, state.calls.get(nameIn(item, 'call_id') ?? ''));
  }
  if (type === 'ghost_snapshot') return 'it keeps a state of the program';
  return words(item, type) ?? [unknown(type, item)];
}

function happen(state: State, event: Fields): readonly Said[] | string {
  const type = nameIn(event, 'type') ?? '';
  if (state.meter.read(type, event)) return TOKENS;
  if (TURN_ENDS.has(type)) {
    const [end, ...more] = turnNote(event, type) as readonly Said[];
    return end === undefined ? [] : [{ ...end, ...state.meter.turn() }, ...more];
  }
  const did = itemDone(event, type) ?? legacyEnd(event, type, state.calls);
  for (const { call_id = '' } of Array.isArray(did) ? did : []) {
    const call = state.calls.get(call_id);
    if (call !== undefined) state.calls.set(call_id, { ...call, done: true });
  }
  return did ?? turnNote(event, type) ?? [unknown(type, event)];
}

const TURN_ENDS: ReadonlySet<string> = new Set(['task_complete', 'turn_complete', 'turn_aborted']);

/** A row of another version: what it means is not known, so it is kept whole. */
function unknown(type: string, payload: Fields): Said {
  const detail = `A row that this version of Claw does not know (${type || 'without a type'}).`;
  return { ...note(detail), ...raw(payload) };
}

function baseOf(state: State, origin: Origin): Omit<Base, 'key' | 'time'> {
  const id = state.session?.id ?? threadIn(origin);
  const version = given('version', state.version);
  return {
    scheme: 'codex/transcript/v1',
    session_id: id,
    facts: {
      ...given('parent_session_id', state.session?.parent),
      ...given('turn_id', state.turn),
      agent: { runtime: RUNTIME, ...version },
      source: { kind: 'transcript', runtime: RUNTIME, ...version },
      attributes: given('cwd', state.cwd),
    },
  };
}

/** `rollout-2026-11-21T19-25-36-<thread>`. */
function threadIn({ stem }: Origin): string {
  const id = /([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(stem)?.[1];
  if (id !== undefined) return id;
  throw new Fault('event.invalid', 'The rollout names no session.', { field: 'session_meta' });
}
