/** Strips streams of the OpenAI Chat Completions API: calls end with their choice, not before. */
import { type Fields, objectIn } from '../../adapter/model/api.ts';
import { chat as api, callKey } from '../../adapter/model/chat.ts';
import { nameIn } from '../../adapter/record.ts';
import { type Frame, frameText } from './frame.ts';
import {
  dataOf,
  listIn,
  partIn,
  passed,
  type Refused,
  type Step,
  type StripStream,
  unreadable,
} from './strip.ts';

type State = {
  held: Frame[];
  /** By choice: keys of its calls in the held events, in order of their beginning. */
  readonly calls: Map<unknown, Set<string>>;
  /** Choices whose calls may still go on. */
  readonly open: Set<unknown>;
  /** Choices that have said something. */
  readonly spoken: Set<unknown>;
  /** By choice, for all of the stream. */
  readonly counts: Map<unknown, Counts>;
};

type Counts = {
  kept: number;
  removed: number;
  /** What each call is numbered with by now; undefined for one that was removed. */
  readonly places: Map<string, number | undefined>;
};

export function openChatStream(): StripStream {
  const state: State = {
    ...{ held: [], calls: new Map(), open: new Set() },
    ...{ spoken: new Set(), counts: new Map() },
  };
  return {
    push: (frame) => push(state, frame),
    end: () => (state.held.length > 0 ? release(state) : undefined),
  };
}

function push(state: State, frame: Frame): Step | undefined {
  const data = dataOf(frame);
  const choices = data === undefined ? [] : listIn(data, 'choices');
  for (const choice of choices) look(state, choice);
  if (state.held.length === 0 && state.open.size === 0 && state.calls.size === 0) {
    return data === undefined ? passed(frame) : plain(state, frame, data);
  }
  state.held.push(frame);
  const over = frame.data?.trim() === '[DONE]';
  return over || state.open.size === 0 ? release(state) : undefined;
}

function look(state: State, choice: Fields): void {
  const index = choice['index'];
  const delta = partIn(choice, 'delta') ?? {};
  const whole = objectIn(choice, 'message');
  if (whole['tool_calls'] || whole['function_call']) throw unreadable('a chunk holds a message');
  const parts = partsOf(delta);
  if (delta['content']) state.spoken.add(index);
  if (parts.length > 0) {
    const keys = state.calls.get(index) ?? new Set();
    state.calls.set(index, keys);
    state.open.add(index);
    for (const part of parts) {
      const key = callKey(part, keys);
      if (key === undefined) throw unreadable('a part belongs to no call');
      // What was decided must not grow.
      if (state.counts.get(index)?.places.has(key))
        throw unreadable('a call goes on after its end');
      keys.add(key);
    }
  }
  if (nameIn(choice, 'finish_reason') !== undefined) state.open.delete(index);
}

/** The older single call as a part, as the reader numbers it. */
function partsOf(delta: Fields): readonly Fields[] {
  const old = partIn(delta, 'function_call');
  const parts = listIn(delta, 'tool_calls');
  return old === undefined || Object.keys(old).length === 0 ? parts : [{ index: 'old' }, ...parts];
}

/** A chunk that comes when nothing is held: its end may speak of calls that were removed. */
function plain(state: State, frame: Frame, data: Fields): Step {
  return {
    frames: [frame],
    calls: [],
    without: () => {
      const choices = listIn(data, 'choices');
      const mended = choices.map((choice) => ({ ...choice, ...endedIn(state, choice) }));
      const same = choices.every((choice) => Object.keys(endedIn(state, choice)).length === 0);
      return same ? undefined : frameText(frame.event, { ...data, choices: mended });
    },
  };
}

function release(state: State): Step {
  const { held } = state;
  const calls = new Map(state.calls);
  state.held = [];
  state.calls.clear();
  state.open.clear();
  const reader = api.stream();
  for (const frame of held) reader.push(dataOf(frame), Number.NaN);
  const { asked, id } = reader.answer();
  const order = orderOf(held, calls);
  if (asked.length !== order.length) throw unreadable('its calls cannot be told apart');
  return {
    frames: held,
    calls: asked.map((call) => ({ ...call, at_ms: undefined })),
    answer_id: id,
    without: (refused) => {
      const texts = count(state, order, refused);
      if (texts.size === 0 && ![...state.counts.values()].some(({ removed }) => removed > 0)) {
        return undefined;
      }
      const told = new Set<string>();
      const keys = new Map<unknown, Set<string>>();
      return held.map((frame) => rewritten(state, frame, { texts, told, keys })).join('');
    },
  };
}

