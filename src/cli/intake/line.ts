/** Splits bytes into lines without ever holding more than one that is not too long. */
import { openCollector, type Piece } from './piece.ts';

const LF = 0x0a;

export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Piece> {
  const line = openCollector();
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, from)) {
      line.add(chunk.subarray(from, at));
      yield line.take(true);
      from = at + 1;
    }
    if (from < chunk.length) line.add(chunk.subarray(from));
  }
  if (line.any()) yield line.take(false);
}
