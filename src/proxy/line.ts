/** Finds the lines in bytes that pass (MCP over stdio: a message a line), and never holds them up. */

export type Line = {
  /** Without its end; of a line beyond the limit only the beginning. */
  readonly bytes: Buffer;
  readonly size_bytes: number;
  /** The last bytes of a line beyond the limit. */
  readonly tail?: Buffer;
};

export type LineReader = {
  /** The lines that this chunk completes, but for empty ones. Never throws. */
  readonly push: (chunk: Uint8Array) => readonly Line[];
  /** What came after the last line's end. */
  readonly end: () => readonly Line[];
};

/** What is kept of a line beyond the limit: enough to see what it was and whose answer. */
export const HEAD_BYTES = 4096;
const TAIL_BYTES = 512;
const LF = 0x0a;
const CR = 0x0d;

type State = {
  /** Of a line within the limit all of it; beyond it the beginning alone. */
  pieces: Buffer[];
  length: number;
  tail: Buffer | undefined;
};

export function openLines(limit_bytes: number): LineReader {
  const state: State = { pieces: [], length: 0, tail: undefined };
  return {
    push: (chunk) => {
      const lines: Line[] = [];
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      let at = 0;
      for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, at)) {
        keep(state, bytes.subarray(at, end), limit_bytes);
        lines.push(...take(state));
        at = end + 1;
      }
      keep(state, bytes.subarray(at), limit_bytes);
      return lines;
    },
    end: () => take(state),
  };
}

function keep(state: State, piece: Buffer, limit: number): void {
  if (piece.length === 0) return;
  state.length += piece.length;
  if (state.length <= limit) {
    state.pieces.push(piece);
    return;
  }
  const before = state.tail ?? Buffer.concat(state.pieces);
  if (state.tail === undefined) {
    state.pieces = [Buffer.concat([before, piece.subarray(0, HEAD_BYTES)]).subarray(0, HEAD_BYTES)];
  }
  // Copied: a part of a chunk would keep the whole chunk.
  state.tail = Buffer.concat([before.subarray(-TAIL_BYTES), piece.subarray(-TAIL_BYTES)]);
  if (state.tail.length > TAIL_BYTES) state.tail = state.tail.subarray(-TAIL_BYTES);
}

function take(state: State): Line[] {
  const { pieces, length: size_bytes, tail } = state;
  state.pieces = [];
  state.length = 0;
  state.tail = undefined;
  const [only] = pieces;
  const bytes = pieces.length === 1 && only ? only : Buffer.concat(pieces);
  if (tail !== undefined) return [{ bytes, size_bytes, tail: withoutReturn(tail) }];
  const line = withoutReturn(bytes);
  return line.length === 0 ? [] : [{ bytes: line, size_bytes }];
}

function withoutReturn(bytes: Buffer): Buffer {
  return bytes.at(-1) === CR ? bytes.subarray(0, -1) : bytes;
}
