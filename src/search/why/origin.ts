/** Says where the values of an act appeared first, among all that its agent had before it. */
import { excerpt } from '../safe.ts';
import { openFinder } from './find.ts';
import { before, isAct, type Place, type WhyRow } from './scene.ts';
import { type Sight, type Text, textsOf, type Voice } from './sight.ts';
import type { Value } from './value.ts';

/** Where a value stood. */
export type Appearance = {
  readonly row: WhyRow;
  readonly voice: Voice;
  readonly place: Place;
  /** How it was written there. */
  readonly form: string;
  /** The words around it. */
  readonly around: string;
  /** The agent is not known to have seen it: another agent's. */
  readonly elsewhere?: true;
};

export type Origin = {
  readonly value: Value;
  /** Absent where it stands nowhere in what was read. */
  readonly first?: Appearance;
  /** Whether a prompt before the act names it. */
  readonly prompted: boolean;
  /** Acts from there to here: 1 is the act before this one. */
  readonly steps: number;
};

/** Characters of all rows that are searched. */
const CHARS = 64 * 1024 * 1024;
const AROUND_CHARS = 60;

export type Origins = {
  readonly origins: readonly Origin[];
  /** Some rows were not searched: there was more text than may be. */
  readonly cut: boolean;
};

export type Traced = {
  readonly event: WhyRow;
  readonly rows: readonly WhyRow[];
  readonly sight: Sight;
};

/** In the order of the values. Parts of a value that was found whole are left out. */
export function originsOf(values: readonly Value[], traced: Traced): Origins {
  const { event, rows, sight } = traced;
  const search = openSearch(values);
  let chars = 0;
  for (const row of rows) {
    if (row === event || !before(row, event)) continue;
    if (chars >= CHARS) return { origins: told(search, values, traced), cut: true };
    for (const text of textsOf(row)) {
      chars += text.text.length;
      if (!before(text.place, event)) continue;
      search.look(text, sight(row, text.place));
    }
  }
  return { origins: told(search, values, traced), cut: false };
}

type Search = {
  readonly look: (text: Text, seen: boolean) => void;
  readonly first: (which: number) => Appearance | undefined;
  readonly prompted: (which: number) => boolean;
};

function openSearch(values: readonly Value[]): Search {
  const forms = values.flatMap(({ forms }, which) => forms.map((form) => ({ form, which })));
  const finder = openFinder(forms.map(({ form }) => form));
  const seen = new Map<number, Appearance>();
  const elsewhere = new Map<number, Appearance>();
  const prompted = new Set<number>();
  return {
    look: (text, isSeen) => {
      const { row, voice, place } = text;
      for (const { which: form, at } of finder.find(text.text.toLowerCase())) {
        const { which = 0, form: written = '' } = forms[form] ?? {};
        if (voice === 'prompt' && isSeen) prompted.add(which);
        const found = isSeen ? seen : elsewhere;
        const known = found.get(which);
        if (known !== undefined && !before(place, known.place)) continue;
        const around = wordsAround(text.text, at);
        const other = isSeen ? {} : { elsewhere: true as const };
        found.set(which, { row, voice, place, form: written, around, ...other });
      }
    },
    first: (which) => seen.get(which) ?? elsewhere.get(which),
    prompted: (which) => prompted.has(which),
  };
}

function wordsAround(text: string, at: number): string {
  const from = Math.max(0, at - AROUND_CHARS);
  return excerpt(text.slice(from, at + 3 * AROUND_CHARS), 4 * AROUND_CHARS);
}

function told(search: Search, values: readonly Value[], traced: Traced): readonly Origin[] {
  const acts = traced.rows.filter((row) => isAct(row) && before(row, traced.event));
  return values.flatMap((value, which): Origin[] => {
    const first = search.first(which);
    const whole = value.within === undefined ? undefined : search.first(value.within);
    if (whole && (value.part || first === undefined || whole.row === first.row)) return [];
    // Of what was found nowhere, that its part was not found either says nothing more.
    if (first === undefined && value.part) return [];
    const steps = first === undefined ? 0 : stepsFrom(first, acts);
    const found = first === undefined ? {} : { first };
    return [{ value, ...found, prompted: search.prompted(which), steps }];
  });
}

function stepsFrom({ row, place }: Appearance, acts: readonly WhyRow[]): number {
  return 1 + acts.filter((act) => act !== row && before(place, act)).length;
}
