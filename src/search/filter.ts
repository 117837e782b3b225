/** Puts filters together in one normal form: flat, no single-handed and, no double not. */
import type { Filter } from '../engine/engine.ts';

/** Rows that match every one of the filters; of none, all rows. */
export function allOf(filters: readonly Filter[]): Filter {
  return combine('and', filters) ?? { kind: 'all' };
}

/** Rows that match at least one of the filters; of none, no row. */
export function anyOf(filters: readonly Filter[]): Filter {
  return combine('or', filters) ?? { kind: 'not', of: { kind: 'all' } };
}

/** Rows that do not match the filter. */
export function noneOf(filter: Filter): Filter {
  return filter.kind === 'not' ? filter.of : { kind: 'not', of: filter };
}

function combine(kind: 'and' | 'or', filters: readonly Filter[]): Filter | undefined {
  const flat = filters.flatMap((filter) => (filter.kind === kind ? filter.of : [filter]));
  return flat.length > 1 ? { kind, of: flat } : flat[0];
}
