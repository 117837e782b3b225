/** What changed between two policy sets, policy by policy. */
import type { PolicySet } from './policy.ts';

export type PolicyDiff = {
  readonly added: readonly { readonly id: string; readonly text: string }[];
  readonly removed: readonly { readonly id: string; readonly text: string }[];
  readonly changed: readonly {
    readonly id: string;
    readonly before: string;
    readonly after: string;
  }[];
};

/** By id; without a set before, everything was added. */
export function diffSets(before: PolicySet | undefined, after: PolicySet): PolicyDiff {
  const old = new Map((before?.policies ?? []).map(({ id, text }) => [id, text]));
  const now = new Map(after.policies.map(({ id, text }) => [id, text]));
  const added = [...now].flatMap(([id, text]) => (old.has(id) ? [] : [{ id, text }]));
  const removed = [...old].flatMap(([id, text]) => (now.has(id) ? [] : [{ id, text }]));
  const changed = [...now].flatMap(([id, text]) => {
    const was = old.get(id);
    return was === undefined || was === text ? [] : [{ id, before: was, after: text }];
  });
  return { added, removed, changed };
}
