/** Which blocks of our own code ran for the first time, as V8 itself counts them. */
import { type Profiler, Session } from 'node:inspector';

export type Coverage = {
  /** Blocks that ran since the last look and had never run before. */
  readonly gained: () => readonly Block[];
  /** Whether any of these blocks ran since the last look. */
  readonly ran: (blocks: readonly Block[]) => boolean;
  /** Functions of ours that ran. */
  readonly functions: () => number;
  readonly close: () => void;
};

type Range = { readonly from: number; readonly to: number };
/** A block of a function, or the whole function. */
export type Block = { readonly key: string; readonly range?: Range };

/** Functions of files below `/src/`; what is loaded later counts from then on. */
export function openCoverage(): Coverage {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: false, detailed: true });
  // Of each function that ran, the blocks that never did.
  const left = new Map<string, Range[]>();
  return {
    gained: () => [...missedBlocks(session)].flatMap(([key, missed]) => note(left, key, missed)),
    ran: (blocks) => {
      const missed = missedBlocks(session);
      return blocks.some(({ key, range }) => {
        const of = missed.get(key);
        return of !== undefined && !(range && of.some((outer) => holds(outer, range)));
      });
    },
    functions: () => left.size,
    close: () => session.disconnect(),
  };
}

/** Of each function that ran since the last look, the blocks that did not; looking forgets. */
function missedBlocks(session: Session): Map<string, Range[]> {
  const missed = new Map<string, Range[]>();
  for (const { url, functions } of taken(session)) {
    if (!url.includes('/src/')) continue;
    for (const { ranges } of functions) {
      // The first range is the function itself; those within it say where the count differs.
      const [whole, ...inner] = ranges;
      if (whole === undefined || whole.count === 0) continue;
      const blocks = inner
        .filter(({ count }) => count === 0)
        .map(({ startOffset, endOffset }) => ({ from: startOffset, to: endOffset }));
      missed.set(`${url}:${whole.startOffset}`, blocks);
    }
  }
  return missed;
}

function taken(session: Session): readonly Profiler.ScriptCoverage[] {
  let found: readonly Profiler.ScriptCoverage[] = [];
  session.post('Profiler.takePreciseCoverage', (error, { result }) => {
    if (error) throw error;
    found = result;
  });
  return found;
}

function note(left: Map<string, Range[]>, key: string, missed: readonly Range[]): Block[] {
  const known = left.get(key);
  if (known === undefined) {
    left.set(key, [...missed]);
    return [{ key }];
  }
  const still = known.filter((block) => missed.some((other) => holds(other, block)));
  if (still.length === known.length) return [];
  // What ran at last may hold blocks that did not.
  const ran = known.filter((block) => !still.includes(block));
  const inner = missed.filter((block) => ran.some((outer) => holds(outer, block)));
  left.set(key, [...still, ...inner]);
  return ran.map((range) => ({ key, range }));
}

function holds(outer: Range, inner: Range): boolean {
  return outer.from <= inner.from && inner.to <= outer.to;
}
