/** What a verifier finds: kinds of discrepancy, collected up to a limit and counted beyond it. */

/** Every kind, and whether it means that the evidence fails. In order of a report. */
const KINDS = {
  /** Bytes are not what signature, tree, checksum or commitment says. */
  tampered: 'fails',
  /** The end is cut: less is there than was signed. */
  truncated: 'fails',
  /** Something that should be there is not. */
  missing: 'fails',
  /** A signature is missing or wrong. */
  unsigned: 'fails',
  /** The key is destroyed; entry and proof are whole. */
  erased: 'passes',
  /** Recorded, but not covered by a signed or published tree yet. */
  pending: 'passes',
  /** The end of a write that was never acknowledged. */
  torn: 'passes',
} as const;

export type Kind = keyof typeof KINDS;

export type Discrepancy = {
  /** Absent where it concerns all tenants. */
  readonly tenant?: string;
  readonly kind: Kind;
  /** Index of the first entry or record that it concerns. */
  readonly index?: number;
  /** How many entries or records it concerns, where more than one. */
  readonly count?: number;
  /** Key of the stored object. */
  readonly file?: string;
  readonly message: string;
};

/** How many there were of each kind, and those that were kept. */
export type Found = {
  readonly counts: Readonly<Record<Kind, number>>;
  readonly list: readonly Discrepancy[];
};

export type Findings = {
  readonly add: (discrepancy: Discrepancy) => void;
  /** Adds what was found elsewhere under the same limit. */
  readonly absorb: (found: Found) => void;
  readonly ok: () => boolean;
  readonly counts: () => Readonly<Record<Kind, number>>;
  readonly list: () => readonly Discrepancy[];
};

/** Keeps `limit` discrepancies of each kind. */
export function openFindings(limit: number): Findings {
  const kinds = Object.keys(KINDS) as Kind[];
  const kept = new Map(kinds.map((kind) => [kind, [] as Discrepancy[]]));
  const counts = Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<Kind, number>;
  const keep = (discrepancy: Discrepancy) => {
    const list = kept.get(discrepancy.kind);
    if (list !== undefined && list.length < limit) list.push(discrepancy);
  };
  return {
    add(discrepancy) {
      counts[discrepancy.kind] += discrepancy.count ?? 1;
      keep(discrepancy);
    },
    absorb(found) {
      for (const kind of kinds) counts[kind] += found.counts[kind];
      found.list.forEach(keep);
    },
    ok: () => kinds.every((kind) => KINDS[kind] === 'passes' || counts[kind] === 0),
    counts: () => counts,
    list: () => [...kept.values()].flat(),
  };
}
