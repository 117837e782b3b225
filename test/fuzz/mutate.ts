/** Changes an input as fuzzers do: bits, bytes, numbers, runs, words, halves of other inputs. */

/** A whole number in [0, below). */
export type Random = (below: number) => number;

/** xorshift32: small, seeded, the same everywhere. */
export function seeded(seed: number): Random {
  let state = (seed ^ 0x9e3779b9) | 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return below <= 1 ? 0 : (state >>> 0) % below;
  };
}

export type Material = {
  readonly random: Random;
  readonly words: readonly string[];
  /** Inputs to take halves from. */
  readonly others: readonly Buffer[];
};

/** Bytes of an input; more teaches nothing that fewer do not. */
const MOST_BYTES = 64 * 1024;
const NUMBERS = [0, 1, -1, 127, 128, 255, 256, 32_767, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31];

export function mutated(input: Buffer, material: Material): Buffer {
  let bytes: Buffer = Buffer.from(input);
  const times = 1 + material.random(material.random(8) + 1);
  for (let i = 0; i < times; i++) {
    const change = CHANGES[material.random(CHANGES.length)] as Change;
    bytes = change(bytes, material);
  }
  return bytes.subarray(0, MOST_BYTES);
}

type Change = (bytes: Buffer, material: Material) => Buffer;

const CHANGES: readonly Change[] = [
  flipBit,
  setByte,
  setByte,
  removeRun,
  removeRun,
  repeatRun,
  insertBytes,
  insertWord,
  insertWord,
  setNumber,
  digits,
  splice,
  cut,
];

function flipBit(bytes: Buffer, { random }: Material): Buffer {
  if (bytes.length === 0) return bytes;
  const at = random(bytes.length);
  bytes[at] = (bytes[at] as number) ^ (1 << random(8));
  return bytes;
}

function setByte(bytes: Buffer, { random }: Material): Buffer {
  if (bytes.length > 0) bytes[random(bytes.length)] = random(256);
  return bytes;
}

function removeRun(bytes: Buffer, { random }: Material): Buffer {
  const from = random(bytes.length + 1);
  const to = from + random(Math.min(32, bytes.length - from) + 1);
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
}

function repeatRun(bytes: Buffer, { random }: Material): Buffer {
  const from = random(bytes.length + 1);
  const run = bytes.subarray(from, from + 1 + random(16));
  const times = random(8) === 0 ? 1 + random(1000) : 1 + random(4);
  return insertAt(bytes, from, Buffer.concat(Array(times).fill(run)));
}

function insertBytes(bytes: Buffer, { random }: Material): Buffer {
  const made = Buffer.from(Array.from({ length: 1 + random(8) }, () => random(256)));
  return insertAt(bytes, random(bytes.length + 1), made);
}

function insertWord(bytes: Buffer, { random, words }: Material): Buffer {
  if (words.length === 0) return insertBytes(bytes, { random, words, others: [] });
  const word = Buffer.from(words[random(words.length)] as string);
  return insertAt(bytes, random(bytes.length + 1), word);
}

/** Lengths and counts as they stand in binary forms, either way round. */
function setNumber(bytes: Buffer, { random }: Material): Buffer {
  if (bytes.length < 4) return bytes;
  const at = random(bytes.length - 3);
  const number = NUMBERS[random(NUMBERS.length)] as number;
  if (random(2) === 0) bytes.writeUInt32LE(number >>> 0, at);
  else bytes.writeUInt32BE(number >>> 0, at);
  return bytes;
}

/** A number in text becomes another. */
function digits(bytes: Buffer, { random }: Material): Buffer {
  const text = bytes.toString('latin1');
  const found = [...text.matchAll(/\d+/g)];
  const one = found[random(found.length)];
  if (one === undefined) return bytes;
  const other = random(2) ? String(NUMBERS[random(NUMBERS.length)]) : String(random(1e9)).repeat(3);
  return Buffer.from(
    text.slice(0, one.index) + other + text.slice(one.index + one[0].length),
    'latin1',
  );
}

function splice(bytes: Buffer, { random, others }: Material): Buffer {
  const other = others[random(others.length)] ?? bytes;
  const head = bytes.subarray(0, random(bytes.length + 1));
  return Buffer.concat([head, other.subarray(random(other.length + 1))]);
}

function cut(bytes: Buffer, { random }: Material): Buffer {
  return bytes.subarray(0, random(bytes.length + 1));
}

function insertAt(bytes: Buffer, at: number, run: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), run, bytes.subarray(at)]);
}
