/** Remembers in which sessions a call was told of by who knows its session. */
import type { Draft } from '../event/event.ts';
import { wholeOf } from '../event/part.ts';

export type Sites = {
  readonly of: (tenant_id: string, call_id: string) => readonly string[];
  readonly note: (tenant_id: string, call_id: string, draft: Draft) => void;
};

/** These take the session from the runtime itself. */
const KNOWING: ReadonlySet<unknown> = new Set(['hook', 'model_proxy']);
/** Two are enough to know that an id is not one session's alone. */
const SESSIONS = 2;

/** At most `limit` calls, the longest untouched forgotten first. */
export function openSites(limit: number): Sites {
  const sites = new Map<string, readonly string[]>();
  return {
    of: (tenant, call_id) => sites.get(keyOf(tenant, call_id)) ?? [],
    note: (tenant, call_id, draft) => {
      if (!KNOWING.has(draft.source?.kind)) return;
      const key = keyOf(tenant, call_id);
      const known = sites.get(key) ?? [];
      const session_id = wholeOf(draft);
      const now = known.includes(session_id) ? known : [...known, session_id].slice(-SESSIONS);
      sites.delete(key);
      sites.set(key, now);
      const [oldest] = sites.size > limit ? sites.keys() : [];
      if (oldest !== undefined) sites.delete(oldest);
    },
  };
}

function keyOf(...parts: readonly string[]): string {
  return JSON.stringify(parts);
}
