/** Event ids: UUID version 7 (RFC 9562 §5.7), from a time and random bytes given by the caller. */

/** Ten random bytes a call; `crypto.randomBytes` in the product, a seeded source in tests. */
export type Entropy = (bytes: number) => Uint8Array;

/** A UUIDv7 for a time in Unix milliseconds. */
export function uuidv7(time_ms: number, entropy: Entropy): string {
  const time = time_ms.toString(16).padStart(12, '0');
  const random = entropy(10);
  const hex = hexOf(random);
  const variant = '89ab'[((random[2] ?? 0) >> 4) & 3];
  const head = `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(1, 4)}`;
  return `${head}-${variant}${hex.slice(5, 8)}-${hex.slice(8)}`;
}

/** A UUIDv8 (RFC 9562 §5.8): the first bytes of a hash of what it identifies. */
export function uuidOfHash(hash: Uint8Array): string {
  const bytes = Uint8Array.from(hash.subarray(0, 16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return uuidText(bytes);
}

/** Sixteen bytes as the usual text of a UUID. */
export function uuidText(bytes: Uint8Array): string {
  return uuidOfHex(hexOf(bytes));
}

/** Thirty-two hexadecimal digits as the usual text of a UUID. */
export function uuidOfHex(hex: string): string {
  const head = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}`;
  return `${head}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/** The sixteen bytes of a UUID's text. */
export function uuidBytes(id: string): Buffer {
  return Buffer.from(id.replaceAll('-', ''), 'hex');
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
