/** Reads a foreign record field by field and knows what is left over, so that nothing is lost. */
import { isObject } from '../event/name.ts';
import { contained, fit } from './record.ts';

export type Fields = Readonly<Record<string, unknown>>;

/**
 * Each question names a field by its dotted path and takes it: what was answered stands in the
 * event, so `rest` leaves it out. A field of another type than asked for is not taken.
 */
export type Reader = {
  /** A non-empty string, fitted to the limit of a name; one that did not fit stays in the rest. */
  readonly name: (path: string) => string | undefined;
  /** A string of any length. */
  readonly text: (path: string) => string | undefined;
  /** A finite number of at least 0. */
  readonly count: (path: string) => number | undefined;
  /** Any JSON, or its text where it nests deeper than an event may; null counts as absent. */
  readonly value: (path: string) => unknown;
  /** Any JSON as it stands, to look at; it is not taken. */
  readonly peek: (path: string) => unknown;
  /** Says that the field stands in the event in another form, or is told by another event. */
  readonly told: (...paths: readonly string[]) => void;
  /** The record without what was taken; undefined where nothing is left. */
  readonly rest: () => unknown;
};

export function readerOf(record: Fields): Reader {
  const taken = new Set<string>();
  const take = <T>(path: string, found: T | undefined): T | undefined => {
    if (found !== undefined) taken.add(path);
    return found;
  };
  const textAt = (path: string) => {
    const value = valueAt(record, path);
    return typeof value === 'string' ? value : undefined;
  };
  return {
    name: (path) => {
      const value = textAt(path);
      if (value === undefined || value === '') return undefined;
      const fitted = fit(value);
      return fitted === value ? take(path, value) : fitted;
    },
    text: (path) => take(path, textAt(path)),
    count: (path) => {
      const value = valueAt(record, path);
      const counts = typeof value === 'number' && Number.isFinite(value) && value >= 0;
      return counts ? take(path, value) : undefined;
    },
    value: (path) => take(path, contained(valueAt(record, path) ?? undefined)),
    peek: (path) => valueAt(record, path),
    told: (...paths) => {
      for (const path of paths) taken.add(path);
    },
    rest: () => {
      let left: unknown = record;
      for (const path of taken) left = without(left, path.split('.'));
      return isObject(left) && Object.keys(left).length === 0 ? undefined : contained(left);
    },
  };
}

/** By own keys alone, so that no prototype answers. */
function valueAt(record: unknown, path: string): unknown {
  let at = record;
  for (const key of path.split('.')) {
    if (!isObject(at) || !Object.hasOwn(at, key)) return undefined;
    at = at[key];
  }
  return at;
}

/** A copy without the field at the path, and without objects that lost their last field so. */
function without(value: unknown, [key = '', ...deeper]: readonly string[]): unknown {
  if (!isObject(value) || !Object.hasOwn(value, key)) return value;
  const inner = deeper.length === 0 ? undefined : without(value[key], deeper);
  const gone = inner === undefined || (isObject(inner) && Object.keys(inner).length === 0);
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) => {
      if (name !== key) return [[name, item]];
      return gone ? [] : [[name, inner]];
    }),
  );
}
