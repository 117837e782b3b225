/** What policies may read: each attribute's name, type, meaning and value, declared once. */
import type { CedarValueJson } from '@cedar-policy/cedar-wasm/nodejs';

/** `of`: the value for policies, always of the type; "" and 0 where nothing is known. */
export type Attribute<From> = {
  readonly type: 'String' | 'Long' | 'Bool' | 'Set<String>' | 'datetime';
  /** One sentence, for the reference. */
  readonly about: string;
  readonly of: (from: From) => CedarValueJson;
};

export type Attributes<From> = Readonly<Record<string, Attribute<From>>>;

/** A text as Cedar takes it: a lone surrogate would not pass. */
export function text(value: string | undefined): string {
  return value === undefined ? '' : value.toWellFormed();
}

/** The values of some attributes, or of all. */
export function valuesOf<From>(
  attributes: Attributes<From>,
  from: From,
  names: Iterable<string>,
): Record<string, CedarValueJson> {
  const values: Record<string, CedarValueJson> = {};
  for (const name of names) {
    if (Object.hasOwn(attributes, name)) values[name] = attributes[name]?.of(from) ?? null;
  }
  return values;
}
