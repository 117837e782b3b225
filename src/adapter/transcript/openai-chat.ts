/** Runs in OpenAI's chat format: lists of messages, and what a benchmark says of them. */
import type { Draft } from '../../event/event.ts';
import { timeText } from '../../event/instant.ts';
import { isObject } from '../../event/name.ts';
import { Fault } from '../../fault/fault.ts';
import type { Adapted } from '../adapter.ts';
import { contained, given } from '../record.ts';
import { openCalls } from './openai-chat-call.ts';
import { type Labels, labelled, MESSAGES } from './openai-chat-label.ts';
import { messageSaid } from './openai-chat-message.ts';
import { type Base, draftOf, type Fields, listAt, note, objectIn, raw } from './row.ts';
import type { Origin, Reader, Transcript } from './transcript.ts';

export const openaiChatTranscript: Transcript = { format: 'openai-chat', open };

/** The format has no times: a message is told a second after the one before it. */
const STEP_MS = 1000;

type State = {
  readonly origin: Origin;
  /** Where the next message's time is, in Unix milliseconds. */
  next_ms: number;
  /** The conversation of a file whose records are single messages. */
  loose: Conversation | undefined;
};

type Conversation = {
  readonly labels: Labels;
  readonly calls: ReturnType<typeof openCalls>;
  /** Messages told so far. */
  count: number;
};

function open(origin: Origin): Reader {
  const state: State = { origin, next_ms: origin.from_ms, loose: undefined };
  return (record, line): Adapted => {
    if (Array.isArray(record)) return { drafts: runOf(state, { messages: record }, line) };
    const fields = objectIn(record);
    if (MESSAGES.some((key) => Array.isArray(fields[key]))) {
      return { drafts: runOf(state, fields, line) };
    }
    if (typeof fields['role'] === 'string') return { drafts: looseMessage(state, fields) };
    if (isObject(fields['metadata'])) return { skipped: 'it describes the whole file' };
    throw new Fault('event.invalid', 'The record is neither a message nor a list of them.', {
      field: 'messages',
      hint: 'A run has its messages under "messages" or "traj".',
    });
  };
}

/** A whole run: its labels first, then its messages, then its end. */
function runOf(state: State, fields: Fields, line: number): readonly Draft[] {
  const labels = labelled(fields, { ...state.origin, line });
  const conversation: Conversation = { labels, calls: openCalls(), count: 0 };
  const key = MESSAGES.find((name) => Array.isArray(fields[name])) ?? '';
  const started = draftOf(step(state, labels, { key: `${line} start`, record: labels.rest }), {
    type: 'session',
    operation: 'start',
    detail: `${labels.title}; its times are not known.`,
    ...raw(labels.rest),
    attributes: { ...labels.task, labels: wordsOf(labels) },
  });
  const messages = listAt(fields, key).flatMap((message) =>
    told(state, conversation, { message, place: `${line}` }),
  );
  const ended = draftOf(step(state, labels, { key: `${line} end`, record: labels.rest }), {
    type: 'session',
    operation: 'end',
    detail: labels.verdict,
    attributes: { ...labels.outcome, labels: wordsOf(labels) },
  });
  return [started, ...messages, ended];
}

/** `suite:banking`, `attack_succeeded:true`: search finds words, not the names of keys. */
function wordsOf({ task, outcome }: Labels): readonly string[] {
  const plain = Object.entries({ ...task, ...outcome }).filter(
    ([, value]) => typeof value !== 'object',
  );
  return plain.map(([key, value]) => `${key}:${String(value)}`);
}

/** A file of messages is one run without an end: it may grow. */
function looseMessage(state: State, message: Fields): readonly Draft[] {
  state.loose ??= {
    labels: labelled({}, { ...state.origin, line: undefined }),
    calls: openCalls(),
    count: 0,
  };
  return told(state, state.loose, { message, place: 'message' });
}

type Place = { readonly message: unknown; readonly place: string };

function told(state: State, run: Conversation, { message, place }: Place): readonly Draft[] {
  const base = step(state, run.labels, { key: `${place} ${run.count++}`, record: message });
  if (!isObject(message)) {
    const detail = 'What stands here is not a message.';
    return [draftOf(base, { ...note(detail), raw: contained(message) })];
  }
  return [...messageSaid(message, run.labels.user), ...run.calls.facts(message)].map((said) =>
    draftOf(said.type === 'prompt' ? asked(base) : base, said),
  );
}

/** A prompt is the user's, not the agent's. */
function asked(base: Base): Base {
  const { agent: _, ...facts } = base.facts;
  return { ...base, facts };
}

type Step = { readonly key: string; readonly record: unknown };

/**
 * What every draft of a message says; the time goes on by one step. Runs of several files may
 * have one name: what they say tells their records apart, so that none is taken for another.
 */
function step(state: State, labels: Labels, { key, record }: Step): Base {
  const time = { text: timeText(state.next_ms), known: false };
  state.next_ms += STEP_MS;
  return {
    scheme: 'openai-chat/transcript/v1',
    key,
    text: JSON.stringify(contained(record)) ?? '',
    session_id: labels.session_id,
    time,
    facts: {
      ...given('model', labels.model),
      ...(labels.model === undefined ? {} : { agent: { name: labels.model } }),
      source: { kind: 'transcript' },
    },
  };
}