type Place = { readonly choice: unknown; readonly key: string };

/** As the reader has them: choice by choice, in the order in which each was first seen. */
function orderOf(held: readonly Frame[], calls: ReadonlyMap<unknown, Set<string>>): Place[] {
  const choices = new Set<unknown>();
  for (const frame of held) {
    const data = dataOf(frame);
    for (const choice of data === undefined ? [] : listIn(data, 'choices')) {
      choices.add(choice['index']);
    }
  }
  return [...choices].flatMap((choice) =>
    [...(calls.get(choice) ?? [])].map((key) => ({ choice, key })),
  );
}

/** Texts of the refused by choice and key; the others get their new number. */
function count(state: State, order: readonly Place[], refused: Refused): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [at, { choice, key }] of order.entries()) {
    const counts = state.counts.get(choice) ?? { kept: 0, removed: 0, places: new Map() };
    state.counts.set(choice, counts);
    const text = refused[at];
    counts.places.set(key, text === undefined ? counts.kept++ : undefined);
    if (text !== undefined) {
      counts.removed++;
      texts.set(nameOf(choice, key), text);
    }
  }
  return texts;
}

function nameOf(choice: unknown, key: string): string {
  return JSON.stringify([choice ?? null, key]);
}

type Rewriting = {
  readonly texts: ReadonlyMap<string, string>;
  /** Refusals that stand in an earlier chunk. */
  readonly told: Set<string>;
  readonly keys: Map<unknown, Set<string>>;
};

function rewritten(state: State, frame: Frame, how: Rewriting): string {
  const data = dataOf(frame);
  const raw = frame.raw.toString('utf8');
  if (data === undefined) return raw;
  const choices = listIn(data, 'choices');
  const changed = choices.map((choice) => choiceOf(state, choice, how));
  const same = changed.every((choice, i) => choice === choices[i]);
  return same ? raw : frameText(frame.event, { ...data, choices: changed });
}

function choiceOf(state: State, choice: Fields, how: Rewriting): Fields {
  const removed = state.counts.get(choice['index'])?.removed ?? 0;
  if (removed === 0) return choice;
  const end = endedIn(state, choice);
  const delta = objectIn(choice, 'delta');
  if (partsOf(delta).length === 0) {
    return Object.keys(end).length === 0 ? choice : { ...choice, ...end };
  }
  return { ...choice, delta: deltaOf(state, choice, how), ...end };
}

function deltaOf(state: State, choice: Fields, { texts, told, keys }: Rewriting): Fields {
  const index = choice['index'];
  const known = keys.get(index) ?? new Set<string>();
  keys.set(index, known);
  const { tool_calls: _, function_call, ...rest } = objectIn(choice, 'delta');
  const said: string[] = [];
  const left: Fields[] = [];
  let old = false;
  for (const part of partsOf(objectIn(choice, 'delta'))) {
    const key = callKey(part, known) ?? '';
    known.add(key);
    const name = nameOf(index, key);
    const text = texts.get(name);
    if (text !== undefined) {
      if (!told.has(name)) said.push(text);
      told.add(name);
    } else if (part['index'] === 'old') old = true;
    else left.push({ ...part, ...numbered(state, index, { key, part }) });
  }
  const own = rest['content'] ? [rest['content']] : [];
  const apart = own.length === 0 && (state.spoken.has(index) || told.size > said.length);
  const content = [...(apart ? [''] : own), ...said];
  return {
    ...rest,
    ...(said.length === 0 ? {} : { content: content.join('\n\n') }),
    ...(left.length === 0 ? {} : { tool_calls: left }),
    ...(old ? { function_call } : {}),
  };
}

/** Clients count: a number that is left out would be a call without a name. */
function numbered(
  { counts }: State,
  choice: unknown,
  { key, part }: { key: string; part: Fields },
) {
  const place = counts.get(choice)?.places.get(key);
  return typeof part['index'] === 'number' && place !== undefined ? { index: place } : {};
}

function endedIn({ counts }: State, choice: Fields): Fields {
  const { kept = 0, removed = 0 } = counts.get(choice['index']) ?? {};
  const { finish_reason } = choice;
  const waits = finish_reason === 'tool_calls' || finish_reason === 'function_call';
  return waits && removed > 0 && kept === 0 ? { finish_reason: 'stop' } : {};
}
