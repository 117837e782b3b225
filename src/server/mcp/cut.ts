/** Makes an answer fit into a model's context: long values cut, hidden characters written out. */
import { printableBlock } from '../../search/safe.ts';

/** Characters of an answer as JSON: about 20,000 tokens. */
export const ANSWER_CHARS = 48_000;

type Level = {
  /** UTF-16 units of a text. */
  readonly chars: number;
  /** Elements of a list. */
  readonly items: number;
  /** Keys and depth of what a producer chose. */
  readonly keys: number;
  readonly depth: number;
};

/** Tried in turn, until the answer fits. */
const LEVELS: readonly [Level, ...Level[]] = [
  { chars: 8000, items: 256, keys: 256, depth: 16 },
  { chars: 2000, items: 64, keys: 64, depth: 8 },
  { chars: 500, items: 24, keys: 32, depth: 6 },
  { chars: 150, items: 8, keys: 16, depth: 4 },
  { chars: 64, items: 3, keys: 8, depth: 2 },
];

/** What names something is of no use where it is cut. */
const NAMING = /(?:^|_)(?:id|ids|hash|version)$|^(?:cursor|time|tool|type|status|state)$/;
const NAME_CHARS = 1024;
/** What producers fill as they like; everywhere else the schema says which keys there are. */
const FREE = new Set(['arguments', 'attributes', 'constraints', 'evidence', 'raw', 'result']);

const WHOLE: Level = { ...LEVELS[0], chars: Number.POSITIVE_INFINITY };

type FitOptions = {
  readonly most: number;
  readonly pages: boolean;
  /** Whoever made it has seen to its size. */
  readonly whole: boolean;
};

export type Fitted = {
  readonly value: unknown;
  readonly cut: boolean;
  readonly fits: boolean;
};

/**
 * A copy that is at most `most` characters as JSON, where that can be done. Lists at the top stay
 * whole where `pages`: whoever asked can ask for fewer.
 */
export function fit(value: unknown, { most, pages, whole }: FitOptions): Fitted {
  let last: Fitted | undefined;
  for (const level of whole ? [WHOLE] : LEVELS) {
    const state = { level, pages, cut: false };
    const made = shorten(value, state, { depth: 0 });
    const fits = (JSON.stringify(made)?.length ?? 0) <= most;
    last = { value: made, cut: state.cut, fits };
    if (fits) return last;
  }
  return last ?? { value, cut: false, fits: false };
}

type State = { readonly level: Level; readonly pages: boolean; cut: boolean };
type Place = { readonly depth: number; readonly key?: string; readonly free?: number };

function shorten(value: unknown, state: State, place: Place): unknown {
  if (typeof value === 'string') return text(value, state, place);
  if (typeof value !== 'object' || value === null) return value;
  const free = place.free === undefined ? undefined : place.free + 1;
  if (free !== undefined && free > state.level.depth) {
    state.cut = true;
    return '… (cut: nested too deep)';
  }
  return Array.isArray(value)
    ? list(value, state, { ...place, ...(free !== undefined && { free }) })
    : object(value, state, { ...place, ...(free !== undefined && { free }) });
}

function text(value: string, state: State, { key = '', free }: Place): string {
  const named = free === undefined && NAMING.test(key) ? NAME_CHARS : 0;
  const most = Math.max(state.level.chars, named);
  if (value.length <= most) return printableBlock(value);
  state.cut = true;
  const start = value.slice(0, most).replace(/[\ud800-\udbff]$/, '');
  return `${printableBlock(start)}… (cut: ${value.length} characters in all)`;
}

function list(values: readonly unknown[], state: State, place: Place): unknown[] {
  const whole = state.pages && place.depth === 1;
  const kept = whole ? values : values.slice(0, state.level.items);
  if (kept.length < values.length) state.cut = true;
  return kept.map((value) => shorten(value, state, { ...place, depth: place.depth + 1 }));
}

function object(value: object, state: State, place: Place): object {
  const all = Object.entries(value);
  const kept = place.free === undefined ? all : all.slice(0, state.level.keys);
  if (kept.length < all.length) state.cut = true;
  const depth = place.depth + 1;
  return Object.fromEntries(
    kept.map(([key, inner]) => {
      const free = place.free ?? (FREE.has(key) ? 0 : undefined);
      const at = { depth, key, ...(free !== undefined && { free }) };
      const named = place.free === undefined ? key : text(key, state, place);
      return [named, shorten(inner, state, at)];
    }),
  );
}
