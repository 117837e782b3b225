/** Entries: what a leaf of the tree holds of an event, and what opens its commitment. */
import { hash } from 'node:crypto';
import { timeText } from '../event/instant.ts';
import type { SealedEvent } from '../seal/seal.ts';
import { COMMITMENT_PREFIX, type Opened } from '../seal/seal.ts';

/** An event's id, when Claw accepted it, and the salted commitment to its bytes. */
export type Entry = Pick<SealedEvent, 'id' | 'at_ms' | 'commitment'>;

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const ENTRY = new RegExp(`^\\{"at":"([^"]{24})","c":"([0-9a-f]{64})","id":"(${UUID})","v":1\\}$`);

/** The entry's one byte form: canonical JSON with the keys at, c, id, v. */
export function entryBytes(entry: Entry): Buffer {
  return Buffer.from(entryText(entry));
}

/** Whether bytes are those that `entryBytes` writes for an entry. */
export function isEntryOf(bytes: Uint8Array, entry: Entry): boolean {
  return latin1(bytes) === entryText(entry);
}

/** The entry of bytes that `entryBytes` writes, or undefined for any other bytes. */
export function parseEntry(bytes: Uint8Array): Entry | undefined {
  const [, at, c, id] = latin1(bytes).match(ENTRY) ?? [];
  if (at === undefined || c === undefined || id === undefined) return undefined;
  const at_ms = Date.parse(at);
  if (Number.isNaN(at_ms) || new Date(at_ms).toISOString() !== at) return undefined;
  return { id, at_ms, commitment: Buffer.from(c, 'hex') };
}

/** Why salt and event bytes do not open an entry's commitment; undefined where they do. */
export function openingProblem(entry: Entry, { salt, bytes }: Opened): string | undefined {
  // Both are public, and a text costs a third of a buffer.
  const made = hash('sha256', Buffer.concat([PREFIX, salt, bytes]), 'binary');
  if (made !== latin1(entry.commitment)) {
    return 'The event is not what the entry committed to.';
  }
  return eventId(bytes) === entry.id ? undefined : "The event's id is not the entry's.";
}

const PREFIX = Buffer.from(COMMITMENT_PREFIX);

function entryText({ id, at_ms, commitment }: Entry): string {
  const c = Buffer.from(commitment.buffer, commitment.byteOffset, commitment.length);
  return `{"at":"${timeText(at_ms)}","c":"${c.toString('hex')}","id":"${id}","v":1}`;
}

function latin1({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString('latin1');
}

function eventId(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())?.id;
  } catch {
    return undefined;
  }
}
