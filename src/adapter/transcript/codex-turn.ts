/** What was said in Codex's rollouts, and how turns began and ended. */
import { given, nameIn, textIn } from '../record.ts';
import {
  countIn,
  type Fields,
  kept,
  listAt,
  note,
  objectAt,
  raw,
  type Said,
  textOf,
} from './row.ts';

/** Messages and reasoning; undefined where the item is neither. */
export function words(item: Fields, type: string): readonly Said[] | string | undefined {
  if (type === 'message') return message(item);
  if (type !== 'reasoning') return undefined;
  const content = textOf(item['content']) ?? textOf(item['summary']);
  if (content === undefined || content === '') {
    return 'reasoning whose text the model keeps to itself';
  }
  const left = raw(kept(item, ['type', 'content', 'summary', 'encrypted_content']));
  return [{ type: 'output', channel: 'reasoning', content, ...left }];
}

const USED = ['type', 'role', 'content'];

function message(item: Fields): readonly Said[] | string {
  const role = nameIn(item, 'role');
  const content = textOf(item['content']);
  const media = listAt(item, 'content').filter((part) => textOf([part]) === undefined);
  const left = { ...kept(item, USED), ...(media.length === 0 ? {} : { media }) };
  if (role === 'assistant') return [{ type: 'output', ...given('content', content), ...raw(left) }];
  if (role !== 'user' || !isUsers(item, content ?? '')) {
    return 'context that Codex gave the model';
  }
  return [{ type: 'prompt', ...given('content', content), ...raw(left) }];
}

/**
 * Codex puts its own words into messages of the user's role. This version says which parts are
 * the user's; before it, Codex's own began with a tag or a heading that it chose.
 */
function isUsers(item: Fields, content: string): boolean {
  const passed = objectAt(item, 'internal_chat_message_metadata_passthrough');
  const kinds = listAt(passed, 'content_item_kinds');
  if (kinds.length > 0)
    return kinds.some((kind) => typeof kind === 'string' && kind.startsWith('user.'));
  return !OWN.test(content);
}

const TAGS = 'environment_context|user_instructions|permissions|skills?|turn_aborted|subagent_';
const OWN = new RegExp(`^\\s*(?:<(?:${TAGS})|# AGENTS\\.md instructions)`);

/** Turns, compaction, errors; undefined where the event is none that is known. */
export function turnNote(event: Fields, type: string): readonly Said[] | string | undefined {
  const reason = SILENT.get(type);
  if (reason !== undefined) return reason;
  const detail = NOTES.get(type);
  if (detail === undefined) return undefined;
  const text = textIn(event, 'message') ?? textIn(event, 'reason');
  const failed = type.endsWith('error') && text !== undefined;
  const turn = ['type', 'turn_id', 'root_turn_id', 'duration_ms', 'last_agent_message'];
  return [
    {
      ...note(text === undefined ? detail : `${detail.slice(0, -1)}: ${text.slice(0, 300)}`),
      ...(failed ? { error: { message: text } } : {}),
      ...given('duration_ms', countIn(event, 'duration_ms')),
      ...raw(kept(event, turn)),
    },
  ];
}

const ECHO = 'a response item tells the same';

const SILENT: ReadonlyMap<string, string> = new Map([
  ['user_message', ECHO],
  ['agent_message', ECHO],
  ['agent_reasoning', ECHO],
  ['agent_reasoning_raw_content', ECHO],
  ['context_compacted', 'the row of the compaction tells the same'],
  ['task_started', 'the prompt of the turn tells the same'],
  ['turn_started', 'the prompt of the turn tells the same'],
  ['thread_settings_applied', 'the settings of the turn tell the same'],
]);

const NOTES: ReadonlyMap<string, string> = new Map([
  ['task_complete', 'The turn ends.'],
  ['turn_complete', 'The turn ends.'],
  ['turn_aborted', 'The turn was broken off.'],
  ['thread_rolled_back', 'Turns were taken back.'],
  ['error', 'Codex met an error.'],
  ['stream_error', 'The answer of the model broke off.'],
  ['warning', 'Codex warns.'],
]);
