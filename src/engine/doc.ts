/** What is compared of a row: keywords, numbers and the tokens of its texts. */
import type { Event } from '../event/event.ts';
import { COMPARED, keywordsOf, numberOf } from './keyword.ts';
import { NAMING, TEXTS, textsOf } from './text.ts';
import { tokensOf } from './token.ts';

export type Doc = {
  readonly keywords: ReadonlyMap<string, readonly string[]>;
  /** Numbers, and times in Unix milliseconds. */
  readonly numbers: ReadonlyMap<string, number>;
  /** Tokens of each text field that has a value; empty where the value holds none. */
  readonly texts: ReadonlyMap<string, readonly string[]>;
  /** Some of its text lay beyond `TEXT_CHARS` and is not indexed. */
  readonly cut: boolean;
};

/** The searchable form of an event. */
export function docOf(event: Event): Doc {
  const keywords = new Map<string, readonly string[]>();
  const numbers = new Map<string, number>();
  for (const field of COMPARED) {
    if (field.kind === 'keyword') {
      const values = keywordsOf(event, field.name);
      if (values.length > 0) keywords.set(field.name, values);
    } else {
      const number = numberOf(event, field);
      if (number !== undefined) numbers.set(field.name, number);
    }
  }
  const { fields, cut } = textsOf(
    event,
    NAMING.flatMap((name) => keywords.get(name) ?? []),
  );
  const texts = new Map(
    TEXTS.flatMap((name, i) => {
      const pieces = fields[i];
      return pieces === undefined ? [] : [[name, pieces.flatMap(tokensOf)] as const];
    }),
  );
  return { keywords, numbers, texts, cut };
}
