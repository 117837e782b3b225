/** The words of a message in OpenAI's chat format. */
import { isObject } from '../../event/name.ts';
import { contained, given, nameIn, textIn } from '../record.ts';
import { type Fields, kept, listAt, note, raw, type Said, textOf } from './row.ts';

/** Keys that stand in fields of an event; the calls take theirs themselves. */
const USED = ['role', 'content', 'tool_calls', 'function_call', 'reasoning_content', 'refusal'];

/** What was said; nothing for the result of a call. */
export function messageSaid(message: Fields, user: string | undefined): readonly Said[] {
  const role = nameIn(message, 'role');
  const content = textOf(message['content']);
  const left = raw({ ...kept(message, USED), ...mediaOf(message), ...strangeCalls(message) });
  switch (role) {
    case 'tool':
    case 'function':
      return [];
    case 'system':
    case 'developer':
      return [note('Instructions to the model.', { ...given('content', content), ...left })];
    case 'user': {
      const name = nameIn(message, 'name');
      const who = user === undefined && name === undefined ? {} : { user: person(user, name) };
      return [{ type: 'prompt', ...given('content', content), ...who, ...left }];
    }
    case 'assistant':
      return assistant(message, content).map((said, i) => (i === 0 ? { ...left, ...said } : said));
    default: {
      const detail = `A message of a role that Claw does not know (${role ?? 'none'}).`;
      return [{ ...note(detail), ...given('content', content), ...raw(message) }];
    }
  }
}

function person(id: string | undefined, name: string | undefined) {
  return { ...given('id', id), ...given('name', name) };
}

function assistant(message: Fields, content: string | undefined): readonly Said[] {
  const mind = textIn(message, 'reasoning_content') ?? '';
  const refusal = textIn(message, 'refusal') ?? '';
  const asks = listAt(message, 'tool_calls').some(isObject) || isObject(message['function_call']);
  // A message that says nothing and asks for nothing is still one that the model gave.
  const empty = content === undefined && mind === '' && refusal === '' && !asks;
  const words = content === undefined || (content === '' && !empty) ? undefined : content;
  return [
    ...(mind === '' ? [] : [{ type: 'output', channel: 'reasoning', content: mind, part: 'mind' }]),
    ...(words === undefined && !empty ? [] : [{ type: 'output', ...given('content', words) }]),
    ...(refusal === ''
      ? []
      : [{ type: 'output', content: refusal, detail: 'The model refused.', part: 'refusal' }]),
  ] as readonly Said[];
}

/** What stands where calls do and is none. */
function strangeCalls({ tool_calls: calls = null }: Fields): Fields {
  const strange = Array.isArray(calls) ? calls.filter((call) => !isObject(call)) : calls;
  const none = strange === null || (Array.isArray(strange) && strange.length === 0);
  return none ? {} : { tool_calls: contained(strange) };
}

/** Parts that are no text: images, audio, files. */
function mediaOf(message: Fields): Fields {
  const media = listAt(message, 'content').filter((part) => textOf([part]) === undefined);
  return media.length === 0 ? {} : { media: contained(media) };
}
