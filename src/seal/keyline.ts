/** Lines of a log of new keys: each was durable before the next one was written. */
import { crc32 } from 'node:zlib';
import { isKeyRecord, type KeyRecord } from './stored.ts';

export type LoggedKey = KeyRecord & { readonly tenant: string };

/** CRC-32 as 8 hex digits, a space, and JSON. */
const CRC_CHARS = 8;

export function encodeLine(keys: readonly LoggedKey[]): Buffer {
  const json = JSON.stringify({ v: 1, keys });
  return Buffer.from(`${checksum(json)} ${json}\n`);
}

/**
 * The keys of a log. What was cut off at its end was never durable, so nothing was sealed with it;
 * undefined where a line is damaged that has a whole one after it, or holds no keys.
 */
export function decodeLog(bytes: Buffer): readonly LoggedKey[] | undefined {
  const lines = bytes.toString('latin1').split('\n');
  const cut = lines.findIndex((line) => !isWhole(line));
  const whole = cut === -1 ? lines : lines.slice(0, cut);
  if (lines.slice(whole.length).some(isWhole)) return undefined;
  const keys = whole.map((line) => keysOf(line.slice(CRC_CHARS + 1)));
  return keys.includes(undefined) ? undefined : keys.flatMap((some) => some ?? []);
}

function isWhole(line: string): boolean {
  return line.startsWith(`${checksum(line.slice(CRC_CHARS + 1))} `);
}

function keysOf(json: string): readonly LoggedKey[] | undefined {
  try {
    const { v, keys } = JSON.parse(json);
    return v === 1 && Array.isArray(keys) && keys.every(isLogged) ? keys : undefined;
  } catch {
    return undefined;
  }
}

function isLogged(value: unknown): value is LoggedKey {
  return isKeyRecord(value) && 'tenant' in value && typeof value.tenant === 'string';
}

function checksum(text: string): string {
  return crc32(Buffer.from(text, 'latin1')).toString(16).padStart(CRC_CHARS, '0');
}
