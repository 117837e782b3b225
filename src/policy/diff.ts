/** What changed between two policy sets, policy by policy. */
import type { PolicySet } from './policy.ts';

export type PolicyDiff = {
  readonly added: readonly { readonly id: string; readonly text: string }[];
  readonly removed: readonly { readonly id: string; readonly text: string }[];
  readonly changed: readonly {
    readonly id: string;
    readonly before: string;
    readonly after: string;
    /** Line by line: `  ` the same, `- ` gone, `+ ` new. */
    readonly lines: readonly string[];
  }[];
};

type Set = Pick<PolicySet, 'policies'>;

/** By id; without a set before, everything was added. */
export function diffSets(before: Set | undefined, after: Set): PolicyDiff {
  const old = new Map((before?.policies ?? []).map(({ id, text }) => [id, text]));
  const now = new Map(after.policies.map(({ id, text }) => [id, text]));
  const added = [...now].flatMap(([id, text]) => (old.has(id) ? [] : [{ id, text }]));
  const removed = [...old].flatMap(([id, text]) => (now.has(id) ? [] : [{ id, text }]));
  const changed = [...now].flatMap(([id, text]) => {
    const was = old.get(id);
    if (was === undefined || was === text) return [];
    return [{ id, before: was, after: text, lines: linesOf(was, text) }];
  });
  return { added, removed, changed };
}

/** Lines of a policy that are compared one by one; longer ones are shown whole. */
const LINES = 400;

function linesOf(before: string, after: string): readonly string[] {
  const [old, now] = [before.split('\n'), after.split('\n')];
  if (old.length > LINES || now.length > LINES) {
    return [...old.map((line) => `- ${line}`), ...now.map((line) => `+ ${line}`)];
  }
  const common = commonLengths(old, now);
  const width = now.length + 1;
  const length = (i: number, j: number) => common[i * width + j] ?? 0;
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      lines.push(`  ${old[i]}`);
      i += 1;
      j += 1;
    } else if (j >= now.length || (i < old.length && length(i + 1, j) >= length(i, j + 1))) {
      lines.push(`- ${old[i]}`);
      i += 1;
    } else {
      lines.push(`+ ${now[j]}`);
      j += 1;
    }
  }
  return lines;
}

/** At `i * (now.length + 1) + j`: the longest common subsequence of what follows both places. */
function commonLengths(old: readonly string[], now: readonly string[]): Uint32Array {
  const width = now.length + 1;
  const lengths = new Uint32Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      const skip = Math.max(lengths[(i + 1) * width + j] ?? 0, lengths[i * width + j + 1] ?? 0);
      const both = (lengths[(i + 1) * width + j + 1] ?? 0) + 1;
      lengths[i * width + j] = old[i] === now[j] ? both : skip;
    }
  }
  return lengths;
}
