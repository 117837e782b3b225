/** Reads the records of a file one by one, in bounded memory: lines, or the items of a list. */
import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { extname } from 'node:path';
import { linesOf } from './line.ts';
import { itemsOf } from './list.ts';
import { type Piece, RECORD_BYTES } from './piece.ts';

export type Trouble = 'json' | 'utf8' | 'large' | 'cut';

/** `read`: bytes of the file up to here. */
export type Reading = { readonly place: number; readonly read: number } & (
  | { readonly value: unknown }
  | { readonly trouble: Trouble }
);

/** Throws what the file system throws. */
export async function* recordsOf(path: string): AsyncGenerator<Reading> {
  let read = 0;
  const counted = async function* () {
    for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) {
      read += (chunk as Buffer).length;
      yield chunk as Buffer;
    }
  };
  for await (const piece of piecesOf(path, counted())) {
    const { place, bytes, whole } = piece;
    if (bytes === undefined) yield { place, read, trouble: 'large' };
    else if (!isBlank(bytes)) yield { place, read, ...parse(bytes, whole) };
  }
}

/** A `.json` file is one document, a list of records as a rule; any other has a record a line. */
async function* piecesOf(path: string, chunks: AsyncGenerator<Buffer>): AsyncGenerator<Piece> {
  const head = await firstBytes(chunks);
  const again = (async function* () {
    yield head;
    yield* chunks;
  })();
  const first = /[^\s\uFEFF]/.exec(head.subarray(0, 4096).toString())?.[0];
  if (extname(path) !== '.json') yield* linesOf(again);
  else if (first === '[') yield* itemsOf(again);
  else yield* document(again);
}

async function firstBytes(chunks: AsyncGenerator<Buffer>): Promise<Buffer> {
  const { value, done } = await chunks.next();
  return done === true ? Buffer.alloc(0) : value;
}

/** One value; where the file is none, its lines may each be one. */
async function* document(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Piece> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > RECORD_BYTES) {
      yield { place: 1, bytes: undefined, whole: false };
      return;
    }
    parts.push(chunk);
  }
  const bytes = Buffer.concat(parts);
  if ('value' in parse(bytes, true)) yield { place: 1, bytes, whole: true };
  else yield* linesOf(once(bytes));
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

function parse(bytes: Buffer, whole: boolean): { value: unknown } | { trouble: Trouble } {
  if (!isUtf8(bytes)) return { trouble: whole ? 'utf8' : 'cut' };
  const text = bytes.toString();
  try {
    return { value: JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text) };
  } catch {
    return { trouble: whole ? 'json' : 'cut' };
  }
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d));
}
