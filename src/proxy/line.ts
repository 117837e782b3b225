/** Finds the lines in bytes that pass (MCP over stdio: a message a line), and holds none up. */
import { type Growing, openGrowing } from './growing.ts';

export type Line = {
  /** Without its end; of a line beyond the limit only the beginning. Valid until the next one. */
  readonly bytes: Buffer;
  readonly size_bytes: number;
  /** The last bytes of a line beyond the limit. */
  readonly tail?: Buffer;
};

export type LineReader = {
  /** Calls back with each line that this chunk completes, but for empty ones. */
  readonly push: (chunk: Uint8Array) => void;
  /** What came after the last line's end. */
  readonly end: () => void;
};

export type LineOptions = {
  readonly limit_bytes: number;
  readonly onLine: (line: Line) => void;
};

/** What is kept of a line beyond the limit: enough to see what it was and whose answer. */
export const HEAD_BYTES = 4096;
const TAIL_BYTES = 512;
const LF = 0x0a;
const CR = 0x0d;

type State = LineOptions & {
  /** Of a line within the limit all of it; beyond it the beginning alone. */
  readonly kept: Growing;
  /** Of the line in hand, those that were not kept too. */
  size_bytes: number;
  tail: Buffer | undefined;
};

export function openLines(options: LineOptions): LineReader {
  const state: State = { ...options, kept: openGrowing(), size_bytes: 0, tail: undefined };
  return {
    push: (chunk) => {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      let at = 0;
      for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, at)) {
        keep(state, bytes.subarray(at, end));
        tell(state);
        at = end + 1;
      }
      keep(state, bytes.subarray(at));
    },
    end: () => tell(state),
  };
}

function keep(state: State, piece: Buffer): void {
  const { kept, limit_bytes } = state;
  state.size_bytes += piece.length;
  if (state.size_bytes <= limit_bytes) {
    kept.add(piece);
    return;
  }
  const before = state.tail ?? Buffer.from(kept.bytes().subarray(-TAIL_BYTES));
  if (state.tail === undefined) {
    const head = Buffer.concat([
      kept.bytes().subarray(0, HEAD_BYTES),
      piece.subarray(0, HEAD_BYTES),
    ]);
    kept.clear();
    kept.add(head.subarray(0, HEAD_BYTES));
  }
  // Copied: a part of a chunk would keep the whole chunk.
  state.tail = Buffer.concat([before, piece.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
}

function tell(state: State): void {
  const { kept, size_bytes, tail, onLine } = state;
  const bytes = kept.bytes();
  state.size_bytes = 0;
  state.tail = undefined;
  kept.clear();
  if (tail !== undefined) onLine({ bytes, size_bytes, tail: withoutReturn(tail) });
  else if (withoutReturn(bytes).length > 0) onLine({ bytes: withoutReturn(bytes), size_bytes });
}

function withoutReturn(bytes: Buffer): Buffer {
  return bytes.at(-1) === CR ? bytes.subarray(0, -1) : bytes;
}
