/** Calls that wait for their result, over all files, as the writer keeps them. */
import { keyOf, sessionKey } from '../fold.ts';
import type { OpenFact } from './insert.ts';
import type { StoredRow } from './rows.ts';
import type { Volume } from './volume.ts';

/** Open calls that are kept; beyond it the oldest are settled as `unknown`. */
export const OPEN_CALLS = 20_000;

/** One call or one event that stands alone, on its way into a file. */
export type Group = {
  readonly key: string;
  /** The file of its first fact by `seq`. */
  readonly home: Volume;
  readonly facts: readonly OpenFact[];
  /** Facts of it that are in the file's table of open facts. */
  readonly kept: readonly number[];
  /** Its row, where it has one. */
  readonly stored?: StoredRow;
  /** When the process last looked at it, Unix milliseconds. */
  readonly seen_ms: number;
};

export type OpenCalls = {
  readonly get: (key: string) => Group | undefined;
  readonly put: (group: Group) => void;
  readonly remove: (key: string) => void;
  readonly size: () => number;
  /** In the order in which they were put. */
  readonly all: () => Iterable<Group>;
  readonly ofSession: (session: string) => readonly Group[];
};

export function openCalls(volumes: readonly Volume[], now_ms: number): OpenCalls {
  const groups = new Map<string, Group>();
  const sessions = new Map<string, Set<string>>();
  const calls: OpenCalls = {
    get: (key) => groups.get(key),
    put: (group) => {
      // A fact that came later may have told the sub-agent.
      calls.remove(group.key);
      groups.set(group.key, group);
      const session = sessionOf(group);
      const keys = sessions.get(session) ?? new Set();
      sessions.set(session, keys.add(group.key));
    },
    remove: (key) => {
      const group = groups.get(key);
      if (group === undefined) return;
      groups.delete(key);
      const keys = sessions.get(sessionOf(group));
      keys?.delete(key);
      if (keys?.size === 0) sessions.delete(sessionOf(group));
    },
    size: () => groups.size,
    all: () => groups.values(),
    ofSession: (session) =>
      [...(sessions.get(session) ?? [])].flatMap((key) => groups.get(key) ?? []),
  };
  for (const home of volumes) {
    for (const group of groupsIn(home, now_ms)) calls.put(group);
  }
  return calls;
}

function sessionOf({ facts }: Group): string {
  return sessionKey(facts.map(({ event }) => event));
}

function groupsIn(home: Volume, seen_ms: number): Group[] {
  const facts = home.openFacts().map((fact) => ({ ...fact, tenant: fact.event.tenant_id }));
  return [...Map.groupBy(facts, keyOf)].map(([key, group]) => {
    return { key, home, facts: group, kept: group.map((fact) => fact.seq), seen_ms };
  });
}
