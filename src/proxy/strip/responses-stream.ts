/** Strips streams of the OpenAI Responses API: an item is decided when it is done. */
import { type Asked, type Fields, objectIn } from '../../adapter/model/api.ts';
import { ENDINGS } from '../../adapter/model/responses.ts';
import { nameIn, textIn } from '../../adapter/record.ts';
import { type Frame, frameText } from './frame.ts';
import { askedIn, isHeld, messageOf } from './responses-item.ts';
import {
  dataOf,
  isRefused,
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
  /** Items in hand, by their place in the output. */
  readonly open: Map<unknown, Item>;
  /** Whatever was decided, by its likeness: the ending repeats it. */
  readonly decided: Map<string, { text: string | undefined }>;
};

type Item = {
  readonly frames: Set<Frame>;
  readonly began: Fields | undefined;
  readonly deltas: string[];
  said: string | undefined;
  done: Fields | undefined;
};

const DELTAS = new Set([
  'response.function_call_arguments.delta',
  'response.custom_tool_call_input.delta',
]);
const WHOLES: ReadonlyMap<unknown, string> = new Map([
  ['response.function_call_arguments.done', 'arguments'],
  ['response.custom_tool_call_input.done', 'input'],
]);

export function openResponsesStream(): StripStream {
  const state: State = { held: [], open: new Map(), decided: new Map() };
  return {
    push: (frame) => push(state, frame),
    end: () => {
      if (state.open.size > 0) throw unreadable('it ended within a request for a tool');
      return undefined;
    },
  };
}

function push(state: State, frame: Frame): Step | undefined {
  const data = dataOf(frame);
  const type = data === undefined ? undefined : textIn(data, 'type');
  if (data !== undefined && type !== undefined) {
    if (ENDINGS.has(type)) return ending(state, frame, data);
    const response = partIn(data, 'response');
    if (listIn(response ?? {}, 'output').some(isHeld)) {
      throw unreadable('it begins with a request for a tool');
    }
    look(state, frame, { ...data, type });
  }
  if (state.open.size === 0) return passed(frame);
  state.held.push(frame);
  const over = [...state.open.values()].every(({ done }) => done !== undefined);
  return over ? release(state) : undefined;
}

function look({ open }: State, frame: Frame, data: Fields): void {
  const { type, output_index: place } = data;
  const item = partIn(data, 'item');
  const ends = type === 'response.output_item.done';
  if (type === 'response.output_item.added' || ends) {
    const begun = open.get(place);
    if (begun !== undefined && !(ends && begun.done === undefined)) {
      throw unreadable('two items have one place');
    }
    if (begun === undefined && (item === undefined || !isHeld(item))) return;
    const began = begun === undefined && !ends ? item : undefined;
    const one = begun ?? { frames: new Set(), began, deltas: [], said: undefined, done: undefined };
    open.set(place, one);
    one.frames.add(frame);
    if (ends) one.done = doneOf(one, item);
    return;
  }
  const key = WHOLES.get(type);
  const piece = DELTAS.has(`${type}`) ? textIn(data, 'delta') : undefined;
  const one = open.get(place);
  if (key === undefined && piece === undefined) return;
  if (one === undefined || one.done !== undefined) throw unreadable('a part belongs to no call');
  one.frames.add(frame);
  if (piece !== undefined) one.deltas.push(piece);
  if (key !== undefined) one.said = textIn(data, key);
}

/** An item must not become another one when it is done. */
function doneOf({ began }: Item, item: Fields | undefined): Fields {
  if (item === undefined || !isHeld(item)) throw unreadable('a call became something else');
  const same = ['type', 'name', 'call_id'].every(
    (key) => began === undefined || nameIn(began, key) === nameIn(item, key),
  );
  if (!same) throw unreadable('a call became another one');
  return item;
}

