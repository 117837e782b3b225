/** Unpacks a copy of what passes (Content-Encoding, RFC 9110 §8.4); what passes stays packed. */
import type { Transform } from 'node:stream';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';

/**
 * The whole body, unpacked beside the event loop; as far as it came where it was cut. Throws above
 * the limit, for what is not known, or what zlib does.
 */
export async function unpacked(
  body: Buffer,
  encoding: string | undefined,
  limit_bytes: number,
): Promise<Buffer> {
  let bytes = body;
  for (const way of waysOf(encoding)) bytes = await way.later(bytes, limit_bytes);
  return bytes;
}

/** The same at once; undefined where it cannot be unpacked. */
export function decoded(
  body: Buffer,
  encoding: string | undefined,
  limit_bytes: number,
): Buffer | undefined {
  try {
    return waysOf(encoding).reduce((bytes, way) => way.now(bytes, limit_bytes), body);
  } catch {
    return undefined;
  }
}

/** What unpacks a stream; undefined for a stream that is not packed, false for an unknown way. */
export function decoderOf(encoding: string | undefined): Transform | undefined | false {
  const names = namesIn(encoding);
  const [name, second] = names;
  if (name === undefined) return undefined;
  return second === undefined && (WAYS.get(name)?.stream() ?? false);
}

/** Whether a body is packed at all. */
export function isPacked(encoding: string | undefined): boolean {
  return namesIn(encoding).length > 0;
}

type Way = {
  readonly later: (bytes: Buffer, limit_bytes: number) => Promise<Buffer>;
  readonly now: (bytes: Buffer, limit_bytes: number) => Buffer;
  readonly stream: () => Transform;
};

/** Ways that one body may be packed in, one over the other. */
const TIMES = 4;

/** In the order of unpacking: the last that was applied first. */
function waysOf(encoding: string | undefined): Way[] {
  const names = namesIn(encoding);
  if (names.length > TIMES) throw new Error('encoded too often');
  return names.reverse().map((name) => {
    const way = WAYS.get(name);
    if (way === undefined) throw new Error('encoded in a way that is not known');
    return way;
  });
}

function namesIn(encoding = ''): string[] {
  const names = encoding.split(',').map((name) => name.trim().toLowerCase());
  return names.filter((name) => name !== '' && name !== 'identity');
}

/** What was cut is read as far as it came. */
const CUT = { finishFlush: zlib.constants.Z_SYNC_FLUSH };
const CUT_BROTLI = { finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH };

const ungzip = promisify(zlib.gunzip);
const unzlib = promisify(zlib.inflate);
const unraw = promisify(zlib.inflateRaw);
const unbrotli = promisify(zlib.brotliDecompress);

const GZIP: Way = {
  later: (bytes, max) => ungzip(bytes, { ...CUT, maxOutputLength: max }),
  now: (bytes, max) => zlib.gunzipSync(bytes, { ...CUT, maxOutputLength: max }),
  stream: () => zlib.createGunzip(),
};

/** RFC 9110 §8.4.1.2 means zlib; some send the bare stream. */
const DEFLATE: Way = {
  later: (bytes, max) => (isZlib(bytes) ? unzlib : unraw)(bytes, { ...CUT, maxOutputLength: max }),
  now: (bytes, max) =>
    (isZlib(bytes) ? zlib.inflateSync : zlib.inflateRawSync)(bytes, {
      ...CUT,
      maxOutputLength: max,
    }),
  stream: () => zlib.createInflate(),
};

const BROTLI: Way = {
  later: (bytes, max) => unbrotli(bytes, { ...CUT_BROTLI, maxOutputLength: max }),
  now: (bytes, max) => zlib.brotliDecompressSync(bytes, { ...CUT_BROTLI, maxOutputLength: max }),
  stream: () => zlib.createBrotliDecompress(),
};

const WAYS: ReadonlyMap<string, Way> = new Map([
  ['gzip', GZIP],
  ['x-gzip', GZIP],
  ['deflate', DEFLATE],
  ['br', BROTLI],
  ...zstd(),
]);

/** Node before 22.15 has no zstd, and no export of these names. */
function zstd(): [string, Way][] {
  const { zstdDecompress, zstdDecompressSync, createZstdDecompress } = zlib as Partial<typeof zlib>;
  if (!zstdDecompress || !zstdDecompressSync || !createZstdDecompress) return [];
  const later = promisify(zstdDecompress);
  return [
    [
      'zstd',
      {
        later: (bytes, max) => later(bytes, { maxOutputLength: max }),
        now: (bytes, max) => zstdDecompressSync(bytes, { maxOutputLength: max }),
        stream: () => createZstdDecompress(),
      },
    ],
  ];
}

function isZlib(bytes: Buffer): boolean {
  return ((bytes[0] ?? 0) & 0x0f) === 8;
}
