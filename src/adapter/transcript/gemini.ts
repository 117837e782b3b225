/** Gemini CLI's session logs (`chats/session-*.jsonl`), as version 0.61.0 writes them. */
import type { Draft } from '../../event/event.ts';
import { isObject } from '../../event/name.ts';
import { PART_MARK } from '../../event/part.ts';
import { Fault } from '../../fault/fault.ts';
import type { Adapted } from '../adapter.ts';
import { contained, fit, given, nameIn, textIn } from '../record.ts';
import { callFacts } from './gemini-call.ts';
import {
  type Base,
  countIn,
  draftOf,
  type Fields,
  kept,
  listAt,
  note,
  objectAt,
  objectIn,
  openTimes,
  raw,
  type Said,
  textOf,
} from './row.ts';
import type { Origin, Reader, Transcript } from './transcript.ts';

const RUNTIME = 'gemini';

export const geminiTranscript: Transcript = { format: RUNTIME, open };

/** Facts that are remembered as told: a message is written again when its calls are answered. */
const TOLD = 2000;

type Session = { readonly id: string; readonly parent?: string };

function open(origin: Origin): Reader {
  const times = openTimes(origin.from_ms);
  const told = new Set<string>();
  let session: Session | undefined;
  const fresh = (drafts: readonly Draft[]) => drafts.filter(({ id = '' }) => isNew(told, id));
  return (record, line): Adapted => {
    const fields = objectIn(record);
    const began = sessionIn(fields, origin);
    session = began ?? session ?? sessionOfName(origin);
    const context = { times, session, line };
    const changes = objectAt(fields, '$set');
    const messages = [...listAt(fields, 'messages'), ...listAt(changes, 'messages')];
    const drafts = [
      ...(began === undefined ? [] : [begins(context, fields)]),
      ...('type' in fields ? messageDrafts(context, fields) : []),
      ...messages.filter(isObject).flatMap((message) => messageDrafts(context, message)),
      ...noted(context, fields, changes),
    ];
    const left = fresh(drafts);
    return left.length > 0 ? { drafts: left } : { skipped: whyNot(fields, drafts.length) };
  };
}

function isNew(told: Set<string>, id: string): boolean {
  if (told.has(id)) return false;
  told.add(id);
  const [oldest = ''] = told;
  if (told.size > TOLD) told.delete(oldest);
  return true;
}

/** The head of a log. A sub-agent's lies in a folder that is called by the session above it. */
function sessionIn(fields: Fields, { folder }: Origin): Session | undefined {
  const id = nameIn(fields, 'sessionId');
  if (id === undefined || 'type' in fields) return undefined;
  const above = nameIn(fields, 'kind') === 'subagent' && /^[0-9a-f-]{36}$/.test(folder);
  return above ? { id: fit(`${folder}${PART_MARK}${id}`), parent: folder } : { id };
}

function sessionOfName({ stem }: Origin): Session {
  if (stem !== '') return { id: fit(stem) };
  throw new Fault('event.invalid', 'The log names no session.', { field: 'sessionId' });
}

type Context = {
  readonly times: ReturnType<typeof openTimes>;
  readonly session: Session;
  readonly line: number;
};

function baseOf({ times, session }: Context, key: string, time: unknown): Base {
  return {
    scheme: 'gemini/transcript/v1',
    key,
    session_id: session.id,
    time: times(time),
    facts: {
      ...given('parent_session_id', session.parent),
      agent: { runtime: RUNTIME },
      source: { kind: 'transcript', runtime: RUNTIME },
    },
  };
}

function begins(context: Context, fields: Fields): Draft {
  const used = ['sessionId', 'startTime', 'lastUpdated', 'messages'];
  return draftOf(baseOf(context, 'start', fields['startTime']), {
    type: 'session',
    operation: 'start',
    detail: `Gemini CLI starts (${nameIn(fields, 'kind') ?? 'main'}).`,
    ...raw(kept(fields, used)),
  });
}

