/** Splits the bytes of a JSON list into its items without holding more than one of them. */
import { openCollector, type Piece } from './piece.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

type State = {
  /** 1 within the list, more within an item. */
  depth: number;
  text: 'outside' | 'inside' | 'escaped';
};

/**
 * Bytes between the commas of the outermost list. Whether they are JSON is for the reader to
 * see: a broken item breaks none but itself, unless it holds an odd quote.
 */
export async function* itemsOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Piece> {
  const state: State = { depth: 0, text: 'outside' };
  const item = openCollector();
  for await (const chunk of chunks) {
    let from = state.depth === 0 ? chunk.length : 0;
    for (let at = 0; at < chunk.length; at++) {
      const step = advance(state, chunk[at] ?? 0);
      if (step === 'begins') from = at + 1;
      else if (step === 'ends') {
        item.add(chunk.subarray(from, at));
        yield item.take(true);
        from = state.depth === 0 ? chunk.length : at + 1;
      }
    }
    if (from < chunk.length) item.add(chunk.subarray(from));
  }
  if (state.depth > 0) yield item.take(false);
}

/** `begins`: the list opens here; `ends`: an item ends before this byte. */
function advance(state: State, byte: number): 'begins' | 'ends' | undefined {
  if (state.text === 'escaped') state.text = 'inside';
  else if (state.text === 'inside') {
    if (byte === BACKSLASH) state.text = 'escaped';
    else if (byte === QUOTE) state.text = 'outside';
  } else if (byte === QUOTE) state.text = 'inside';
  else if (OPENING.has(byte)) return state.depth++ === 0 ? 'begins' : undefined;
  else if (CLOSING.has(byte) && state.depth > 0) return --state.depth === 0 ? 'ends' : undefined;
  else if (byte === COMMA && state.depth === 1) return 'ends';
  return undefined;
}