function release(state: State): Step {
  const { held } = state;
  const items = [...state.open.values()];
  state.held = [];
  state.open.clear();
  const versions = items.map(versionsOf);
  const slots = items.map(({ done = {} }) => {
    const like = likeness(askedIn(done));
    const slot = state.decided.get(like) ?? { text: undefined };
    state.decided.set(like, slot);
    return slot;
  });
  const without = (refused: Refused) => {
    let from = 0;
    for (const [i, calls] of versions.entries()) {
      const own = refused.slice(from, from + calls.length);
      from += calls.length;
      const slot = slots[i];
      if (slot !== undefined) slot.text ??= own.find((text) => text !== undefined);
    }
    const texts = slots.map(({ text }) => text);
    if (!isRefused(texts)) return undefined;
    return held.map((frame) => replaced(frame, items, texts)).join('');
  };
  return { frames: held, calls: versions.flat(), without };
}

/** A client may take the arguments from the pieces, or from either end: each way is decided. */
function versionsOf({ began = {}, deltas, said, done = {} }: Item): readonly Asked[] {
  const key = Object.hasOwn(done, 'input') ? 'input' : 'arguments';
  const texts = [deltas.join(''), said, textIn(began, key)].filter((text) => text);
  const all = [done, ...texts.map((text) => ({ ...done, [key]: text }))].map(askedIn);
  const distinct = new Map(all.map((call) => [likeness(call), call]));
  return [...distinct.values()];
}

function likeness({ call_id, tool, arguments: input }: Asked): string {
  return JSON.stringify([call_id, tool, input]);
}

function replaced(frame: Frame, items: readonly Item[], texts: Refused): string {
  const place = items.findIndex(({ frames }) => frames.has(frame));
  const text = texts[place];
  const { frames, done = {} } = items[place] ?? {};
  if (text === undefined || frames === undefined) return frame.raw.toString('utf8');
  const [first] = frames;
  if (frame !== first) return '';
  const numbers = [...frames].map((one) => dataOf(one)?.['sequence_number']);
  const events = messageEvents(messageOf(done, text), dataOf(frame)?.['output_index']);
  return events
    .map((event, i): Fields => {
      return { ...event, sequence_number: numbers[Math.min(i, numbers.length - 1)] };
    })
    .map((event) => frameText(`${event['type']}`, event))
    .join('');
}

function messageEvents(item: Fields, output_index: unknown): readonly Fields[] {
  const [part = {}] = listIn(item, 'content');
  const at = { item_id: item['id'], output_index, content_index: 0 };
  const empty = { ...part, text: '' };
  const { text } = part;
  const begun = { ...item, status: 'in_progress', content: [] };
  return [
    { type: 'response.output_item.added', output_index, item: begun },
    { type: 'response.content_part.added', ...at, part: empty },
    { type: 'response.output_text.delta', ...at, delta: text, logprobs: [] },
    { type: 'response.output_text.done', ...at, text, logprobs: [] },
    { type: 'response.content_part.done', ...at, part },
    { type: 'response.output_item.done', output_index, item },
  ];
}

/** It says all of the output again, and some clients read it alone. */
function ending(state: State, frame: Frame, data: Fields): Step {
  if (state.open.size > 0) throw unreadable('it ended within a request for a tool');
  const response = objectIn(data, 'response');
  const items = listIn(response, 'output');
  const fresh = items.filter(isHeld).filter((item) => !state.decided.has(likeness(askedIn(item))));
  const without = (refused: Refused) => {
    const texts = new Map(fresh.map((item, i) => [item, refused[i]]));
    const output = items.map((item) => {
      const known = isHeld(item) ? state.decided.get(likeness(askedIn(item)))?.text : undefined;
      const text = texts.get(item) ?? known;
      return text === undefined ? item : messageOf(item, text);
    });
    const same = output.every((item, i) => item === items[i]);
    if (same) return undefined;
    return frameText(frame.event, { ...data, response: { ...response, output } });
  };
  return { frames: [frame], calls: fresh.map(askedIn), without };
}
