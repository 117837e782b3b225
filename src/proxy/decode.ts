/** Unpacks a copy of what passes (Content-Encoding, RFC 9110 §8.4); what passes stays packed. */
import type { Transform } from 'node:stream';
import {
  brotliDecompressSync,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
  gunzipSync,
  inflateSync,
  zstdDecompressSync,
} from 'node:zlib';

/** The whole body; undefined where it cannot be unpacked, or has more bytes than the limit. */
export function decoded(
  body: Buffer,
  encoding: string | undefined,
  limit_bytes: number,
): Buffer | undefined {
  const unpack = SYNC.get(nameOf(encoding));
  if (unpack === undefined) return undefined;
  try {
    return unpack(body, { maxOutputLength: limit_bytes });
  } catch {
    return undefined;
  }
}

/** What unpacks a stream; undefined for a stream that is not packed, false for an unknown way. */
export function decoderOf(encoding: string | undefined): Transform | undefined | false {
  const name = nameOf(encoding);
  if (name === 'identity') return undefined;
  return STREAMS.get(name)?.() ?? false;
}

function nameOf(encoding: string | undefined): string {
  return encoding?.trim().toLowerCase() || 'identity';
}

type Unpack = (body: Buffer, options: { readonly maxOutputLength: number }) => Buffer;

const SYNC: ReadonlyMap<string, Unpack> = new Map<string, Unpack>([
  ['identity', (body) => body],
  ['gzip', gunzipSync],
  ['x-gzip', gunzipSync],
  ['deflate', inflateSync],
  ['br', brotliDecompressSync],
  ['zstd', zstdDecompressSync],
]);

const STREAMS: ReadonlyMap<string, () => Transform> = new Map<string, () => Transform>([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
  ['zstd', createZstdDecompress],
]);
