/** Follows each file through the changes of a rollback's scope, oldest first. */
import type { Change } from './change.ts';
import { endedLike, fits, type Image, textImage, textOf } from './image.ts';

/** Which call did it: what a step names. */
export type Origin = {
  readonly event_id: string;
  readonly call_id?: string | undefined;
  readonly session_id: string;
  readonly tool: string;
  /** Its place among the calls of the scope, from the oldest on. */
  readonly at: number;
};

/** One file, from the state before the first change to the state after the last. */
export type Chain = {
  readonly path: string;
  readonly before: Image | undefined;
  readonly after: Image | undefined;
  readonly first: Origin;
  readonly last: Origin;
  readonly changes: number;
  /** The call that found the file other than the call before had left it. */
  readonly broken?: Origin;
};

/** The chains of all files, in the order of their first change. */
export function followFiles(
  changes: Iterable<readonly [Origin, Change]>,
): ReadonlyMap<string, Chain> {
  const chains = new Map<string, Chain>();
  for (const [origin, change] of changes) {
    const chain = chains.get(change.path);
    const known = change.from === undefined ? chain?.after : chains.get(change.from)?.after;
    const before = change.before ?? (change.from === undefined ? known : undefined);
    const after = change.after ?? edited(change.from === undefined ? before : known, change);
    if (chain === undefined) {
      const { path } = change;
      chains.set(path, { path, before, after, first: origin, last: origin, changes: 1 });
      continue;
    }
    const { after: left } = chain;
    const torn = left !== undefined && before !== undefined && !fits(left, before);
    const broken = chain.broken ?? (torn ? origin : undefined);
    chains.set(change.path, {
      ...{ ...chain, after, last: origin, changes: chain.changes + 1 },
      ...(broken === undefined ? {} : { broken }),
    });
  }
  return chains;
}

function edited(before: Image | undefined, { edit }: Change): Image | undefined {
  const text = before?.kind === 'content' ? textOf(before) : before && '';
  if (edit === undefined || text === undefined) return undefined;
  const made = edit(text);
  return made === undefined ? undefined : textImage(endedLike(made, text));
}
