/** Strips answers of the Anthropic Messages API: a refused block becomes a block of text. */
import { anthropic as api } from '../../adapter/model/anthropic.ts';
import { type Fields, objectIn } from '../../adapter/model/api.ts';
import { nameIn, textIn } from '../../adapter/record.ts';
import { isObject } from '../../event/name.ts';
import { type Frame, frameText } from './frame.ts';
import {
  bodyOf,
  dataOf,
  isRefused,
  listIn,
  type Part,
  passed,
  type Refused,
  type Step,
  type Strip,
  type StripStream,
  unreadable,
} from './strip.ts';

export const anthropic: Strip = { whole, stream, error, errorEvent };

/** The vendor runs these itself: when they are seen, they have been run. */
const VENDOR_RUN = new Set(['server_tool_use', 'mcp_tool_use']);

function isHeld(block: Fields): boolean {
  const type = textIn(block, 'type') ?? '';
  return type.endsWith('tool_use') && !VENDOR_RUN.has(type);
}

function whole(value: unknown): Part {
  const body = bodyOf(value);
  const blocks = listIn(body, 'content');
  const { asked } = api.answer({ ...body, content: blocks.filter(isHeld) });
  return {
    calls: asked,
    answer_id: nameIn(body, 'id'),
    without: (refused) => {
      if (!isRefused(refused)) return undefined;
      let place = -1;
      const content = blocks.map((block) => {
        if (isHeld(block)) place++;
        const text = isHeld(block) ? refused[place] : undefined;
        return text === undefined ? block : { type: 'text', text };
      });
      const none = !content.some((block) => isObject(block) && isHeld(block));
      return { ...body, content, ...(none ? ended(body) : {}) };
    },
  };
}

/** Whoever reads `tool_use` waits for results of calls that are not there. */
function ended(fields: Fields): Fields {
  return fields['stop_reason'] === 'tool_use' ? { stop_reason: 'end_turn' } : {};
}

type State = {
  held: Frame[];
  /** Blocks in hand: by index, in order; whether each has ended. */
  readonly open: Map<unknown, Block>;
  kept: number;
  removed: number;
};

type Block = { readonly frames: Set<Frame>; ended: boolean };

function stream(): StripStream {
  const state: State = { held: [], open: new Map(), kept: 0, removed: 0 };
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
  const type = data?.['type'];
  if (type === 'message_start' && listIn(objectIn(data ?? {}, 'message'), 'content').some(isHeld)) {
    throw unreadable('it begins with a request for a tool');
  }
  const begins = type === 'content_block_start' && isHeld(objectIn(data ?? {}, 'content_block'));
  if (begins) begin(state, data?.['index']);
  if (state.open.size === 0) {
    return type === 'message_delta' ? delta(state, frame, data ?? {}) : passed(frame);
  }
  if (type === 'message_delta' || type === 'message_stop') {
    throw unreadable('it ended within a request for a tool');
  }
  state.held.push(frame);
  const block = state.open.get(data?.['index']);
  if (type?.toString().startsWith('content_block_')) block?.frames.add(frame);
  if (type === 'content_block_stop' && block) block.ended = true;
  return [...state.open.values()].every((one) => one.ended) ? release(state) : undefined;
}

function begin({ open }: State, index: unknown): void {
  if (open.has(index)) throw unreadable('two blocks have one index');
  open.set(index, { frames: new Set(), ended: false });
}

function release(state: State): Step {
  const { held } = state;
  const blocks = [...state.open.values()];
  state.held = [];
  state.open.clear();
  const calls = blocks.map(({ frames }) => {
    const reader = api.stream();
    for (const frame of frames) reader.push(dataOf(frame), Number.NaN);
    const [call, second] = reader.answer().asked;
    if (call === undefined || second !== undefined) throw unreadable('a block is no call');
    return { ...call, at_ms: undefined };
  });
  const without = (refused: Refused) => {
    const gone = blocks.filter((_, place) => refused[place] !== undefined).length;
    state.removed += gone;
    state.kept += blocks.length - gone;
    if (gone === 0) return undefined;
    return held.map((frame) => replaced(frame, blocks, refused)).join('');
  };
  return { frames: held, calls, without };
}

function replaced(frame: Frame, blocks: readonly Block[], refused: Refused): string {
  const place = blocks.findIndex(({ frames }) => frames.has(frame));
  const text = refused[place];
  if (text === undefined) return frame.raw.toString('utf8');
  const [first] = blocks[place]?.frames ?? [];
  if (first !== frame) return '';
  const index = dataOf(frame)?.['index'];
  const events = [
    { type: 'content_block_start', index, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index, delta: { type: 'text_delta', text } },
    { type: 'content_block_stop', index },
  ];
  return events.map((event) => frameText(event.type, event)).join('');
}

function delta(state: State, frame: Frame, data: Fields): Step {
  const without = () => {
    const change = ended(objectIn(data, 'delta'));
    const mends = state.removed > 0 && state.kept === 0 && Object.keys(change).length > 0;
    if (!mends) return undefined;
    return frameText(frame.event, { ...data, delta: { ...objectIn(data, 'delta'), ...change } });
  };
  return { frames: [frame], calls: [], without };
}

function error(_: number, message: string): Fields {
  return { type: 'error', error: { type: 'api_error', message } };
}

function errorEvent(message: string): string {
  return frameText('error', error(0, message));
}
