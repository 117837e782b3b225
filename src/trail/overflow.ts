/** Values over the inline limit: sealed apart, whole, with a preview left in the event. */
import { hash } from 'node:crypto';
import { canonicalBytes } from '../event/canonical.ts';
import type { Event, Overflow } from '../event/event.ts';
import { Fault } from '../fault/fault.ts';
import type { Keyring } from '../seal/keyring.ts';
import type { Plain } from '../seal/seal.ts';
import type { Store } from '../store/store.ts';

/** Characters of a moved value that stay in the event, to be shown and searched. */
const PREVIEW_CHARS = 16 * 1024;

/** Fields whose values may be moved: those that hold what agents read and write. */
const MOVABLE = ['content', 'result', 'arguments', 'raw', 'attributes', 'detail'] as const;
type Movable = (typeof MOVABLE)[number];

/** A value on its way out of its event. */
export type Moved = { readonly entry: Overflow; readonly bytes: Buffer };

export type Slim = { readonly event: Event; readonly bytes: Buffer; readonly moved: Moved[] };

/**
 * The event with its largest values moved out until it fits `inline_bytes`, or nothing more can
 * be moved. The hash in the sealed event binds each moved value to the event's commitment.
 */
export function slim(event: Event, bytes: Buffer, inline_bytes: number): Slim {
  const moved: Moved[] = [];
  let small = event;
  let size = bytes.length;
  for (const { field, text } of bySize(event)) {
    if (size <= inline_bytes || text.length <= PREVIEW_CHARS) break;
    const sha256 = hash('sha256', text, 'hex');
    const object = `object/${event.tenant_id}/${event.id}-${field}`;
    moved.push({ entry: { field, size_bytes: text.length, sha256, object }, bytes: text });
    small = { ...small, [field]: field === 'attributes' ? {} : preview(event[field], text) };
    size -= text.length - PREVIEW_CHARS;
  }
  if (moved.length === 0) return { event, bytes, moved };
  const slimmed = { ...small, overflow: moved.map(({ entry }) => entry) };
  return { event: slimmed, bytes: canonicalBytes(slimmed), moved };
}

export type OverflowStore = { readonly store: Store; readonly keyring: Keyring };

/** Resolves when every moved value is sealed and durable: before its event is journalled. */
export async function keepMoved(
  { store, keyring }: OverflowStore,
  { tenant, subject }: Pick<Plain, 'tenant' | 'subject'>,
  moved: readonly Moved[],
): Promise<void> {
  for (const { entry, bytes } of moved) {
    const plain = { tenant, subject, bytes, name: entry.object };
    await store.put(entry.object, await keyring.sealObject(plain));
  }
}

/** The event with every moved value put back. Throws `seal.broken` where one is gone or changed. */
export async function restore({ store, keyring }: OverflowStore, event: Event): Promise<Event> {
  const { overflow, ...whole } = event;
  if (!overflow) return event;
  for (const entry of overflow) {
    const envelope = await store.get(entry.object);
    const plain = envelope && keyring.openObject(event.tenant_id, entry.object, envelope);
    const bytes = Buffer.isBuffer(plain) ? plain : undefined;
    if (!bytes || hash('sha256', bytes, 'hex') !== entry.sha256) {
      throw new Fault('seal.broken', `The whole value of ${entry.field} is missing or changed.`, {
        field: entry.field,
        hint: 'Run clawctl verify: it names every object that was damaged.',
      });
    }
    Object.assign(whole, { [entry.field]: JSON.parse(bytes.toString()) });
  }
  return whole;
}

function bySize(event: Event): { field: Movable; text: Buffer }[] {
  return MOVABLE.filter((field) => event[field] !== undefined)
    .map((field) => ({ field, text: canonicalBytes(event[field]) }))
    .sort((a, b) => b.text.length - a.text.length);
}

/** The first characters, never half a surrogate pair. */
function preview(value: unknown, text: Buffer): string {
  const whole = typeof value === 'string' ? value : text.toString();
  const last = whole.charCodeAt(PREVIEW_CHARS - 1);
  const splits = last >= 0xd800 && last <= 0xdbff;
  return whole.slice(0, splits ? PREVIEW_CHARS - 1 : PREVIEW_CHARS);
}