/** What changed of the session beside its messages. */
function noted(context: Context, fields: Fields, changes: Fields): readonly Draft[] {
  const base = baseOf(context, `line ${context.line}`, changes['lastUpdated']);
  const back = fields['$rewindTo'];
  if (back !== undefined) {
    return [draftOf(base, { ...note('The user went back in the conversation.'), ...raw(fields) })];
  }
  const left = kept(changes, ['messages', 'lastUpdated']);
  const summary = textIn(changes, 'summary');
  if (summary !== undefined) {
    const content = { content: summary, ...raw(kept(left, ['summary'])) };
    return [draftOf(base, note('The conversation was summed up.', content))];
  }
  const known = 'type' in fields || '$set' in fields || 'sessionId' in fields;
  if (known && Object.keys(left).length === 0) return [];
  const detail = 'A record that this version of Claw does not know.';
  return [draftOf(base, { ...note(detail), ...raw(known ? left : fields) })];
}

const MESSAGE = ['id', 'timestamp', 'type', 'content', 'toolCalls', 'thoughts', 'tokens', 'model'];

function messageDrafts(context: Context, message: Fields): readonly Draft[] {
  const id = nameIn(message, 'id') ?? `line ${context.line}`;
  const base = baseOf(context, id, message['timestamp']);
  const left = raw(kept(message, MESSAGE));
  return tell(message).map((said, i) => draftOf(base, i === 0 ? { ...left, ...said } : said));
}

function tell(message: Fields): readonly Said[] {
  const type = nameIn(message, 'type') ?? '';
  const text = textOf(message['content']);
  switch (type) {
    case 'user':
      return prompt(message, text);
    case 'gemini':
      return [...spoken(message, text), ...callFacts(message, text ? {} : tokensOf(message))];
    case 'info':
    case 'warning':
      return [note(`Gemini CLI notes: ${(text ?? '').slice(0, 300)}`)];
    case 'error': {
      const error = given('message', text);
      return [{ ...note(`Gemini CLI met an error: ${(text ?? '').slice(0, 300)}`), error }];
    }
    default: {
      const detail = `A message that this version of Claw does not know (${type}).`;
      return [{ ...note(detail), ...raw(message) }];
    }
  }
}

/** Calls' results come back in the user's role: the calls tell them. */
function prompt(message: Fields, text: string | undefined): readonly Said[] {
  const parts = listAt(message, 'content').filter(isObject);
  const media = parts.filter((part) => 'inlineData' in part || 'fileData' in part);
  if (text === undefined && media.length === 0) return [];
  if (text?.startsWith('<session_context>') === true) return [];
  const shown = media.length === 0 ? {} : { raw: contained({ media }) };
  return [{ type: 'prompt', ...given('content', text), ...shown, part: 'prompt' }];
}

function spoken(message: Fields, text: string | undefined): readonly Said[] {
  const model = given('model', nameIn(message, 'model'));
  const facts = { type: 'output', ...model } as const;
  const thoughts = listAt(message, 'thoughts')
    .filter(isObject)
    .flatMap((thought, i): Said[] => {
      const told = [textIn(thought, 'subject'), textIn(thought, 'description')];
      const content = told.filter((words) => words).join(': ');
      const part = `thought ${i}`;
      return content === '' ? [] : [{ ...facts, channel: 'reasoning', content, part }];
    });
  if (text === undefined || text === '') return thoughts;
  return [...thoughts, { ...facts, content: text, ...tokensOf(message), part: `said ${text}` }];
}

/** An answer bears them; where a message has no words, its first call does. */
function tokensOf(message: Fields): Pick<Said, 'tokens'> {
  const tokens = objectAt(message, 'tokens');
  const input = countIn(tokens, 'input');
  const output = countIn(tokens, 'output');
  return input === undefined && output === undefined
    ? {}
    : { tokens: { ...given('input', input), ...given('output', output) } };
}

function whyNot(fields: Fields, drafts: number): string {
  if (drafts > 0) return 'it repeats a message whose facts are told';
  const changes = objectAt(fields, '$set');
  if ('$set' in fields && listAt(changes, 'messages').length === 0) {
    return 'it notes when the log was last written';
  }
  if ('$set' in fields || fields['type'] === 'user') return 'context or results of calls';
  return 'neither words nor calls';
}
