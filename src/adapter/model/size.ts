/** Keeps a draft within the size of an event: what is cut says how long it was, and its hash. */
import { createHash } from 'node:crypto';
import type { Draft } from '../../event/event.ts';

/** Characters of one value as JSON text: several of them fit into one event. */
const VALUE_CHARS = 2 * 1024 * 1024;
/** Characters that are kept of a value that is too long. */
const KEPT_CHARS = 256 * 1024;

const FIELDS = ['content', 'arguments', 'result'] as const;

/** The draft, with fields that are too long cut; their whole length and hash are attributes. */
export function bounded(draft: Draft): Draft {
  const cut: Record<string, unknown> = {};
  const kept: Record<string, unknown> = { ...draft };
  for (const field of FIELDS) {
    const value = draft[field];
    if (value === undefined) continue;
    const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'null');
    if (text.length <= VALUE_CHARS) continue;
    const sha256 = createHash('sha256').update(text).digest('hex');
    cut[field] = { chars: text.length, sha256 };
    kept[field] = `${text.slice(0, KEPT_CHARS)}…`;
  }
  if (Object.keys(cut).length === 0) return draft;
  return { ...(kept as Draft), attributes: { ...draft.attributes, cut } };
}
