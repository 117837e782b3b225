/** Reads server-sent events (WHATWG HTML §9.2) out of bytes that pass, and never holds them up. */

export type PassingEvent = {
  /** `message` where the stream names none. */
  readonly event: string;
  readonly data: string;
  /** Set by this event; the last one set is what a client sends as `Last-Event-ID`. */
  readonly id?: string;
  /** Characters of data beyond the limit: counted, not kept. */
  readonly cut?: number;
  /** The stream ended before the blank line: a browser would not have seen this event. */
  readonly unended?: true;
};

export type SseReader = {
  /** The events that this chunk completes. Never throws: what is no field is passed over. */
  readonly push: (chunk: Uint8Array) => readonly PassingEvent[];
  /** What the stream left when it ended. */
  readonly end: () => readonly PassingEvent[];
};

type State = {
  readonly limit_chars: number;
  /** Of the line that has no end yet; joined when it ends, so that a long one costs its length. */
  pieces: string[];
  /** The last of them: a stream that comes character by character must not fill the memory. */
  crumbs: string[];
  /** Characters of the line so far, those that were not kept too. */
  length: number;
  /** The last chunk ended in CR: a LF that follows belongs to it. */
  afterReturn: boolean;
  event: string;
  id: string | undefined;
  data: string[];
  kept: number;
  cut: number;
};

/** Characters of a name or an id that are kept. */
const NAME_CHARS = 1024;
/** Pieces of a line that are joined at once. */
const CRUMBS = 4096;
/** Lines of data in one event: an event of a billion empty lines must not fill the memory. */
const DATA_LINES = 100_000;

/** `limit_chars` bounds the data of one event and the line in hand. */
export function openSseReader(limit_chars: number): SseReader {
  const decoder = new TextDecoder();
  const state: State = {
    limit_chars,
    pieces: [],
    crumbs: [],
    length: 0,
    afterReturn: false,
    event: '',
    id: undefined,
    data: [],
    kept: 0,
    cut: 0,
  };
  return {
    push: (chunk) => read(state, decoder.decode(chunk, { stream: true })),
    end: () => {
      const found = read(state, decoder.decode());
      if (state.length > 0) takeLine(state);
      const last = dispatch(state);
      return last === undefined ? found : [...found, { ...last, unended: true }];
    },
  };
}

function read(state: State, text: string): PassingEvent[] {
  const found: PassingEvent[] = [];
  if (text === '') return found;
  let at = state.afterReturn && text.startsWith('\n') ? 1 : 0;
  state.afterReturn = text.endsWith('\r');
  let nextReturn = text.indexOf('\r', at);
  let nextFeed = text.indexOf('\n', at);
  while (nextReturn >= 0 || nextFeed >= 0) {
    const isReturn = nextReturn >= 0 && (nextFeed < 0 || nextReturn < nextFeed);
    const end = isReturn ? nextReturn : nextFeed;
    keep(state, text.slice(at, end));
    const complete = endLine(state);
    if (complete !== undefined) found.push(complete);
    at = end + (isReturn && nextFeed === end + 1 ? 2 : 1);
    if (nextReturn >= 0 && nextReturn < at) nextReturn = text.indexOf('\r', at);
    if (nextFeed >= 0 && nextFeed < at) nextFeed = text.indexOf('\n', at);
  }
  keep(state, text.slice(at));
  return found;
}

function keep(state: State, piece: string): void {
  if (piece === '') return;
  const room = state.limit_chars + NAME_CHARS - state.length;
  state.length += piece.length;
  if (room <= 0) return;
  state.crumbs.push(piece.length > room ? piece.slice(0, room) : piece);
  if (state.crumbs.length >= CRUMBS) sweep(state);
}

function sweep(state: State): void {
  state.pieces.push(state.crumbs.join(''));
  state.crumbs = [];
}

function endLine(state: State): PassingEvent | undefined {
  if (state.length === 0) return dispatch(state);
  takeLine(state);
  return undefined;
}

/** A comment (`:` first) and an unknown field leave nothing. */
function takeLine(state: State): void {
  sweep(state);
  const line = state.pieces.join('');
  const lost = state.length - line.length;
  state.pieces = [];
  state.length = 0;
  const colon = line.indexOf(':');
  const name = colon < 0 ? line : line.slice(0, colon);
  const rest = colon < 0 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1));
  if (name === 'data') addData(state, rest, lost);
  else if (name === 'event') state.event = rest.slice(0, NAME_CHARS);
  else if (name === 'id' && !rest.includes('\0')) state.id = rest.slice(0, NAME_CHARS);
}

function addData(state: State, text: string, lost: number): void {
  const room = state.data.length < DATA_LINES ? Math.max(0, state.limit_chars - state.kept) : 0;
  const kept = text.length > room ? text.slice(0, room) : text;
  state.kept += kept.length;
  state.cut += text.length - kept.length + lost;
  if (state.data.length < DATA_LINES) state.data.push(kept);
}

function dispatch(state: State): PassingEvent | undefined {
  const { event, id, data, cut } = state;
  state.event = '';
  state.id = undefined;
  state.data = [];
  state.kept = 0;
  state.cut = 0;
  if (data.length === 0) return undefined;
  return {
    event: event || 'message',
    data: data.join('\n'),
    ...(id === undefined ? {} : { id }),
    ...(cut === 0 ? {} : { cut }),
  };
}
