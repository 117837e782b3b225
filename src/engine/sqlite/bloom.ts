/** A Bloom filter over the calls of one file: says for sure that a call is not in it. */
export type Bloom = {
  readonly bits: Buffer;
  readonly add: (hash: CallHash) => void;
  /** False: certainly not added. True: probably. */
  readonly has: (hash: CallHash) => boolean;
};

/** Two independent 32-bit hashes of a call's key. */
export type CallHash = readonly [number, number];

/**
 * A call that is wrongly taken for known has its old file opened: with half as many bits and five
 * probes that was one in two thousand, so that with ten old files several were always open.
 */
const PROBES = 12;

/** Bytes for a file of so many facts: sixteen bits a fact or more. */
export function bloomBytes(facts: number): number {
  return 2 * 2 ** Math.ceil(Math.log2(Math.max(facts, 64)));
}

/** A filter over bits that were kept; their length is a power of two. */
export function openBloom(bits: Buffer): Bloom {
  const mask = bits.length * 8 - 1;
  return {
    bits,
    add: ([a, b]) => {
      for (let i = 0; i < PROBES; i++) {
        const bit = (a + Math.imul(i, b)) & mask;
        bits[bit >> 3] = (bits[bit >> 3] ?? 0) | (1 << (bit & 7));
      }
    },
    has: ([a, b]) => {
      for (let i = 0; i < PROBES; i++) {
        const bit = (a + Math.imul(i, b)) & mask;
        if (((bits[bit >> 3] ?? 0) & (1 << (bit & 7))) === 0) return false;
      }
      return true;
    },
  };
}

/** FNV-1a and a multiplicative hash over UTF-16 units. */
export function callHash(key: string): CallHash {
  let a = 0x811c9dc5;
  let b = 0x9e3779b9;
  for (let i = 0; i < key.length; i++) {
    const unit = key.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x85ebca6b) ^ (b >>> 13);
  }
  return [(a ^ (a >>> 15)) | 0, b | 1];
}
