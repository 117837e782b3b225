/** Checks what entries open to: that salt and event are what each entry committed to. */
import { type Entry, openingProblem, parseEntry } from '../entry.ts';
import type { Findings } from './finding.ts';
import type { SourceOpening } from './source.ts';
import type { TreeCheck } from './tree.ts';

export type OpeningCheck = {
  /** Checks and counts one. */
  readonly report: (entry: Entry, index: number, opened: SourceOpening['opened']) => void;
  /** Checks those of a source against the published entries, and that none is missing. */
  readonly openings: (
    openings: AsyncIterable<SourceOpening>,
    onDone: (done: number) => void,
  ) => Promise<void>;
  /** Counts what was checked elsewhere. */
  readonly absorb: (counts: OpeningCounts) => void;
  readonly counts: () => OpeningCounts;
};

export type OpeningCounts = { readonly opened: number; readonly erased: number };

const PROBLEMS = {
  erased: 'The content was erased; its entry is whole.',
  tampered: 'The sealed content does not open to what the entry committed to.',
  missing: 'The sealed content is missing.',
} as const;

export function openOpeningCheck(options: {
  readonly tree: Pick<TreeCheck, 'tenant' | 'entry' | 'size'>;
  readonly findings: Findings;
}): OpeningCheck {
  const { tree, findings } = options;
  const { tenant } = tree;
  const counts = { opened: 0, erased: 0 };

  function report(entry: Entry, index: number, opened: SourceOpening['opened']): void {
    if ('problem' in opened) {
      const { problem } = opened;
      if (problem === 'erased') counts.erased++;
      findings.add({ tenant, kind: problem, index, message: PROBLEMS[problem] });
      return;
    }
    const problem = openingProblem(entry, opened);
    if (problem === undefined) counts.opened++;
    else findings.add({ tenant, kind: 'tampered', index, message: problem });
  }

  function reportMissing(from: number, to: number): void {
    if (from >= to) return;
    const message = `The openings of entries ${from} to ${to - 1} are missing.`;
    findings.add({ tenant, kind: 'missing', index: from, count: to - from, message });
  }

  return {
    report,
    async openings(openings, onDone) {
      let done = 0;
      for await (const { index, opened } of openings) {
        reportMissing(done, index);
        done = index + 1;
        const bytes = await tree.entry(index);
        const entry = bytes && parseEntry(bytes);
        if (entry !== undefined) report(entry, index, opened);
        onDone(done);
      }
      reportMissing(done, tree.size());
    },
    absorb({ opened, erased }) {
      counts.opened += opened;
      counts.erased += erased;
    },
    counts: () => counts,
  };
}
