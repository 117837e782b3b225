/** OpenCode's records about the conversation: prompts, the model's messages, sessions. */
import { isObject } from '../../event/name.ts';
import { draftOf, errorOf, type Handler, type Seen, sentence, type Told } from '../draft.ts';
import { given } from '../record.ts';

/** chat.message: what the user said, or in a sub-agent's session what the agent above said. */
export function prompt(seen: Seen): Told {
  const { read } = seen;
  const parts = read.peek('output.parts');
  const content = textOf(parts);
  if (content !== undefined && onlyText(parts)) read.told('output.parts');
  const key = read.name('output.message.id');
  const draft = draftOf(seen, {
    type: 'prompt',
    ...given('content', content),
    ...given('turn_id', key),
    ...given('model', read.name('output.message.model.modelID')),
    agent: { runtime: seen.origin.runtime, ...given('name', read.name('output.message.agent')) },
    key,
    ...(key === undefined ? {} : { text: content ?? '' }),
  });
  return [draft];
}

/** command.execute.before: a slash command becomes a prompt. */
export function command(seen: Seen): Told {
  const { read } = seen;
  const name = read.name('input.command');
  const content = `/${name ?? ''} ${read.text('input.arguments') ?? ''}`.trimEnd();
  const detail = sentence('Expands a command', name?.slice(0, 200));
  return [draftOf(seen, { type: 'prompt', channel: 'expansion', content, detail })];
}

/**
 * message.updated: a message of the model is complete, with what it cost. Its times are left in
 * `raw`: they span the tools that it called.
 */
export function message(seen: Seen): Told {
  const { read } = seen;
  if (read.peek('info.role') === 'user') return 'chat.message tells what the user said';
  const end = read.peek('info.time.completed');
  const failure = read.peek('info.error');
  if (typeof end !== 'number' && !isObject(failure)) return 'a message that is not complete yet';
  const id = read.name('info.id');
  const tokens = {
    ...given('input', read.count('info.tokens.input')),
    ...given('output', read.count('info.tokens.output')),
    ...given('total', read.count('info.tokens.total')),
  };
  const attributes = {
    ...given('cwd', read.text('info.path.cwd')),
    ...given('message_id', id),
    ...given('provider', read.name('info.providerID')),
    ...given('cost', read.count('info.cost')),
    ...given('finish_reason', read.name('info.finish')),
  };
  const draft = draftOf(seen, {
    type: 'api_call',
    action: 'network',
    ...given('turn_id', read.name('info.parentID')),
    ...given('model', read.name('info.modelID')),
    agent: { runtime: seen.origin.runtime, ...given('name', read.name('info.agent')) },
    ...(Object.keys(tokens).length > 0 ? { tokens } : {}),
    ...(isObject(failure)
      ? { status: 'error' as const, error: faultOf(seen, 'info.error') }
      : { status: 'success' as const }),
    detail: isObject(failure) ? 'The model did not answer.' : 'The model answered.',
    attributes,
    key: id,
    ...(id === undefined ? {} : { text: isObject(failure) ? 'error' : '' }),
  });
  return [draft];
}

/** session.created: of a sub-agent, with the session that started it. */
export function sessionCreated(seen: Seen): Told {
  const { read, origin } = seen;
  const parent = read.name('info.parentID');
  const name = read.name('info.agent');
  const version = read.name('info.version');
  const cwd = read.text('info.directory');
  const draft = draftOf(seen, {
    type: 'session',
    operation: 'start',
    ...given('parent_session_id', parent),
    agent: { runtime: origin.runtime, ...given('name', name) },
    source: { kind: origin.kind, runtime: origin.runtime, ...given('version', version) },
    detail: sentence(parent === undefined ? 'The session starts' : 'A sub-agent starts', name),
    attributes: given('cwd', cwd),
    key: origin.session_id,
    text: '',
  });
  return [draft];
}

export function sessionDeleted(seen: Seen): Told {
  const detail = 'The session ends: it was deleted.';
  return [draftOf(seen, { type: 'session', operation: 'end', detail })];
}

/** session.error: the turn ended because something failed. */
export function sessionError(seen: Seen): Told {
  const error = faultOf(seen, 'error');
  return [draftOf(seen, { type: 'output', status: 'error', error })];
}

/** session.status: only a retry says something that nothing else says. */
export function sessionStatus(seen: Seen): Told {
  if (seen.read.peek('status.type') !== 'retry') return 'the session works or waits';
  const detail = sentence('The request to the model is tried again', undefined);
  return [draftOf(seen, { type: 'session', detail })];
}

/** The conversation goes on, differently. */
export function noted(what: string): Handler {
  return (seen) => [draftOf(seen, { type: 'session', detail: sentence(what) })];
}

/** The bus's errors: `{name, data: {message}}`. */
function faultOf({ read }: Seen, path: string) {
  return errorOf(read.name(`${path}.name`), read.text(`${path}.data.message`) ?? read.text(path));
}

function textOf(parts: unknown): string | undefined {
  if (!Array.isArray(parts)) return undefined;
  const texts = parts.flatMap((part: unknown) =>
    isObject(part) && part['type'] === 'text' && typeof part['text'] === 'string'
      ? [part['text']]
      : [],
  );
  return texts.length === 0 ? undefined : texts.join('\n');
}

/** Nothing is lost with a part that holds a text and ids alone. */
function onlyText(parts: unknown): boolean {
  return (
    Array.isArray(parts) &&
    parts.every(
      (part: unknown) =>
        isObject(part) &&
        part['type'] === 'text' &&
        typeof part['text'] === 'string' &&
        Object.keys(part).every((key) => PLAIN.has(key)),
    )
  );
}

const PLAIN: ReadonlySet<string> = new Set(['type', 'text', 'id', 'messageID', 'sessionID']);
