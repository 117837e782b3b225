/** Event ids: UUID version 7 (RFC 9562 §5.7), from a time and random bytes given by the caller. */

/** Ten random bytes a call; `crypto.randomBytes` in the product, a seeded source in tests. */
export type Entropy = (bytes: number) => Uint8Array;

/** A UUIDv7 for a time in Unix milliseconds. */
export function uuidv7(time_ms: number, entropy: Entropy): string {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(time_ms) << 16n);
  bytes.set(entropy(10), 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return uuidText(bytes);
}

/** Sixteen bytes as the usual text of a UUID. */
export function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, 16).toString('hex');
  const cut = [0, 8, 12, 16, 20, 32];
  return cut
    .slice(1)
    .map((end, i) => hex.slice(cut[i], end))
    .join('-');
}

/** The sixteen bytes of a UUID's text. */
export function uuidBytes(id: string): Buffer {
  return Buffer.from(id.replaceAll('-', ''), 'hex');
}
